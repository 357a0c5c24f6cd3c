/// Pieces of a line that tells how far the work is.
enum ProgressLine {
  /// Back to the first column, and the rest of the line erased.
  static let wipe = "\r\u{1b}[K"
  private static let barWidth = 24

  /// `[######      ] `, or nothing if nobody knows how much there is.
  static func bar(_ fraction: Double?) -> String {
    guard let fraction else { return "" }
    let filled = Int(fraction * Double(barWidth))
    return "[" + String(repeating: "#", count: filled) + String(repeating: " ", count: barWidth - filled)
      + "] "
  }

  /// Puts the share in front of the numbers, and a guess of the time that is left behind them.
  static func numbers(_ parts: [String], fraction: Double?, elapsed: Duration) -> [String] {
    guard let fraction else { return parts }
    var parts = parts
    parts.insert("\(Int(fraction * 100)) %", at: 0)
    // Earlier than that the guess would jump about.
    if fraction >= 0.05 { parts.append("about \(DecimalText.clock(elapsed * (1 / fraction - 1))) left") }
    return parts
  }
}

/// Numbers as text for people and JSON, without the locale machinery of Foundation.
enum DecimalText {
  /// `value`, which must not be negative, with zeros in front up to `width` digits.
  static func padded(_ value: Int64, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }

  /// `1,234,567`.
  static func grouped(_ value: some BinaryInteger) -> String {
    let digits = Array(String(value))
    var text = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0, digits[index - 1] != "-" { text.append(",") }
      text.append(digit)
    }
    return text
  }

  /// `999 bytes`, `1.5 KiB`, `12.0 GiB`: one decimal, cut off and not rounded, so that it never claims more.
  static func bytes(_ value: UInt64) -> String {
    guard value >= 1024 else { return value == 1 ? "1 byte" : "\(value) bytes" }
    let units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
    let step = min((63 - value.leadingZeroBitCount) / 10, units.count)
    let shift = UInt64(step * 10)
    let tenths = ((value & ((1 << shift) - 1)) >> (shift - 10)) * 10 / 1024
    return "\(value >> shift).\(tenths) \(units[step - 1])"
  }

  /// `0:07`, `12:34`, `3:00:00`.
  static func clock(_ duration: Duration) -> String {
    let seconds = max(0, duration.components.seconds)
    let (minutes, hours) = (seconds / 60 % 60, seconds / 3600)
    let tail = padded(seconds % 60, 2)
    return hours > 0 ? "\(hours):\(padded(minutes, 2)):\(tail)" : "\(minutes):\(tail)"
  }

  /// Seconds with three decimals, as a JSON number: `12.345`.
  static func seconds(_ duration: Duration) -> String {
    let parts = duration.components
    guard parts.seconds >= 0, parts.attoseconds >= 0 else { return "0.000" }
    return "\(parts.seconds).\(padded(parts.attoseconds / 1_000_000_000_000_000, 3))"
  }

  /// A share between 0 and 1 with four decimals, as a JSON number; nil when it is no number.
  static func fraction(_ value: Double) -> String? {
    guard value.isFinite else { return nil }
    let tenThousandths = Int64(min(max(value, 0), 1) * 10_000)
    return "\(tenThousandths / 10_000).\(padded(tenThousandths % 10_000, 4))"
  }
}

import Foundation
import Testing

/// Expected texts in files. `RECORD=1 swift test` writes them anew; the difference is then reviewed.
enum GoldenText {
  /// The repository's root.
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  static func expect(
    _ text: String,
    isIn name: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let file =
      name.contains("/")
      ? root.appending(path: name) : root.appending(path: "Tests/ScrubberTests/Golden/\(name)")
    if ProcessInfo.processInfo.environment["RECORD"] == "1" {
      try Data(text.utf8).write(to: file)
      return
    }
    let expected = String(decoding: try Data(contentsOf: file), as: UTF8.self)
    let (seenLines, expectedLines) = (lines(text), lines(expected))
    for index in 0..<max(seenLines.count, expectedLines.count) {
      let seen = index < seenLines.count ? seenLines[index] : "(end)"
      let wanted = index < expectedLines.count ? expectedLines[index] : "(end)"
      guard seen != wanted else { continue }
      Issue.record(
        "\(name):\(index + 1): seen \(seen.debugDescription), expected \(wanted.debugDescription)",
        sourceLocation: sourceLocation
      )
      return
    }
  }

  private static func lines(_ text: String) -> [String] {
    text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }
}

import IndexFormat

/// The first thing in a page that cannot be. Small, and without text of its own: a check throws it.
struct PageFault: Error {
  var field: StaticString
  /// In the page.
  var offset: Int
  /// The line pointer that leads there; 0 if none does.
  var number: Int
  var found: UInt64
  var expected: StaticString
  /// What `expected` compares with; nil if it says all.
  var limit: UInt64?

  /// In words.
  var error: FormatError {
    var text = "\(expected)"
    if let limit { text += " \(limit)" }
    return FormatError(
      .badValue,
      offset: offset,
      field: number == 0 ? "\(field)" : "line pointer \(number): \(field)",
      found: "\(found)",
      expected: text
    )
  }
}

/// What stood behind a command's name, sorted out but not yet understood.
struct ParsedArguments: Sendable, Equatable {
  /// By the option's long name; empty for flags.
  private(set) var values: [String: [String]] = [:]
  var operands: [String] = []

  func has(_ option: String) -> Bool { values[option] != nil }
  func first(_ option: String) -> String? { values[option]?.first }
  func all(_ option: String) -> [String] { values[option] ?? [] }

  mutating func add(_ option: String, _ value: String? = nil) {
    values[option, default: []] += value.map { [$0] } ?? []
  }
}

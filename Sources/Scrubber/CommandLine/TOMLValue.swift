/// The values that a storage configuration can hold.
enum TOMLValue: Sendable, Equatable {
  case string(String)
  case integer(Int64)
  case boolean(Bool)
  case table([String: TOMLValue])

  /// What kind of value it is, for messages.
  var kind: String {
    switch self {
    case .string: "a string"
    case .integer: "an integer"
    case .boolean: "a boolean"
    case .table: "a table"
    }
  }
}

/// The strings and whole numbers of a small JSON object, by their paths: `name`, or `outer.name` inside an object.
///
/// For answers of services, where a few members out of many are wanted and nothing of the rest is an error. Arrays,
/// other numbers, truth values, what has a longer name than `maxNameLength` and what is nested deeper than `maxDepth`
/// are checked and passed over.
public struct JSONScalars: Sendable {
  private enum Value: Sendable {
    case text(String)
    case integer(Int64)
    case other
  }

  private var values: [String: Value] = [:]

  private static let maxDepth = 4
  private static let maxNameLength = 64

  public init(parsing bytes: [UInt8]) throws(FormatError) {
    values = try parseJSON(bytes.span.bytes) { (reader) throws(JSONFault) in
      var values: [String: Value] = [:]
      try Self.read(&reader, prefix: "", depth: 0, into: &values)
      return values
    }
  }

  /// Nil if there is no such member, or it is no string.
  public func text(_ path: String) -> String? {
    if case .text(let text) = values[path] { text } else { nil }
  }

  /// Nil if there is no such member, or it is no whole number of 64 bits.
  public func integer(_ path: String) -> Int64? {
    if case .integer(let number) = values[path] { number } else { nil }
  }

  private static func read(
    _ reader: inout JSONReader,
    prefix: String,
    depth: Int,
    into values: inout [String: Value]
  ) throws(JSONFault) {
    try reader.object { (reader, token) throws(JSONFault) in
      // Each path is a copy of the names that lead to it.
      guard token.end &- token.start <= maxNameLength else {
        _ = try reader.skipValue()
        return
      }
      let path = prefix + reader.text(token)
      guard values[path] == nil else {
        throw reader.fault("the field once", kind: .duplicateField, at: token.start)
      }
      reader.skipWhitespace()
      switch reader.current {
      case UInt8(ascii: "{") where depth < maxDepth:
        values[path] = .other
        try read(&reader, prefix: path + ".", depth: depth + 1, into: &values)
      case UInt8(ascii: "\""): values[path] = .text(reader.text(try reader.string()))
      default:
        let range = try reader.skipValue()
        let number = Int64(String(decoding: reader.bytes(range), as: UTF8.self))
        values[path] = number.map(Value.integer) ?? .other
      }
    }
  }
}

/// What is in it may be secret.
extension JSONScalars: CustomStringConvertible, CustomReflectable {
  public var description: String { "JSONScalars(\(values.count) members)" }
  public var customMirror: Mirror { Mirror(self, children: ["count": values.count]) }
}

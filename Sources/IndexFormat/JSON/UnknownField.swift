/// A member of a JSON object whose name this version does not know: kept to be reported and to be written
/// back.
public struct UnknownField: Sendable, Hashable {
  public let name: String
  /// The value as it stood in the document: valid JSON.
  public let json: [UInt8]

  public init(name: String, json: [UInt8]) {
    self.name = name
    self.json = json
  }
}

extension JSONWriter {
  mutating func members(_ fields: [UnknownField]) {
    for field in fields {
      name(field.name)
      raw(field.json)
    }
  }
}

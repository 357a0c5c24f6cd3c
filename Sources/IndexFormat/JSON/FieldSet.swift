/// Which fields of a JSON object have been seen: a field may be there once.
struct FieldSet {
  private var seen: UInt32 = 0

  func contains(_ number: UInt32) -> Bool { seen & 1 << number != 0 }

  /// Notes the field and makes it the place that errors name.
  mutating func enter(
    _ number: UInt32,
    _ name: StaticString,
    _ reader: inout JSONReader,
    _ token: JSONToken
  ) throws(JSONFault) {
    reader.subfield = name
    guard seen & 1 << number == 0 else {
      throw reader.fault("the field once", kind: .duplicateField, at: token.start)
    }
    seen |= 1 << number
  }
}

extension JSONReader {
  /// The value of a field that must be there.
  mutating func require<Value>(
    _ value: Value?,
    _ name: StaticString,
    from start: Int
  ) throws(JSONFault) -> Value {
    guard let value else {
      subfield = name
      throw fault("the field", kind: .missingField, at: start)
    }
    return value
  }
}

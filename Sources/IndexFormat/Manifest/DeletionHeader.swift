/// The header of a page server's deletion queue: `{"version":1,"validated_sequence":N}`. Local disk only.
///
/// Lists up to that sequence number may be executed. Missing or unreadable counts as 0. Source:
/// `pageserver/src/deletion_queue.rs`.
public struct DeletionHeader: JSONDocument, Hashable {
  public var version: UInt64
  public var validatedSequence: UInt64
  public var unknownFields: [UnknownField] = []

  public init(parsing bytes: RawSpan) throws(FormatError) {
    self = try parseJSON(bytes) { (reader) throws(JSONFault) in try DeletionHeader(json: &reader) }
  }

  private init(json reader: inout JSONReader) throws(JSONFault) {
    var version: UInt64?
    var validatedSequence: UInt64?
    var unknownFields: [UnknownField] = []
    var fields = FieldSet()
    let start = reader.offset
    try reader.object { (reader, name) throws(JSONFault) in
      if reader.equals(name, "version") {
        try fields.enter(0, "version", &reader, name)
        version = try reader.unsigned(.max, "a version number")
      } else if reader.equals(name, "validated_sequence") {
        try fields.enter(1, "validated_sequence", &reader, name)
        validatedSequence = try reader.unsigned(.max, "a sequence number")
      } else {
        unknownFields.append(try reader.unknownField(name))
      }
    }
    self.version = try reader.require(version, "version", from: start)
    self.validatedSequence = try reader.require(validatedSequence, "validated_sequence", from: start)
    self.unknownFields = unknownFields
  }

  /// The document, compact, as Neon writes it.
  public func encode() -> [UInt8] {
    var json = JSONWriter()
    json.object { json in
      json.member("version", version)
      json.member("validated_sequence", validatedSequence)
      json.members(unknownFields)
    }
    return json.bytes
  }
}

/// A kind of object that is one JSON document: read whole, and written as Neon writes it.
public protocol JSONDocument: Sendable {
  init(parsing bytes: RawSpan) throws(FormatError)
  /// The document, compact.
  func encode() -> [UInt8]
}

extension JSONDocument {
  public init(parsing bytes: [UInt8]) throws(FormatError) { try self.init(parsing: bytes.span.bytes) }
}

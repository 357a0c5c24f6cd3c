/// Writes compact JSON, member by member, into a byte buffer: no tree, fields in the order of the calls.
///
///     var json = JSONWriter()
///     json.beginObject()
///     json.member("version", 15)
///     json.member("layers") { json in json.array { … } }
///     json.endObject()
///
/// Strings are written as Neon's encoder (serde_json) does: `"`, `\` and control characters escaped, all else
/// as it is.
public struct JSONWriter: Sendable {
  public private(set) var bytes: [UInt8] = []
  /// Whether the next value or member needs a comma before it.
  private var needsComma = false

  public init() {}

  public init(capacity: Int) { bytes.reserveCapacity(capacity) }

  /// What was written since the last call: of a long document, to be sent on piece by piece.
  public mutating func takeBytes() -> [UInt8] {
    defer { bytes.removeAll(keepingCapacity: true) }
    return bytes
  }

  public var text: String { String(decoding: bytes, as: UTF8.self) }

  // MARK: Structure

  public mutating func beginObject() { open(UInt8(ascii: "{")) }
  public mutating func endObject() { close(UInt8(ascii: "}")) }
  public mutating func beginArray() { open(UInt8(ascii: "[")) }
  public mutating func endArray() { close(UInt8(ascii: "]")) }

  /// An object as the next value, its members written by `body`.
  public mutating func object<Failure: Error>(_ body: (inout JSONWriter) throws(Failure) -> Void)
    throws(Failure)
  {
    beginObject()
    try body(&self)
    endObject()
  }

  /// An array as the next value, its elements written by `body`.
  public mutating func array<Failure: Error>(_ body: (inout JSONWriter) throws(Failure) -> Void)
    throws(Failure)
  {
    beginArray()
    try body(&self)
    endArray()
  }

  /// The name of a member; the next call writes its value.
  public mutating func name(_ name: String) {
    separate()
    appendString(name)
    bytes.append(UInt8(ascii: ":"))
    needsComma = false
  }

  // MARK: Values

  public mutating func null() { literal("null") }
  public mutating func value(_ value: Bool) { literal(value ? "true" : "false") }
  public mutating func value(_ value: some BinaryInteger) { literal(String(value)) }

  public mutating func value(_ value: String) {
    separate()
    appendString(value)
  }

  /// JSON that is known to be valid, as it is.
  public mutating func raw(_ json: some Sequence<UInt8>) {
    separate()
    bytes.append(contentsOf: json)
  }

  /// A string that needs no escapes, appended by `body`: names, numbers, identifiers.
  public mutating func plainString(_ body: (inout [UInt8]) -> Void) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    body(&bytes)
    bytes.append(UInt8(ascii: "\""))
  }

  /// The colon behind a name that was written by `plainString`.
  mutating func colon() {
    bytes.append(UInt8(ascii: ":"))
    needsComma = false
  }

  // MARK: Members

  public mutating func member(_ name: String, _ value: String) {
    self.name(name)
    self.value(value)
  }

  public mutating func member(_ name: String, _ value: some BinaryInteger) {
    self.name(name)
    self.value(value)
  }

  public mutating func member(_ name: String, _ value: Bool) {
    self.name(name)
    self.value(value)
  }

  /// The member, unless `value` is nil.
  public mutating func member(_ name: String, ifPresent value: String?) {
    if let value { member(name, value) }
  }

  /// The member, unless `value` is nil.
  public mutating func member(_ name: String, ifPresent value: (some BinaryInteger)?) {
    if let value { member(name, value) }
  }

  public mutating func member<Failure: Error>(
    _ name: String,
    _ body: (inout JSONWriter) throws(Failure) -> Void
  ) throws(Failure) {
    self.name(name)
    try body(&self)
  }

  // MARK: Parts

  private mutating func separate() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
    needsComma = true
  }

  private mutating func open(_ bracket: UInt8) {
    separate()
    bytes.append(bracket)
    needsComma = false
  }

  private mutating func close(_ bracket: UInt8) {
    bytes.append(bracket)
    needsComma = true
  }

  private mutating func literal(_ text: String) {
    separate()
    bytes.append(contentsOf: text.utf8)
  }

  private mutating func appendString(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(byte)
      case 0x08: bytes.append(contentsOf: "\\b".utf8)
      case 0x09: bytes.append(contentsOf: "\\t".utf8)
      case 0x0a: bytes.append(contentsOf: "\\n".utf8)
      case 0x0c: bytes.append(contentsOf: "\\f".utf8)
      case 0x0d: bytes.append(contentsOf: "\\r".utf8)
      case 0..<0x20:
        bytes.append(contentsOf: "\\u".utf8)
        HexDigits.append(UInt64(byte), count: 4, uppercase: false, to: &bytes)
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}

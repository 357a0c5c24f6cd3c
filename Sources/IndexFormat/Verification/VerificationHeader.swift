/// The first line of the journal of a verification: what it is of.
///
/// | JSON member | type | meaning |
/// |---|---|---|
/// | `format` | 1 | version of this form |
/// | `tool` | string | the program that writes it |
/// | `fingerprint` | string | the SHA-256 of all that says what is verified, and how |
/// | `location` | string | the bucket, for people |
/// | `tenant_id` | tenant | |
/// | `units` | u64 | of the plan |
public struct VerificationHeader: JSONDocument, Equatable {
  public static let knownFormat: UInt64 = 1

  public var format = VerificationHeader.knownFormat
  public var tool: String
  public var fingerprint: String
  public var location: String
  public var tenant: TenantID
  public var unitCount: UInt64

  public init(tool: String, fingerprint: String, location: String, tenant: TenantID, unitCount: UInt64) {
    self.tool = tool
    self.fingerprint = fingerprint
    self.location = location
    self.tenant = tenant
    self.unitCount = unitCount
  }

  public init(parsing bytes: RawSpan) throws(FormatError) {
    self = try parseJSON(bytes) { (reader) throws(JSONFault) in try VerificationHeader(json: &reader) }
  }

  init(json reader: inout JSONReader) throws(JSONFault) {
    let start = reader.offset
    var fields = FieldSet()
    var format: UInt64?
    var texts: (tool: String?, fingerprint: String?, location: String?)
    var tenant: TenantID?
    var unitCount: UInt64?
    try reader.object { (reader, name) throws(JSONFault) in
      if reader.equals(name, "format") {
        try fields.enter(0, "format", &reader, name)
        format = try reader.unsigned(Self.knownFormat, "1")
      } else if reader.equals(name, "tool") {
        try fields.enter(1, "tool", &reader, name)
        texts.tool = reader.text(try reader.string())
      } else if reader.equals(name, "fingerprint") {
        try fields.enter(2, "fingerprint", &reader, name)
        texts.fingerprint = reader.text(try reader.string())
      } else if reader.equals(name, "location") {
        try fields.enter(3, "location", &reader, name)
        texts.location = reader.text(try reader.string())
      } else if reader.equals(name, "tenant_id") {
        try fields.enter(4, "tenant_id", &reader, name)
        tenant = try reader.value("a tenant") { TenantID($0) }
      } else if reader.equals(name, "units") {
        try fields.enter(5, "units", &reader, name)
        unitCount = try reader.unsigned(.max, "a number of units")
      } else {
        _ = try reader.skipValue()
      }
    }
    self.format = try reader.require(format, "format", from: start)
    tool = try reader.require(texts.tool, "tool", from: start)
    fingerprint = try reader.require(texts.fingerprint, "fingerprint", from: start)
    location = try reader.require(texts.location, "location", from: start)
    self.tenant = try reader.require(tenant, "tenant_id", from: start)
    self.unitCount = try reader.require(unitCount, "units", from: start)
  }

  /// The line, without its end.
  public func encode() -> [UInt8] {
    var json = JSONWriter(capacity: 256)
    json.object { json in
      json.member("format", format)
      json.member("tool", tool)
      json.member("fingerprint", fingerprint)
      json.member("location", location)
      json.member("tenant_id", tenant.description)
      json.member("units", unitCount)
    }
    return json.bytes
  }
}

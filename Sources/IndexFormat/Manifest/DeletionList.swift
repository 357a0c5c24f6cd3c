/// A deletion list: objects that a page server means to delete once its generations are confirmed. Local disk
/// only.
///
/// | JSON member | type | left out when |
/// |---|---|---|
/// | `version` | 1 | never |
/// | `sequence` | u64 | never |
/// | `tenants` | object by tenant shard: `timelines` (object by timeline: array of names), `generation` | never |
/// | `size` | number of names | never |
/// | `validated` | bool | false |
///
/// Names are relative to the timeline's folder and bear their own generation. Source:
/// `pageserver/src/deletion_queue.rs`.
public struct DeletionList: JSONDocument, Hashable {
  public struct Tenant: Sendable, Hashable {
    public var tenantShard: TenantShardID
    public var timelines: [Timeline]
    /// The attachment that queued the deletions.
    public var generation: Generation
    public var unknownFields: [UnknownField] = []
  }

  public struct Timeline: Sendable, Hashable {
    public var timeline: TimelineID
    /// Names of objects in the timeline's folder.
    public var objects: [String]
  }

  public static let knownVersions: ClosedRange<UInt64> = 1...1

  public var version: UInt64
  public var sequence: UInt64
  public var tenants: [Tenant]
  /// How many names the writer says there are.
  public var size: UInt64
  public var isValidated = false
  public var unknownFields: [UnknownField] = []

  public init(parsing bytes: RawSpan) throws(FormatError) {
    self = try parseJSON(bytes) { (reader) throws(JSONFault) in try DeletionList(json: &reader) }
  }

  private init(json reader: inout JSONReader) throws(JSONFault) {
    var version: UInt64?
    var sequence: UInt64?
    var tenants: [Tenant]?
    var size: UInt64?
    var isValidated = false
    var unknownFields: [UnknownField] = []
    var fields = FieldSet()
    let start = reader.offset
    try reader.object { (reader, name) throws(JSONFault) in
      if reader.equals(name, "version") {
        try fields.enter(0, "version", &reader, name)
        version = try reader.unsigned(.max, "a version number")
      } else if reader.equals(name, "sequence") {
        try fields.enter(1, "sequence", &reader, name)
        sequence = try reader.unsigned(.max, "a sequence number")
      } else if reader.equals(name, "tenants") {
        try fields.enter(2, "tenants", &reader, name)
        var values: [Tenant] = []
        try reader.object { (reader, name) throws(JSONFault) in
          values.append(try Tenant(name, &reader))
        }
        tenants = values
      } else if reader.equals(name, "size") {
        try fields.enter(3, "size", &reader, name)
        size = try reader.unsigned(.max, "a number of names")
      } else if reader.equals(name, "validated") {
        try fields.enter(4, "validated", &reader, name)
        isValidated = try reader.bool("true or false")
      } else {
        unknownFields.append(try reader.unknownField(name))
      }
    }
    self.version = try reader.require(version, "version", from: start)
    self.sequence = try reader.require(sequence, "sequence", from: start)
    self.tenants = try reader.require(tenants, "tenants", from: start)
    self.size = try reader.require(size, "size", from: start)
    self.isValidated = isValidated
    self.unknownFields = unknownFields
  }

  /// The document, compact, as Neon writes it.
  public func encode() -> [UInt8] {
    var json = JSONWriter()
    json.object { json in
      json.member("version", version)
      json.member("sequence", sequence)
      json.member("tenants") { json in
        json.object { json in for tenant in tenants { tenant.encode(into: &json) } }
      }
      json.member("size", size)
      if isValidated { json.member("validated", true) }
      json.members(unknownFields)
    }
    return json.bytes
  }
}

extension DeletionList.Tenant {
  init(_ name: JSONToken, _ reader: inout JSONReader) throws(JSONFault) {
    reader.subfield = "tenants"
    guard let tenantShard = reader.withBytes(of: name, { TenantShardID(text: $0) }) else {
      throw reader.fault("a tenant shard id", kind: .badValue, at: name.start)
    }
    var timelines: [DeletionList.Timeline]?
    var generation: Generation?
    var unknownFields: [UnknownField] = []
    var fields = FieldSet()
    let start = reader.offset
    try reader.object { (reader, member) throws(JSONFault) in
      if reader.equals(member, "timelines") {
        try fields.enter(0, "tenants.timelines", &reader, member)
        var values: [DeletionList.Timeline] = []
        try reader.object { (reader, name) throws(JSONFault) in
          values.append(try DeletionList.Timeline(name, &reader))
        }
        timelines = values
      } else if reader.equals(member, "generation") {
        try fields.enter(1, "tenants.generation", &reader, member)
        generation = try reader.generation()
      } else {
        unknownFields.append(try reader.unknownField(member))
      }
    }
    self.tenantShard = tenantShard
    self.timelines = try reader.require(timelines, "tenants.timelines", from: start)
    self.generation = try reader.require(generation, "tenants.generation", from: start)
    self.unknownFields = unknownFields
    reader.subfield = "tenants"
  }

  func encode(into json: inout JSONWriter) {
    json.member(tenantShard.description) { json in
      json.object { json in
        json.member("timelines") { json in
          json.object { json in
            for timeline in timelines {
              json.member(timeline.timeline.description) { json in
                json.array { json in for object in timeline.objects { json.value(object) } }
              }
            }
          }
        }
        if case .valid(let value) = generation { json.member("generation", value) }
        json.members(unknownFields)
      }
    }
  }
}

extension DeletionList.Timeline {
  init(_ name: JSONToken, _ reader: inout JSONReader) throws(JSONFault) {
    guard let timeline = reader.withBytes(of: name, { TimelineID(hex: $0) }) else {
      throw reader.fault("a timeline id of 32 hex digits", kind: .badValue, at: name.start)
    }
    var objects: [String] = []
    try reader.array { (reader) throws(JSONFault) in
      objects.append(reader.text(try reader.string("the name of an object")))
    }
    self.timeline = timeline
    self.objects = objects
  }
}

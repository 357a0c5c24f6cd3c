/// A `snapshot.json`: what a tenant snapshot holds, of which moment and from where. Ours, not Neon's.
///
/// | JSON member | type | meaning |
/// |---|---|---|
/// | `format` | 1 | version of this form |
/// | `tool` | string | the program that wrote it |
/// | `moment` | string, RFC 3339 in UTC | of which moment of the bucket the snapshot is |
/// | `by_versions` | bool | read through object versions; else the bucket looked the same before and after |
/// | `source` | `SnapshotSource` | which bucket, and where in it |
/// | `tenant_id` | tenant | |
/// | `selected_timelines` | array of timelines | what was asked for; empty for all |
/// | `all` | bool | everything below the tenant's folders was asked for |
/// | `shards` | array of shard indices | the shards that served the tenant |
/// | `timelines` | array of timelines | those of which there is an index |
/// | `complete` | bool | nothing that an index names is missing |
/// | `files` | array of `SnapshotFile` | |
/// | `missing` | array of `SnapshotOmission` | what an index names and the bucket did not have |
/// | `left_out` | array of `SnapshotOmission` | what the bucket had and was not taken |
///
/// Paths are relative to the folder of this file, and are the objects' keys below the tenants root. The file is written
/// last: a folder without it is no finished snapshot.
public struct SnapshotDocument: JSONDocument, Hashable {
  public var format: UInt64 = SnapshotDocument.knownFormats.upperBound
  public var tool: String
  public var moment: String
  public var isByVersions = false
  public var source: SnapshotSource
  public var tenant: TenantID
  public var selectedTimelines: [TimelineID] = []
  public var isAll = false
  public var shards: [ShardIndex] = []
  public var timelines: [TimelineID] = []
  public var isComplete = false
  public var files: [SnapshotFile] = []
  public var missing: [SnapshotOmission] = []
  public var leftOut: [SnapshotOmission] = []
  public var unknownFields: [UnknownField] = []

  public static let knownFormats: ClosedRange<UInt64> = 1...1
  public static let fileName = "snapshot.json"

  public init(tool: String, moment: String, source: SnapshotSource, tenant: TenantID) {
    self.tool = tool
    self.moment = moment
    self.source = source
    self.tenant = tenant
  }

  public init(parsing bytes: RawSpan) throws(FormatError) {
    self = try parseJSON(bytes) { (reader) throws(JSONFault) in try SnapshotDocument(json: &reader) }
  }

  private init(json reader: inout JSONReader) throws(JSONFault) {
    let start = reader.offset
    var fields = FieldSet()
    var seen = Seen()
    var document = SnapshotDocument(
      tool: "",
      moment: "",
      source: SnapshotSource(),
      tenant: TenantID(high: 0, low: 0)
    )
    try reader.object { (reader, name) throws(JSONFault) in
      if try document.readHeader(name, &reader, &fields, &seen) { return }
      if try document.readLists(name, &reader, &fields) { return }
      document.unknownFields.append(try reader.unknownField(name))
    }
    document.format = try reader.require(seen.format, "format", from: start)
    document.tool = try reader.require(seen.tool, "tool", from: start)
    document.moment = try reader.require(seen.moment, "moment", from: start)
    document.source = try reader.require(seen.source, "source", from: start)
    document.tenant = try reader.require(seen.tenant, "tenant_id", from: start)
    document.isComplete = try reader.require(seen.isComplete, "complete", from: start)
    self = document
  }

  /// The members that must be there.
  private struct Seen {
    var format: UInt64?
    var tool: String?
    var moment: String?
    var source: SnapshotSource?
    var tenant: TenantID?
    var isComplete: Bool?
  }

  /// Reads a member of the first part; false if it is none.
  private mutating func readHeader(
    _ name: JSONToken,
    _ reader: inout JSONReader,
    _ fields: inout FieldSet,
    _ seen: inout Seen
  ) throws(JSONFault) -> Bool {
    if reader.equals(name, "format") {
      try fields.enter(0, "format", &reader, name)
      seen.format = try reader.unsigned(.max, "a version number")
    } else if reader.equals(name, "tool") {
      try fields.enter(1, "tool", &reader, name)
      seen.tool = reader.text(try reader.string("the name of a program"))
    } else if reader.equals(name, "moment") {
      try fields.enter(2, "moment", &reader, name)
      seen.moment = reader.text(try reader.string("a time"))
    } else if reader.equals(name, "by_versions") {
      try fields.enter(3, "by_versions", &reader, name)
      isByVersions = try reader.bool("true or false")
    } else if reader.equals(name, "source") {
      try fields.enter(4, "source", &reader, name)
      seen.source = try SnapshotSource(json: &reader)
    } else if reader.equals(name, "tenant_id") {
      try fields.enter(5, "tenant_id", &reader, name)
      seen.tenant = try reader.tenantID()
    } else if reader.equals(name, "all") {
      try fields.enter(6, "all", &reader, name)
      isAll = try reader.bool("true or false")
    } else if reader.equals(name, "complete") {
      try fields.enter(7, "complete", &reader, name)
      seen.isComplete = try reader.bool("true or false")
    } else {
      return false
    }
    return true
  }

  /// Reads one of the lists; false if the member is none.
  private mutating func readLists(
    _ name: JSONToken,
    _ reader: inout JSONReader,
    _ fields: inout FieldSet
  ) throws(JSONFault) -> Bool {
    if reader.equals(name, "selected_timelines") {
      try fields.enter(8, "selected_timelines", &reader, name)
      try reader.array { (reader) throws(JSONFault) in selectedTimelines.append(try reader.timelineID()) }
    } else if reader.equals(name, "shards") {
      try fields.enter(9, "shards", &reader, name)
      try reader.array { (reader) throws(JSONFault) in shards.append(try reader.shardIndex()) }
    } else if reader.equals(name, "timelines") {
      try fields.enter(10, "timelines", &reader, name)
      try reader.array { (reader) throws(JSONFault) in timelines.append(try reader.timelineID()) }
    } else if reader.equals(name, "files") {
      try fields.enter(11, "files", &reader, name)
      files = try reader.elements("files") { (reader) throws(JSONFault) in try SnapshotFile(json: &reader) }
    } else if reader.equals(name, "missing") {
      try fields.enter(12, "missing", &reader, name)
      missing = try reader.elements("missing") { (reader) throws(JSONFault) in
        try SnapshotOmission(json: &reader)
      }
    } else if reader.equals(name, "left_out") {
      try fields.enter(13, "left_out", &reader, name)
      leftOut = try reader.elements("left_out") { (reader) throws(JSONFault) in
        try SnapshotOmission(json: &reader)
      }
    } else {
      return false
    }
    return true
  }

  /// The document, compact.
  public func encode() -> [UInt8] {
    var json = JSONWriter(capacity: 1024 + files.count * 512 + (missing.count + leftOut.count) * 256)
    json.object { json in
      json.member("format", format)
      json.member("tool", tool)
      json.member("moment", moment)
      json.member("by_versions", isByVersions)
      json.member("source") { json in source.encode(into: &json) }
      json.member("tenant_id", tenant.description)
      json.list("selected_timelines", selectedTimelines) { $0.value($1.description) }
      json.member("all", isAll)
      json.list("shards", shards) { $0.value($1.description) }
      json.list("timelines", timelines) { $0.value($1.description) }
      json.member("complete", isComplete)
      json.list("files", files) { $1.encode(into: &$0) }
      json.list("missing", missing) { $1.encode(into: &$0) }
      json.list("left_out", leftOut) { $1.encode(into: &$0) }
      json.members(unknownFields)
    }
    return json.bytes
  }
}

extension JSONWriter {
  fileprivate mutating func list<Element>(
    _ name: String,
    _ elements: [Element],
    _ write: (inout JSONWriter, Element) -> Void
  ) {
    member(name) { json in json.array { json in for element in elements { write(&json, element) } } }
  }
}

extension JSONReader {
  fileprivate mutating func elements<Element>(
    _ name: StaticString,
    _ read: (inout JSONReader) throws(JSONFault) -> Element
  ) throws(JSONFault) -> [Element] {
    var elements: [Element] = []
    subfield = ""
    field = name
    try array { (reader) throws(JSONFault) in
      reader.element = elements.count
      elements.append(try read(&reader))
    }
    field = ""
    element = -1
    return elements
  }
}

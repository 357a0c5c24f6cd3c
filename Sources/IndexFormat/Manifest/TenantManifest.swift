/// A `tenant-manifest-GGGGGGGG.json`: what a tenant shard knows beyond its timelines' index files.
///
/// | JSON member | type | missing means | since version |
/// |---|---|---|---|
/// | `version` | number | error | 1 |
/// | `stripe_size` | u32, pages of 8 KiB | 32768 | 2 |
/// | `offloaded_timelines` | array of `OffloadedTimeline` | empty | 1 |
///
/// Source: `pageserver/src/tenant/remote_timeline_client/manifest.rs`.
public struct TenantManifest: JSONDocument, Hashable {
  public var version: UInt64 = TenantManifest.knownVersions.upperBound
  /// Pages a stripe; advisory, the storage controller is the authority.
  public var stripeSize: UInt32?
  public var offloadedTimelines: [OffloadedTimeline] = []
  public var unknownFields: [UnknownField] = []

  public static let knownVersions: ClosedRange<UInt64> = 1...2

  public init() {}

  public init(parsing bytes: RawSpan) throws(FormatError) {
    self = try parseJSON(bytes) { (reader) throws(JSONFault) in try TenantManifest(json: &reader) }
  }

  private init(json reader: inout JSONReader) throws(JSONFault) {
    var manifest = TenantManifest()
    var version: UInt64?
    var fields = FieldSet()
    let start = reader.offset
    try reader.object { (reader, name) throws(JSONFault) in
      if reader.equals(name, "version") {
        try fields.enter(0, "version", &reader, name)
        version = try reader.unsigned(.max, "a version number")
      } else if reader.equals(name, "stripe_size") {
        try fields.enter(1, "stripe_size", &reader, name)
        manifest.stripeSize = try reader.optional { (reader) throws(JSONFault) in try reader.uint32() }
      } else if reader.equals(name, "offloaded_timelines") {
        try fields.enter(2, "offloaded_timelines", &reader, name)
        reader.subfield = ""
        reader.field = "offloaded_timelines"
        try reader.array { (reader) throws(JSONFault) in
          reader.element = manifest.offloadedTimelines.count
          manifest.offloadedTimelines.append(try OffloadedTimeline(json: &reader))
        }
        reader.field = ""
        reader.element = -1
      } else {
        manifest.unknownFields.append(try reader.unknownField(name))
      }
    }
    manifest.version = try reader.require(version, "version", from: start)
    self = manifest
  }

  /// The document, compact, as Neon writes it.
  public func encode() -> [UInt8] {
    var json = JSONWriter()
    json.object { json in
      json.member("version", version)
      json.member("stripe_size", ifPresent: stripeSize)
      json.member("offloaded_timelines") { json in
        json.array { json in for timeline in offloadedTimelines { timeline.encode(into: &json) } }
      }
      json.members(unknownFields)
    }
    return json.bytes
  }

  /// Names of all members, at any level, that this version does not know.
  public var allUnknownFieldNames: [String] {
    unknownFields.map(\.name)
      + Set(offloadedTimelines.flatMap(\.unknownFields).map { "offloaded_timelines.*.\($0.name)" }).sorted()
  }
}

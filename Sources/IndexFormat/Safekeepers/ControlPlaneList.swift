/// An answer of Neon's control plane: a list of projects or branches.
///
/// | JSON member of an entry | of | content |
/// |---|---|---|
/// | `id` | both | its name |
/// | `deleted` | both | whether it was deleted |
/// | `tenant` | a project | its tenant; may be empty |
/// | `project_id`, `timeline_id` | a branch | its project and its timeline |
///
/// The list is the member `data`. Everything else is passed over, so that a new or missing member that nobody here
/// needs does no harm. Source: `storage_scrubber/src/cloud_admin_api.rs`.
public struct ControlPlaneList: Sendable, Equatable {
  public struct Entry: Sendable, Equatable {
    public var id: String
    public var isDeleted: Bool
    public var tenant: TenantID?
    public var project: String?
    public var timeline: TimelineID?
  }

  public var entries: [Entry] = []

  public init(parsing bytes: RawSpan) throws(FormatError) {
    self = try parseJSON(bytes) { (reader) throws(JSONFault) in
      var entries: [Entry]?
      let start = reader.offset
      try reader.object { (reader, name) throws(JSONFault) in
        guard reader.equals(name, "data") else {
          _ = try reader.skipValue()
          return
        }
        reader.field = "data"
        var found: [Entry] = []
        try reader.array { (reader) throws(JSONFault) in
          reader.element = found.count
          found.append(try Self.entry(&reader))
        }
        reader.field = ""
        reader.element = -1
        entries = found
      }
      return ControlPlaneList(entries: try reader.require(entries, "data", from: start))
    }
  }

  private init(entries: [Entry]) { self.entries = entries }

  private static func entry(_ reader: inout JSONReader) throws(JSONFault) -> Entry {
    var id: String?
    var isDeleted: Bool?
    var entry = Entry(id: "", isDeleted: false)
    let start = reader.offset
    try reader.object { (reader, name) throws(JSONFault) in
      if reader.equals(name, "id") {
        id = reader.text(try reader.string())
      } else if reader.equals(name, "deleted") {
        isDeleted = try reader.bool("true or false")
      } else if reader.equals(name, "project_id") {
        entry.project = try reader.optional { (reader) throws(JSONFault) in reader.text(try reader.string()) }
      } else if reader.equals(name, "tenant") {
        let token = try reader.optional { (reader) throws(JSONFault) in try reader.string() }
        entry.tenant = token.flatMap { token in reader.withBytes(of: token) { TenantID(hex: $0) } }
      } else if reader.equals(name, "timeline_id") {
        let token = try reader.optional { (reader) throws(JSONFault) in try reader.string() }
        entry.timeline = token.flatMap { token in reader.withBytes(of: token) { TimelineID(hex: $0) } }
      } else {
        _ = try reader.skipValue()
      }
    }
    entry.id = try reader.require(id, "id", from: start)
    entry.isDeleted = try reader.require(isDeleted, "deleted", from: start)
    return entry
  }
}

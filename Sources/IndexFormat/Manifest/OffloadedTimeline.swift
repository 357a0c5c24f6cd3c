/// An archived timeline whose page server keeps nothing of it but this entry of the tenant manifest.
///
/// | JSON member | type |
/// |---|---|
/// | `timeline_id` | timeline |
/// | `ancestor_timeline_id` | timeline or null |
/// | `ancestor_retain_lsn` | LSN or null: the branch point that the ancestor's GC must keep |
/// | `archived_at` | time |
///
/// An entry may dangle: whether the timeline exists is for its index to say. Source:
/// `pageserver/src/tenant/remote_timeline_client/manifest.rs`.
public struct OffloadedTimeline: Sendable, Hashable {
  public var timeline: TimelineID
  public var ancestorTimeline: TimelineID?
  public var ancestorRetainLsn: Lsn?
  public var archivedAt: NaiveDateTime
  public var unknownFields: [UnknownField] = []

  init(json reader: inout JSONReader) throws(JSONFault) {
    var timeline: TimelineID?
    var archivedAt: NaiveDateTime?
    var fields = FieldSet()
    let start = reader.offset
    var ancestorTimeline: TimelineID?
    var ancestorRetainLsn: Lsn?
    var unknownFields: [UnknownField] = []
    try reader.object { (reader, name) throws(JSONFault) in
      if reader.equals(name, "timeline_id") {
        try fields.enter(0, "timeline_id", &reader, name)
        timeline = try reader.timelineID()
      } else if reader.equals(name, "ancestor_timeline_id") {
        try fields.enter(1, "ancestor_timeline_id", &reader, name)
        ancestorTimeline = try reader.optional { (reader) throws(JSONFault) in try reader.timelineID() }
      } else if reader.equals(name, "ancestor_retain_lsn") {
        try fields.enter(2, "ancestor_retain_lsn", &reader, name)
        ancestorRetainLsn = try reader.optional { (reader) throws(JSONFault) in try reader.lsn() }
      } else if reader.equals(name, "archived_at") {
        try fields.enter(3, "archived_at", &reader, name)
        archivedAt = try reader.dateTime()
      } else {
        unknownFields.append(try reader.unknownField(name))
      }
    }
    self.timeline = try reader.require(timeline, "timeline_id", from: start)
    self.archivedAt = try reader.require(archivedAt, "archived_at", from: start)
    self.ancestorTimeline = ancestorTimeline
    self.ancestorRetainLsn = ancestorRetainLsn
    self.unknownFields = unknownFields
    reader.subfield = ""
  }

  func encode(into json: inout JSONWriter) {
    json.object { json in
      json.member("timeline_id", timeline.description)
      json.name("ancestor_timeline_id")
      if let ancestorTimeline { json.value(ancestorTimeline.description) } else { json.null() }
      json.name("ancestor_retain_lsn")
      if let ancestorRetainLsn { json.value(ancestorRetainLsn.description) } else { json.null() }
      json.member("archived_at", archivedAt.description)
      json.members(unknownFields)
    }
  }
}

/// Which ancestors a timeline had before: it was detached from one, or its ancestor was.
///
/// | JSON member | type | left out when |
/// |---|---|---|
/// | `reparenting_history_truncated` | bool | false |
/// | `reparenting_history` | timelines, oldest first, at most 99 | empty |
/// | `original_ancestor` | [timeline, LSN, time] | never detached |
///
/// Source: `pageserver/src/tenant/remote_timeline_client/index.rs`.
public struct Lineage: Hashable, Sendable {
  public struct OriginalAncestor: Hashable, Sendable {
    public var timeline: TimelineID
    /// Where this timeline branched off it.
    public var lsn: Lsn
    /// When it was detached.
    public var detachedAt: NaiveDateTime

    public init(timeline: TimelineID, lsn: Lsn, detachedAt: NaiveDateTime) {
      self.timeline = timeline
      self.lsn = lsn
      self.detachedAt = detachedAt
    }
  }

  public var isHistoryTruncated = false
  public var reparentingHistory: [TimelineID] = []
  public var originalAncestor: OriginalAncestor?
  public var unknownFields: [UnknownField] = []

  public init() {}
}

extension Lineage {
  init(json reader: inout JSONReader) throws(JSONFault) {
    var lineage = Lineage()
    var fields = FieldSet()
    try reader.object { (reader, name) throws(JSONFault) in
      if reader.equals(name, "reparenting_history_truncated") {
        try fields.enter(0, "reparenting_history_truncated", &reader, name)
        lineage.isHistoryTruncated = try reader.bool("true or false")
      } else if reader.equals(name, "reparenting_history") {
        try fields.enter(1, "reparenting_history", &reader, name)
        try reader.array { (reader) throws(JSONFault) in
          lineage.reparentingHistory.append(try reader.timelineID())
        }
      } else if reader.equals(name, "original_ancestor") {
        try fields.enter(2, "original_ancestor", &reader, name)
        lineage.originalAncestor = try reader.optional { (reader) throws(JSONFault) in
          try OriginalAncestor(json: &reader)
        }
      } else {
        lineage.unknownFields.append(try reader.unknownField(name))
      }
    }
    reader.subfield = ""
    self = lineage
  }

  func encode(into json: inout JSONWriter) {
    json.object { json in
      if isHistoryTruncated { json.member("reparenting_history_truncated", true) }
      if !reparentingHistory.isEmpty {
        json.member("reparenting_history") { json in
          json.array { json in for timeline in reparentingHistory { json.value(timeline.description) } }
        }
      }
      if let originalAncestor {
        json.member("original_ancestor") { json in
          json.array { json in
            json.value(originalAncestor.timeline.description)
            json.value(originalAncestor.lsn.description)
            json.value(originalAncestor.detachedAt.description)
          }
        }
      }
      json.members(unknownFields)
    }
  }
}

extension Lineage.OriginalAncestor {
  init(json reader: inout JSONReader) throws(JSONFault) {
    try reader.take("[", "an array of timeline, LSN and time")
    timeline = try reader.timelineID()
    try reader.take(",", "','")
    lsn = try reader.lsn()
    try reader.take(",", "','")
    detachedAt = try reader.dateTime()
    try reader.take("]", "']'")
  }
}

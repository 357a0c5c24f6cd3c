/// What a timeline's index says of the timeline itself: where its data ends, where it branched off, what GC
/// removed.
///
/// | JSON member | type | meaning |
/// |---|---|---|
/// | `disk_consistent_lsn` | LSN | data up to here is in layers |
/// | `prev_record_lsn` | LSN or null | LSN of the record before that, if known |
/// | `ancestor_timeline` | timeline or null | the timeline this one branched off |
/// | `ancestor_lsn` | LSN | where; 0/0 without ancestor |
/// | `latest_gc_cutoff_lsn` | LSN | reads below it are refused |
/// | `initdb_lsn` | LSN | where the history begins; branches inherit it |
/// | `pg_version` | number | major version of PostgreSQL |
///
/// Index files hold it in one of two forms: this object, or 512 bytes (`TimelineMetadata+Binary`). Decide by
/// the shape, never by the index's version. Source: `pageserver/src/tenant/metadata.rs`.
public struct TimelineMetadata: Hashable, Sendable {
  public var diskConsistentLsn: Lsn
  public var prevRecordLsn: Lsn?
  public var ancestorTimeline: TimelineID?
  public var ancestorLsn: Lsn
  public var latestGcCutoffLsn: Lsn
  public var initdbLsn: Lsn
  public var pgVersion: UInt32
  /// Members of the JSON form that this version does not know.
  public var unknownFields: [UnknownField] = []

  /// The major versions of PostgreSQL that Neon supports.
  public static let knownPgVersions: ClosedRange<UInt32> = 14...17

  public init(
    diskConsistentLsn: Lsn,
    prevRecordLsn: Lsn?,
    ancestorTimeline: TimelineID?,
    ancestorLsn: Lsn,
    latestGcCutoffLsn: Lsn,
    initdbLsn: Lsn,
    pgVersion: UInt32
  ) {
    self.diskConsistentLsn = diskConsistentLsn
    self.prevRecordLsn = prevRecordLsn
    self.ancestorTimeline = ancestorTimeline
    self.ancestorLsn = ancestorLsn
    self.latestGcCutoffLsn = latestGcCutoffLsn
    self.initdbLsn = initdbLsn
    self.pgVersion = pgVersion
  }
}

extension TimelineMetadata {
  init(json reader: inout JSONReader) throws(JSONFault) {
    var diskConsistentLsn: Lsn?
    var prevRecordLsn: Lsn?
    var ancestorTimeline: TimelineID?
    var ancestorLsn: Lsn?
    var latestGcCutoffLsn: Lsn?
    var initdbLsn: Lsn?
    var pgVersion: UInt32?
    var unknownFields: [UnknownField] = []
    var fields = FieldSet()
    let start = reader.offset
    try reader.object { (reader, name) throws(JSONFault) in
      if reader.equals(name, "disk_consistent_lsn") {
        try fields.enter(0, "disk_consistent_lsn", &reader, name)
        diskConsistentLsn = try reader.lsn()
      } else if reader.equals(name, "prev_record_lsn") {
        try fields.enter(1, "prev_record_lsn", &reader, name)
        prevRecordLsn = try reader.optional { (reader) throws(JSONFault) in try reader.lsn() }
      } else if reader.equals(name, "ancestor_timeline") {
        try fields.enter(2, "ancestor_timeline", &reader, name)
        ancestorTimeline = try reader.optional { (reader) throws(JSONFault) in try reader.timelineID() }
      } else if reader.equals(name, "ancestor_lsn") {
        try fields.enter(3, "ancestor_lsn", &reader, name)
        ancestorLsn = try reader.lsn()
      } else if reader.equals(name, "latest_gc_cutoff_lsn") {
        try fields.enter(4, "latest_gc_cutoff_lsn", &reader, name)
        latestGcCutoffLsn = try reader.lsn()
      } else if reader.equals(name, "initdb_lsn") {
        try fields.enter(5, "initdb_lsn", &reader, name)
        initdbLsn = try reader.lsn()
      } else if reader.equals(name, "pg_version") {
        try fields.enter(6, "pg_version", &reader, name)
        pgVersion = try reader.uint32()
      } else {
        unknownFields.append(try reader.unknownField(name))
      }
    }
    self.init(
      diskConsistentLsn: try reader.require(diskConsistentLsn, "disk_consistent_lsn", from: start),
      prevRecordLsn: prevRecordLsn,
      ancestorTimeline: ancestorTimeline,
      ancestorLsn: try reader.require(ancestorLsn, "ancestor_lsn", from: start),
      latestGcCutoffLsn: try reader.require(latestGcCutoffLsn, "latest_gc_cutoff_lsn", from: start),
      initdbLsn: try reader.require(initdbLsn, "initdb_lsn", from: start),
      pgVersion: try reader.require(pgVersion, "pg_version", from: start)
    )
    self.unknownFields = unknownFields
    reader.subfield = ""
  }

  func encode(into json: inout JSONWriter) {
    json.object { json in
      json.member("disk_consistent_lsn", diskConsistentLsn.description)
      json.name("prev_record_lsn")
      if let prevRecordLsn { json.value(prevRecordLsn.description) } else { json.null() }
      json.name("ancestor_timeline")
      if let ancestorTimeline { json.value(ancestorTimeline.description) } else { json.null() }
      json.member("ancestor_lsn", ancestorLsn.description)
      json.member("latest_gc_cutoff_lsn", latestGcCutoffLsn.description)
      json.member("initdb_lsn", initdbLsn.description)
      json.member("pg_version", pgVersion)
      json.members(unknownFields)
    }
  }
}

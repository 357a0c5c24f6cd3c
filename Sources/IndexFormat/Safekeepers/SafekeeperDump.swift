/// A debug dump of a safekeeper: the answer to `GET /v1/debug_dump?dump_all=true&dump_disk_content=false`.
///
/// | JSON member | content | used |
/// |---|---|---|
/// | `start_time`, `finish_time` | when it was made | no |
/// | `timelines` | an object for each timeline, see `SafekeeperRow` | yes |
/// | `timelines_count` | how many the safekeeper had when it began | no: timelines come and go |
/// | `config` | `id` is the safekeeper's number | yes |
///
/// It may be hundreds of megabytes long; `JSONElementSplitter` cuts it. Source: `safekeeper/src/debug_dump.rs`.
public enum SafekeeperDump {
  /// Reads one element of `timelines`.
  public static func timeline(parsing bytes: RawSpan) throws(FormatError) -> SafekeeperRow {
    try parseJSON(bytes) { (reader) throws(JSONFault) in
      var values = RowValues()
      let start = reader.offset
      try reader.object { (reader, name) throws(JSONFault) in
        if reader.equals(name, "tenant_id") {
          try values.fields.enter(0, "tenant_id", &reader, name)
          values.tenant = try reader.tenantID()
        } else if reader.equals(name, "timeline_id") {
          try values.fields.enter(1, "timeline_id", &reader, name)
          values.timeline = try reader.timelineID()
        } else if reader.equals(name, "control_file") {
          try values.fields.enter(2, "control_file", &reader, name)
          if !reader.null() { try values.readControlFile(&reader) }
        } else if reader.equals(name, "memory") {
          try values.fields.enter(3, "memory", &reader, name)
          if !reader.null() { try values.readMemory(&reader) }
        } else {
          _ = try reader.skipValue()
        }
      }
      return try values.row(&reader, from: start)
    }
  }

  /// Reads the document without its timelines; gives the number of the safekeeper, if it says that.
  public static func node(parsing bytes: RawSpan) throws(FormatError) -> NodeID? {
    try parseJSON(bytes) { (reader) throws(JSONFault) in
      var node: NodeID?
      var hasTimelines = false
      let start = reader.offset
      try reader.object { (reader, name) throws(JSONFault) in
        if reader.equals(name, "config") {
          try reader.object { (reader, name) throws(JSONFault) in
            if reader.equals(name, "id") {
              node = NodeID(try reader.unsigned(.max, "the number of a safekeeper"))
            } else {
              _ = try reader.skipValue()
            }
          }
        } else {
          guard reader.equals(name, "timelines") else {
            _ = try reader.skipValue()
            return
          }
          // Its objects have been taken out. Any that are still there were not: of a second list, or one whose name is
          // written with escapes.
          hasTimelines = true
          try reader.array { (reader) throws(JSONFault) in throw reader.fault("one list of timelines") }
        }
      }
      if !hasTimelines { _ = try reader.require(Int?.none, "timelines", from: start) }
      return node
    }
  }
}

/// The elements of `--timeline-lsns`: `tenant_id`, `timeline_id`, `timeline_start_lsn`, `backup_lsn`.
public enum TimelineLsns {
  public static func timeline(parsing bytes: RawSpan) throws(FormatError) -> SafekeeperRow {
    try parseJSON(bytes) { (reader) throws(JSONFault) in
      var values = RowValues()
      let start = reader.offset
      var found = (start: Lsn?.none, backup: Lsn?.none)
      try reader.object { (reader, name) throws(JSONFault) in
        if reader.equals(name, "tenant_id") {
          try values.fields.enter(0, "tenant_id", &reader, name)
          values.tenant = try reader.tenantID()
        } else if reader.equals(name, "timeline_id") {
          try values.fields.enter(1, "timeline_id", &reader, name)
          values.timeline = try reader.timelineID()
        } else if reader.equals(name, "timeline_start_lsn") {
          try values.fields.enter(2, "timeline_start_lsn", &reader, name)
          found.start = try reader.lsn()
        } else if reader.equals(name, "backup_lsn") {
          try values.fields.enter(3, "backup_lsn", &reader, name)
          found.backup = try reader.lsn()
        } else {
          _ = try reader.skipValue()
        }
      }
      var row = try values.row(&reader, from: start)
      row.start = try reader.require(found.start, "timeline_start_lsn", from: start)
      row.backup = try reader.require(found.backup, "backup_lsn", from: start)
      return row
    }
  }
}

/// What has been read of a row so far.
private struct RowValues {
  var fields = FieldSet()
  var tenant: TenantID?
  var timeline: TimelineID?
  private var other = SafekeeperRow(tenant: TenantID(high: 0, low: 0), timeline: TimelineID(high: 0, low: 0))

  func row(_ reader: inout JSONReader, from start: Int) throws(JSONFault) -> SafekeeperRow {
    var row = other
    row.tenant = try reader.require(tenant, "tenant_id", from: start)
    row.timeline = try reader.require(timeline, "timeline_id", from: start)
    return row
  }

  mutating func readControlFile(_ reader: inout JSONReader) throws(JSONFault) {
    var row = other
    try reader.object { (reader, name) throws(JSONFault) in
      if reader.equals(name, "timeline_start_lsn") {
        row.start = try reader.lsn()
      } else if reader.equals(name, "backup_lsn") {
        row.backup = max(row.backup, try reader.lsn())
      } else if reader.equals(name, "commit_lsn") {
        row.commit = max(row.commit, try reader.lsn())
      } else if reader.equals(name, "acceptor_state") {
        try reader.object { (reader, name) throws(JSONFault) in
          if reader.equals(name, "term") {
            row.term = try reader.unsigned(.max, "a term")
          } else {
            _ = try reader.skipValue()
          }
        }
      } else if reader.equals(name, "server") {
        try reader.object { (reader, name) throws(JSONFault) in
          if reader.equals(name, "wal_seg_size") {
            row.segmentSize = try reader.uint32()
          } else if reader.equals(name, "system_id") {
            row.systemIdentifier = try reader.unsigned(.max, "a system identifier")
          } else {
            _ = try reader.skipValue()
          }
        }
      } else {
        _ = try reader.skipValue()
      }
    }
    other = row
  }

  mutating func readMemory(_ reader: inout JSONReader) throws(JSONFault) {
    var row = other
    try reader.object { (reader, name) throws(JSONFault) in
      if reader.equals(name, "is_cancelled") {
        row.isCancelled = try reader.bool("true or false")
      } else if reader.equals(name, "flush_lsn") {
        row.flush = try reader.lsn()
      } else if reader.equals(name, "mem_state") {
        try reader.object { (reader, name) throws(JSONFault) in
          if reader.equals(name, "backup_lsn") {
            row.backup = max(row.backup, try reader.lsn())
          } else if reader.equals(name, "commit_lsn") {
            row.commit = max(row.commit, try reader.lsn())
          } else {
            _ = try reader.skipValue()
          }
        }
      } else {
        _ = try reader.skipValue()
      }
    }
    other = row
  }
}

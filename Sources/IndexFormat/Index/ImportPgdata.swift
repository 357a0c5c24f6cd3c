/// The state of an import from a PostgreSQL data directory.
///
/// Externally tagged JSON: `{"V1":{"InProgress":{…}}}` with `idempotency_key`, `location` and `started_at`,
/// or `{"V1":{"Done":{…}}}` with `idempotency_key`, `started_at` and `finished_at`. While the field is there
/// an empty layer map is legal; while the import is in progress the timeline's data is not complete. The
/// document is kept as it stands, because its locations differ between clouds and releases. Source:
/// `pageserver/src/tenant/timeline/import_pgdata/index_part_format.rs`.
public struct ImportPgdata: Hashable, Sendable {
  public enum State: Hashable, Sendable {
    case inProgress
    case done
    /// A tag that no known release writes, or not exactly one tag.
    case unknown
  }

  public let state: State
  /// The JSON value as it stood in the index.
  public let json: [UInt8]

  init(json reader: inout JSONReader) throws(JSONFault) {
    reader.skipWhitespace()
    let start = reader.offset
    var state = State.unknown
    var tagCount = 0
    try reader.object { (reader, version) throws(JSONFault) in
      guard reader.equals(version, "V1") else {
        tagCount &+= 1
        _ = try reader.skipValue()
        return
      }
      try reader.object { (reader, tag) throws(JSONFault) in
        tagCount &+= 1
        if reader.equals(tag, "InProgress") { state = .inProgress }
        if reader.equals(tag, "Done") { state = .done }
        _ = try reader.skipValue()
      }
    }
    // A tagged value has one tag; with two, nobody can tell which one is meant.
    self.state = tagCount == 1 ? state : .unknown
    json = reader.bytes(start..<reader.offset)
  }
}

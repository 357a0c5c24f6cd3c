import IndexFormat

/// How far a replication origin has come: the value of a `Key.replicationOrigin`. Since 2024-06-03.
///
/// | offset | size | content |
/// |---|---|---|
/// | 0 | 8 | LSN of the remote node, big-endian; 0 when the origin was dropped |
///
/// Empty where a branch was detached from its ancestor, whose origins it does not have.
///
/// Source: `pageserver/src/pgdatadir_mapping.rs`.
public struct ReplicationOriginValue: StoredValue {
  /// Nil for an empty value.
  public var remoteLsn: Lsn?

  public init(remoteLsn: Lsn?) { self.remoteLsn = remoteLsn }

  public init(parsing bytes: RawSpan) throws(FormatError) {
    guard bytes.byteCount > 0 else {
      remoteLsn = nil
      return
    }
    var reader = ByteReader(bytes)
    remoteLsn = try reader.lsn("remote_lsn")
    try reader.end(of: "replication origin")
  }

  public func encode(into bytes: inout [UInt8]) {
    if let remoteLsn { bytes.appendBigEndian(remoteLsn.value) }
  }

  /// Whether there is such an origin.
  public var isPresent: Bool { remoteLsn.map { $0 != .invalid } ?? false }
}

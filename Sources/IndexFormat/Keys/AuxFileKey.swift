/// The key of an aux file (layout v2): where the small non-relation files of a compute are kept.
///
/// | offset in 16 bytes | size | content |
/// |---|---|---|
/// | 0 | 1 | `62` |
/// | 1 | 2 | which folder |
/// | 3 | 13 | low 13 bytes of the FNV-1a-128 hash of the rest of the path, big-endian |
///
/// The key is the compact form widened: byte 0, two zero bytes, bytes 1 to 15. Files of one hash share a key,
/// so the value is a list with paths. From 2024-04-23 to 2024-05-15 another hash (XXH3-128) was used where v2
/// was on at all. Source: `pageserver/src/aux_file.rs`.
public struct AuxFileKey: Hashable, Sendable {
  /// The folder, bytes 1 and 2.
  public enum Folder: UInt16, Hashable, Sendable, CaseIterable {
    case logicalMappings = 0x0101
    case logicalSnapshots = 0x0102
    case replicationOriginCheckpoint = 0x0103
    case otherLogical = 0x01ff
    case replicationSlots = 0x0201
    /// Since 2025-02-20; before, these files were under `other` with the whole path hashed.
    case statistics = 0x0301
    case other = 0xffff
  }

  public let key: Key

  /// Takes a key that is stored; nil if it is not of this family.
  public init?(_ key: Key) {
    guard key.isAuxFile, key.field2 <= 0xffff else { return nil }
    self.key = key
  }

  /// The key for a path.
  public init(path: String) { self.init(path: path, statisticsFolder: true) }

  /// The key that releases before 2025-02-20 gave to a path: `pg_stat/` had no folder of its own.
  public init(pathBeforeStatisticsFolder path: String) { self.init(path: path, statisticsFolder: false) }

  private init(path: String, statisticsFolder: Bool) {
    let (folder, hashedFrom) = AuxFileKey.folder(of: path.utf8Span.span.bytes, statisticsFolder)
    let hash = FNV1a128.hash(path.utf8Span.span.bytes, from: hashedFrom)
    let compact =
      UInt128(Key.auxFilePrefix) << 120 | UInt128(folder.rawValue) << 104 | hash & (UInt128(1) << 104 - 1)
    key = CompactKey(Int128(truncatingIfNeeded: compact)).key
  }

  /// The folder's two bytes as they are.
  public var folderBytes: UInt16 { UInt16(truncatingIfNeeded: key.field2) }

  /// Nil for a folder that no release has used.
  public var folder: Folder? { Folder(rawValue: folderBytes) }

  /// Which folder a path belongs to, and from where on it is hashed. The first rule that fits wins.
  private static func folder(of path: RawSpan, _ statisticsFolder: Bool) -> (Folder, hashedFrom: Int) {
    if path.starts(with: "pg_logical/mappings/") { return (.logicalMappings, 20) }
    if path.starts(with: "pg_logical/snapshots/") { return (.logicalSnapshots, 21) }
    if path.equals("pg_logical/replorigin_checkpoint") {
      return (.replicationOriginCheckpoint, path.byteCount)
    }
    if path.starts(with: "pg_logical/") { return (.otherLogical, 11) }
    if path.starts(with: "pg_replslot/") { return (.replicationSlots, 12) }
    if statisticsFolder, path.starts(with: "pg_stat/") { return (.statistics, 8) }
    return (.other, 0)
  }
}

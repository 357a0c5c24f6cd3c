/// An `index_part.json`: which layers make up a timeline on one shard, and what state the timeline is in.
///
/// | JSON member | type | missing means | since version |
/// |---|---|---|---|
/// | `version` | number | 0 | 1 |
/// | `deleted_at` | time | not deleted | 2 |
/// | `archived_at` | time | not archived | 8 |
/// | `import_pgdata` | `ImportPgdata` | no import | 10 |
/// | `layer_metadata` | object of `IndexLayer` | error | 1 |
/// | `disk_consistent_lsn` | LSN, equal to the one in the metadata | error | 1 |
/// | `metadata_bytes` or `metadata` | `TimelineMetadata` as object or 512 numbers | error | 1 |
/// | `lineage` | `Lineage` | empty | 5 |
/// | `gc_blocking` | `GcBlocking` | GC may run | 9 |
/// | `last_aux_file_policy` | `AuxFilePolicy` | not decided | 6 |
/// | `rel_size_migration` | `RelSizeMigration` | legacy | 11 |
/// | `l2_lsn` | LSN | none | 12 |
/// | `gc_compaction` | `GcCompaction` | never ran | 13 |
/// | `marked_invisible_at` | time | visible | 14 |
/// | `rel_size_migrated_at` | LSN | 0/0 | 15 |
/// | `timeline_layers`, `missing_layers` | arrays of names, not read | — | 1 to 3 |
///
/// The version says little: a page server that rewrites an old index keeps the number. Members are written in
/// the order in which they were read, which gives the same bytes for every file that Neon wrote, and in the
/// order above for a new one. What this version does not know is kept (`unknownFields`) and written back.
/// Spellings that Neon reads but never writes (lower-case LSNs, unpadded times, layer names with a
/// generation) are written in Neon's form.
///
/// Source: `pageserver/src/tenant/remote_timeline_client/index.rs` and its history.
public struct IndexPart: JSONDocument, Equatable {
  public var version: UInt64 = IndexPart.latestVersion
  public var deletedAt: NaiveDateTime?
  public var archivedAt: NaiveDateTime?
  public var importPgdata: ImportPgdata?
  /// In the order of the file. A name may occur twice in a damaged file; page servers then take the last.
  public var layers: [IndexLayer] = []
  public var diskConsistentLsn: Lsn
  public var metadata: TimelineMetadata
  public var metadataForm: MetadataForm = .object
  public var lineage = Lineage()
  public var gcBlocking: GcBlocking?
  public var lastAuxFilePolicy: AuxFilePolicy?
  public var relSizeMigration: RelSizeMigration?
  public var l2Lsn: Lsn?
  public var gcCompaction: GcCompaction?
  public var markedInvisibleAt: NaiveDateTime?
  public var relSizeMigratedAt: Lsn?
  /// Members that no version up to `latestVersion` has.
  public var unknownFields: [UnknownField] = []
  /// Unknown members of layer entries, by position in `layers`.
  public var layerUnknownFields: [Int: [UnknownField]] = [:]
  /// Members that old versions had and no reader has used since: as they stand.
  public var formerFields: [UnknownField] = []
  /// The members in the order of the file; empty for an index that was not read from one.
  var fieldOrder: [FieldSlot] = []

  public static let knownVersions: ClosedRange<UInt64> = 1...15
  public static let latestVersion: UInt64 = 15

  /// How the file writes the metadata.
  public enum MetadataForm: Sendable, Equatable {
    case object
    /// 512 numbers; kept as they were, because the bytes behind the body may be anything.
    case binary([UInt8])
  }

  public init(metadata: TimelineMetadata, layers: [IndexLayer] = []) {
    self.metadata = metadata
    diskConsistentLsn = metadata.diskConsistentLsn
    self.layers = layers
  }

  /// The highest "since version" of the members that are there and not `null`; 1 if all are as old as the
  /// format.
  ///
  /// Tells which release wrote the file last, which `version` does not: a page server that rewrites an old
  /// index keeps the number. Metadata written as an object counts as 7; members of layer entries
  /// (`generation`, `shard`) came without a number and do not count.
  public var newestFieldVersion: UInt64 {
    var newest: UInt64 = 1
    for case .known(let field) in slots where isSet(field) { newest = max(newest, sinceVersion(of: field)) }
    return newest
  }

  private func sinceVersion(of field: Field) -> UInt64 {
    switch field {
    case .version, .layerMetadata, .diskConsistentLsn: 1
    case .metadataBytes, .metadata: metadataForm == .object ? 7 : 1
    case .deletedAt: 2
    case .lineage: 5
    case .lastAuxFilePolicy: 6
    case .archivedAt: 8
    case .gcBlocking: 9
    case .importPgdata: 10
    case .relSizeMigration: 11
    case .l2Lsn: 12
    case .gcCompaction: 13
    case .markedInvisibleAt: 14
    case .relSizeMigratedAt: 15
    }
  }

  /// Names of all members, at any level, that this version does not know.
  public var allUnknownFieldNames: [String] {
    var names = unknownFields.map(\.name)
    names += metadata.unknownFields.map { "metadata_bytes.\($0.name)" }
    names += lineage.unknownFields.map { "lineage.\($0.name)" }
    names += (gcBlocking?.unknownFields ?? []).map { "gc_blocking.\($0.name)" }
    names += (gcCompaction?.unknownFields ?? []).map { "gc_compaction.\($0.name)" }
    names += Set(layerUnknownFields.values.joined().map { "layer_metadata.*.\($0.name)" }).sorted()
    return names
  }
}

extension IndexPart {
  /// A member of the document: known, or one of the kept ones by position.
  enum FieldSlot: Sendable, Equatable {
    case known(Field)
    case former(Int)
    case unknown(Int)
  }

  /// The members that have a meaning, in the order in which a new file has them.
  enum Field: UInt32, CaseIterable, Sendable {
    case version, deletedAt, archivedAt, importPgdata, layerMetadata, diskConsistentLsn, metadataBytes,
      metadata
    case lineage, gcBlocking, lastAuxFilePolicy, relSizeMigration, l2Lsn, gcCompaction, markedInvisibleAt
    case relSizeMigratedAt

    /// All of them, made once.
    static let all = allCases

    var name: StaticString {
      switch self {
      case .version: "version"
      case .deletedAt: "deleted_at"
      case .archivedAt: "archived_at"
      case .importPgdata: "import_pgdata"
      case .layerMetadata: "layer_metadata"
      case .diskConsistentLsn: "disk_consistent_lsn"
      case .metadataBytes: "metadata_bytes"
      case .metadata: "metadata"
      case .lineage: "lineage"
      case .gcBlocking: "gc_blocking"
      case .lastAuxFilePolicy: "last_aux_file_policy"
      case .relSizeMigration: "rel_size_migration"
      case .l2Lsn: "l2_lsn"
      case .gcCompaction: "gc_compaction"
      case .markedInvisibleAt: "marked_invisible_at"
      case .relSizeMigratedAt: "rel_size_migrated_at"
      }
    }
  }

  /// Members of versions 1 to 3 that nothing reads any more.
  static let formerFieldNames: [StaticString] = ["timeline_layers", "missing_layers"]
}

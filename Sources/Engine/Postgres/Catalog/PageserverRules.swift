import IndexFormat

/// What page servers of different times do differently with the same keys.
///
/// | date | change |
/// |---|---|
/// | 2024-06-03 | replication origins are among the sparse keys |
/// | 2024-07-08 | the relation map's key is listed only where the directory says that there is one |
/// | 2024-10-17 | aux files are read from the second layout alone, and the key of the first is not listed |
/// | 2024-12-03 | only shard 0 has SLRUs |
/// | 2025-02-14 | the second layout of relation directories is among the sparse keys |
public struct PageserverRules: Equatable, Sendable {
  public var listsReplicationOrigins = true
  public var listsEveryRelationMap = false
  public var readsAuxFilesV1 = false
  public var keepsSLRUsOnEveryShard = false
  public var listsRelationDirectoriesV2 = true

  /// Those since 2025-02-14.
  public static let march2026 = PageserverRules()

  /// Those until 2024-06-02.
  public static let june2024: PageserverRules = {
    var rules = PageserverRules()
    rules.listsReplicationOrigins = false
    rules.listsEveryRelationMap = true
    rules.readsAuxFilesV1 = true
    rules.keepsSLRUsOnEveryShard = true
    rules.listsRelationDirectoriesV2 = false
    return rules
  }()

  public init() {}

  /// Those under which an index was most likely written: its metadata in binary form is that of mid-2024 and before.
  public init(index: IndexPart) {
    switch index.metadataForm {
    case .binary: self = .june2024
    case .object: self = .march2026
    }
  }
}

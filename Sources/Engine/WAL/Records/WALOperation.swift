import IndexFormat

/// What a record does: its resource manager, and the bits of `xl_info` that belong to that.
///
/// | resource manager | bits of `xl_info` that say what | further bits |
/// |---|---|---|
/// | transaction | 0x70 | 0x80: more about the transaction follows |
/// | heap, heap2, BRIN, Neon's | 0x70 | 0x80: the page is made anew (`+INIT`) |
/// | generic | none | |
/// | all others | 0xf0 | |
///
/// The low 4 bits are PostgreSQL's own: 1 files are made or removed, 2 replay is to be compared with the image.
/// Names are those of `pg_waldump`. Sources: PostgreSQL, `access/rmgrlist.h`, `access/rmgrdesc/`; for Neon's resource
/// manager `pgxn/neon_rmgr` (opcodes in `neon_xlog.h`).
public struct WALOperation: Hashable, Comparable, Sendable {
  public let resourceManager: UInt8
  /// High 4 bits of `xl_info`; of transactions without the highest.
  public let code: UInt8

  @inline(__always)
  public init(resourceManager: UInt8, info: UInt8) {
    self.resourceManager = resourceManager
    code = info & (resourceManager == ResourceManager.transaction.rawValue ? 0x70 : 0xf0)
  }

  @inline(__always)
  public init(_ header: WALRecordHeader) {
    self.init(resourceManager: header.resourceManager, info: header.info)
  }

  /// Whether the first page of the record is made anew.
  public var initializesPage: Bool {
    guard code & 0x80 != 0, let manager = ResourceManager(rawValue: resourceManager) else { return false }
    return [.heap, .heap2, .brin, .neon].contains(manager)
  }

  /// Such as `INSERT+INIT`; `UNKNOWN (f0)` of a code without a name.
  public func name(_ version: PostgresVersion) -> String {
    guard let manager = ResourceManager(rawValue: resourceManager) else { return unknown }
    if manager == .generic { return "Generic" }
    let index = Int(initializesPage ? code & 0x70 : code) >> 4
    let names = manager.operations(version)
    guard index < names.count, !names[index].isEmpty else { return unknown }
    guard initializesPage else { return names[index] }
    return manager.makesPages(names[index]) ? names[index] + "+INIT" : unknown
  }

  /// With the resource manager: `Heap/INSERT+INIT`.
  public func fullName(_ version: PostgresVersion) -> String {
    "\(ResourceManager.name(resourceManager))/\(name(version))"
  }

  private var unknown: String { "UNKNOWN (\(String(code, radix: 16)))" }

  public static func < (left: WALOperation, right: WALOperation) -> Bool {
    (left.resourceManager, left.code) < (right.resourceManager, right.code)
  }
}

extension ResourceManager {
  /// As `pg_waldump` names it.
  public var name: String {
    switch self {
    case .xlog: "XLOG"
    case .transaction: "Transaction"
    case .storage: "Storage"
    case .commitLog: "CLOG"
    case .database: "Database"
    case .tablespace: "Tablespace"
    case .multixact: "MultiXact"
    case .relationMap: "RelMap"
    case .standby: "Standby"
    case .heap2: "Heap2"
    case .heap: "Heap"
    case .btree: "Btree"
    case .hash: "Hash"
    case .gin: "Gin"
    case .gist: "Gist"
    case .sequence: "Sequence"
    case .spgist: "SPGist"
    case .brin: "BRIN"
    case .commitTimestamp: "CommitTs"
    case .replicationOrigin: "ReplicationOrigin"
    case .generic: "Generic"
    case .logicalMessage: "LogicalMessage"
    case .neon: "neon"
    }
  }

  /// Of any number: `custom134` has no name of its own but Neon's.
  public static func name(_ number: UInt8) -> String {
    if let manager = ResourceManager(rawValue: number) { return manager.name }
    let digits = "00\(number)".suffix(3)
    return number >= firstCustom ? "custom\(digits)" : "unknown\(digits)"
  }

  /// Finds one by its name, in any case of ASCII letters.
  public init?(name: String) {
    let wanted = name.utf8.map(Self.lower)
    guard let found = Self.allCases.first(where: { $0.name.utf8.map(Self.lower) == wanted }) else {
      return nil
    }
    self = found
  }

  private static func lower(_ letter: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(letter) ? letter | 0x20 : letter
  }

  /// Which operations have a form that makes the page anew.
  fileprivate func makesPages(_ operation: String) -> Bool {
    ["INSERT", "UPDATE", "HOT_UPDATE", "MULTI_INSERT"].contains(operation)
  }

  /// Names by the high 4 bits of `xl_info`, without the highest where that makes a page anew.
  fileprivate func operations(_ version: PostgresVersion) -> [String] {
    switch self {
    case .xlog:
      [
        "CHECKPOINT_SHUTDOWN", "CHECKPOINT_ONLINE", "NOOP", "NEXTOID", "SWITCH", "BACKUP_END",
        "PARAMETER_CHANGE", "RESTORE_POINT", "FPW_CHANGE", "END_OF_RECOVERY", "FPI_FOR_HINT", "FPI", "",
        "OVERWRITE_CONTRECORD", version == .v17 ? "CHECKPOINT_REDO" : "",
      ]
    case .transaction:
      [
        "COMMIT", "PREPARE", "ABORT", "COMMIT_PREPARED", "ABORT_PREPARED", "ASSIGNMENT", "INVALIDATION",
      ]
    case .storage: ["", "CREATE", "TRUNCATE"]
    case .commitLog, .commitTimestamp: ["ZEROPAGE", "TRUNCATE"]
    case .database:
      version == .v14 ? ["CREATE", "DROP"] : ["CREATE_FILE_COPY", "CREATE_WAL_LOG", "DROP"]
    case .tablespace: ["CREATE", "DROP"]
    case .multixact: ["ZERO_OFF_PAGE", "ZERO_MEM_PAGE", "CREATE_ID", "TRUNCATE_ID"]
    case .relationMap: ["UPDATE"]
    case .standby: ["LOCK", "RUNNING_XACTS", "INVALIDATIONS"]
    case .heap2: heap2(version)
    case .heap: ["INSERT", "DELETE", "UPDATE", "TRUNCATE", "HOT_UPDATE", "HEAP_CONFIRM", "LOCK", "INPLACE"]
    case .sequence: ["LOG"]
    case .replicationOrigin: ["SET", "DROP"]
    case .generic: ["Generic"]
    case .logicalMessage: ["MESSAGE"]
    case .neon: ["INSERT", "DELETE", "UPDATE", "HOT_UPDATE", "LOCK", "MULTI_INSERT", "FILE"]
    case .btree, .hash, .gin, .gist, .spgist, .brin: indexOperations
    }
  }

  private func heap2(_ version: PostgresVersion) -> [String] {
    let cleaning =
      version == .v17
      ? ["PRUNE_ON_ACCESS", "PRUNE_VACUUM_SCAN", "PRUNE_VACUUM_CLEANUP"] : ["PRUNE", "VACUUM", "FREEZE_PAGE"]
    return ["REWRITE"] + cleaning + ["VISIBLE", "MULTI_INSERT", "LOCK_UPDATED", "NEW_CID"]
  }

  private var indexOperations: [String] {
    switch self {
    case .btree:
      [
        "INSERT_LEAF", "INSERT_UPPER", "INSERT_META", "SPLIT_L", "SPLIT_R", "INSERT_POST", "DEDUP", "DELETE",
        "UNLINK_PAGE", "UNLINK_PAGE_META", "NEWROOT", "MARK_PAGE_HALFDEAD", "VACUUM", "REUSE_PAGE",
        "META_CLEANUP",
      ]
    case .hash:
      [
        "INIT_META_PAGE", "INIT_BITMAP_PAGE", "INSERT", "ADD_OVFL_PAGE", "SPLIT_ALLOCATE_PAGE", "SPLIT_PAGE",
        "SPLIT_COMPLETE", "MOVE_PAGE_CONTENTS", "SQUEEZE_PAGE", "DELETE", "SPLIT_CLEANUP",
        "UPDATE_META_PAGE", "VACUUM_ONE_PAGE",
      ]
    case .gin:
      [
        "", "CREATE_PTREE", "INSERT", "SPLIT", "VACUUM_PAGE", "DELETE_PAGE", "UPDATE_META_PAGE",
        "INSERT_LISTPAGE", "DELETE_LISTPAGE", "VACUUM_DATA_LEAF_PAGE",
      ]
    case .gist: ["PAGE_UPDATE", "DELETE", "PAGE_REUSE", "PAGE_SPLIT", "", "", "PAGE_DELETE", "ASSIGN_LSN"]
    case .spgist:
      [
        "", "ADD_LEAF", "MOVE_LEAFS", "ADD_NODE", "SPLIT_TUPLE", "PICKSPLIT", "VACUUM_LEAF", "VACUUM_ROOT",
        "VACUUM_REDIRECT",
      ]
    case .brin: ["CREATE_INDEX", "INSERT", "UPDATE", "SAMEPAGE_UPDATE", "REVMAP_EXTEND", "DESUMMARIZE"]
    default: []
    }
  }
}

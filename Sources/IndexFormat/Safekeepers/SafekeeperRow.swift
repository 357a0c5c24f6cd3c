/// A timeline as one safekeeper has it: what is known of it from a debug dump or a table of such dumps.
///
/// | field | from the dump | in the table of dumps |
/// |---|---|---|
/// | `node` | `config.id` | `sk_id` |
/// | `start` | `control_file.timeline_start_lsn` | `timeline_start_lsn` |
/// | `backup` | the greater of `memory.mem_state.backup_lsn` and `control_file.backup_lsn` | of `backup_lsn` and `disk_backup_lsn` |
/// | `commit` | the same of `commit_lsn` | of `commit_lsn` and `disk_commit_lsn` |
/// | `flush` | `memory.flush_lsn` | `flush_lsn` |
/// | `term` | `control_file.acceptor_state.term` | `disk_term` |
/// | `segmentSize`, `systemIdentifier` | `control_file.server` | not there |
/// | `isCancelled` | `memory.is_cancelled` | `is_cancelled` |
///
/// 0 stands for what is not known, as safekeepers have it themselves. Sources: `safekeeper/src/debug_dump.rs`,
/// `scripts/sk_collect_dumps`.
public struct SafekeeperRow: Hashable, Sendable {
  public var tenant: TenantID
  public var timeline: TimelineID
  public var node: NodeID?
  public var start = Lsn.invalid
  public var backup = Lsn.invalid
  public var commit = Lsn.invalid
  public var flush = Lsn.invalid
  public var term: UInt64 = 0
  /// In bytes.
  public var segmentSize: UInt32 = 0
  public var systemIdentifier: UInt64 = 0
  /// The safekeeper is about to let go of the timeline.
  public var isCancelled = false

  public init(tenant: TenantID, timeline: TimelineID) {
    self.tenant = tenant
    self.timeline = timeline
  }
}

extension SafekeeperRow: Comparable {
  /// By tenant and timeline, the order of keys in a bucket.
  public static func < (left: SafekeeperRow, right: SafekeeperRow) -> Bool {
    left.tenant == right.tenant ? left.timeline < right.timeline : left.tenant < right.tenant
  }
}

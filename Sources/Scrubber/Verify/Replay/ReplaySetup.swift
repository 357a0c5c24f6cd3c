import Engine
import Glibc
import IndexFormat
import Synchronization

/// What replays need besides the tenant: WAL, perhaps a base, and a place for what comes of them.
final class ReplaySetup: Sendable {
  let wal: ReplayWAL
  let against: ReplayBase?
  /// A folder that is there.
  let scratch: String
  private let line: DrawnLine
  private let warn: @Sendable (String) -> Void
  private let progress = Mutex(Progress())

  private struct Progress: Sendable {
    var total: UInt64 = 0
    var done: UInt64 = 0
    var last: ContinuousClock.Instant?
  }

  private static let interval = Duration.milliseconds(100)

  private init(
    _ wal: ReplayWAL,
    _ against: ReplayBase?,
    scratch: String,
    _ line: DrawnLine,
    warn: @escaping @Sendable (String) -> Void
  ) {
    self.wal = wal
    self.against = against
    self.scratch = scratch
    self.line = line
    self.warn = warn
  }

  /// Nil if nothing is to be replayed.
  static func open(
    _ tenant: TenantView,
    _ options: VerifyOptions,
    _ environment: Environment,
    _ line: DrawnLine,
    warn: @escaping @Sendable (String) -> Void
  ) async throws(ScanFailure) -> ReplaySetup? {
    guard let address = options.wal, options.levels.contains(.replay) else { return nil }
    let timelines = options.timelines.isEmpty ? tenant.timelineIDs : options.timelines
    let wal = try await ReplayWAL.open(address, of: tenant.tenant, timelines, environment)
    var base: ReplayBase?
    if let against = options.against {
      base = try await ReplayBase.open(against, of: tenant, timelines, options, environment)
    }
    let scratch = try scratchFolder(options, environment)
    if case .backup(let backup)? = base {
      let text = DecimalText.bytes(backup.files.byteCount)
      warn("importing \(text) of a base backup, which takes at most as much room in \(scratch)")
    }
    return ReplaySetup(wal, base, scratch: scratch, line, warn: warn)
  }

  // MARK: The place

  /// The one that was named; else that of the journal, else that for temporary files.
  private static func scratchFolder(
    _ options: VerifyOptions,
    _ environment: Environment
  ) throws(ScanFailure) -> String {
    let folder = options.scratch ?? journalFolder(options, environment) ?? environment["TMPDIR"] ?? "/tmp"
    var status = stat()
    guard stat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, access(folder, W_OK | X_OK) == 0
    else {
      throw ScanFailure(
        message: "\(folder): is no folder that can be written to",
        hint: "Name one with --scratch, for what the WAL leads to.",
        exitCode: .usage
      )
    }
    return folder
  }

  private static func journalFolder(_ options: VerifyOptions, _ environment: Environment) -> String? {
    if let journal = options.journal {
      guard let end = journal.lastIndex(of: "/") else { return "." }
      return end == journal.startIndex ? "/" : String(journal[..<end])
    }
    // Where there is none the journal says so, too.
    return (try? VerifyJournal.defaultFolder(environment)).flatMap { $0 }
  }

  // MARK: Before and while WAL is read

  /// Says how much room is wanted, before it is taken.
  func begin(_ drafts: [ReplayDraft]) {
    let total = drafts.reduce(UInt64(0)) { $0.saturatingSum($1.byteCount) }
    progress.withLock { $0.total = total }
    guard !drafts.isEmpty else { return }
    let text =
      "replaying \(DecimalText.bytes(total)) of WAL, which takes about as much room in \(scratch)"
    guard let free = Self.freeByteCount(scratch) else { return warn(text) }
    let isShort = free < total ? ": that may not be enough" : ""
    warn("\(text), where \(DecimalText.bytes(free)) are free\(isShort)")
  }

  private static func freeByteCount(_ folder: String) -> UInt64? {
    var status = statvfs()
    guard statvfs(folder, &status) == 0 else { return nil }
    let (count, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
    return overflow ? .max : count
  }

  /// Draws how much WAL has been read.
  func count(_ byteCount: Int) {
    guard line.isShown else { return }
    let now = ContinuousClock.now
    let shown = progress.withLock { progress -> Progress? in
      progress.done = progress.done.saturatingSum(UInt64(clamping: byteCount))
      if let last = progress.last, now - last < Self.interval { return nil }
      progress.last = now
      return progress
    }
    guard let shown, shown.total > 0 else { return }
    let fraction = min(1, Double(shown.done) / Double(shown.total))
    line.show(
      ProgressLine.bar(fraction)
        + "\(Int(fraction * 100)) % of \(DecimalText.bytes(shown.total)) of WAL replayed"
    )
  }
}

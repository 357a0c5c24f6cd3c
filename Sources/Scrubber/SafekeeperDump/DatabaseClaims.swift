import Glibc
import IndexFormat
import Synchronization

/// Timelines from a table of safekeepers' debug dumps, one row for each safekeeper and timeline.
///
/// The server sorts, a cursor brings some thousand rows at a time, and no more are fetched than are asked for: memory
/// does not depend on the table. libpq works on a thread of its own, which ends when the scan is cancelled.
///
/// | column | |
/// |---|---|
/// | `tenant_id`, `timeline_id`, `timeline_start_lsn`, `backup_lsn` | must be there |
/// | `sk_id`, `is_cancelled`, `commit_lsn`, `flush_lsn`, `disk_backup_lsn`, `disk_commit_lsn`, `disk_term` | used if there |
///
/// Source of the layout: `scripts/sk_collect_dumps`.
final class DatabaseClaims: ClaimSource {
  let name: String
  let isWhole = true
  let knownCount: Int? = nil
  private let thread: DatabaseThread

  init(
    connectionString: String,
    table: String,
    tenants: Set<TenantID>,
    limits: PostgresConnection.Limits = .init()
  )
    throws(ClaimSourceError)
  {
    name = "table \(table)"
    let query = DumpTableQuery(table: table, tenants: tenants)
    guard let thread = DatabaseThread(connectionString, query, limits) else {
      throw ClaimSourceError(message: "\(name): cannot start a thread: \(String(cString: strerror(errno)))")
    }
    self.thread = thread
  }

  deinit { thread.stop() }

  func next() async throws(ClaimSourceError) -> ClaimBatch? {
    let thread = thread
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { thread.ask($0) }
    } onCancel: {
      thread.stop()
    }
    do throws(PostgresError) {
      return try result.get()
    } catch {
      throw ClaimSourceError(message: "\(name): \(error.message)")
    }
  }
}

/// The statements, and what is made of the rows.
struct DumpTableQuery: Sendable {
  var table: String
  /// Empty for all.
  var tenants: Set<TenantID>

  private static let required = ["tenant_id", "timeline_id", "timeline_start_lsn", "backup_lsn"]
  private static let optional = [
    "sk_id", "is_cancelled", "commit_lsn", "flush_lsn", "disk_backup_lsn", "disk_commit_lsn", "disk_term",
  ]
  static let fetch = "fetch 4000 from scrubber_timelines"

  /// - Parameter columns: Those that the table has.
  func declaration(columns: [String], quotedTable: String) throws(PostgresError) -> String {
    let missing = Self.required.filter { !columns.contains($0) }
    guard missing.isEmpty else {
      throw PostgresError(message: "the table lacks \(missing.joined(separator: ", "))")
    }
    let ids = ["lower(tenant_id::text)", "lower(timeline_id::text)"]
    let values = (Self.required.dropFirst(2) + Self.optional).map {
      columns.contains($0) ? "\($0)::text" : "null"
    }
    let ofTenants = tenants.map { "'\($0)'" }.sorted().joined(separator: ", ")
    let filter = tenants.isEmpty ? "" : " where \(ids[0]) in (\(ofTenants))"
    return "declare scrubber_timelines no scroll cursor for select \((ids + values).joined(separator: ", ")) "
      + "from \(quotedTable)\(filter) order by \(ids.map { "\($0) collate \"C\"" }.joined(separator: ", "))"
  }

  /// Nil if the row is not that of a timeline; then `problem` says why.
  func row(_ row: borrowing PostgresRow, problem: inout String) -> SafekeeperRow? {
    guard let tenant = TenantID(row.text(0) ?? ""), let timeline = TimelineID(row.text(1) ?? "") else {
      problem = "tenant_id and timeline_id are no ids: \(row.text(0) ?? "NULL") \(row.text(1) ?? "NULL")"
      return nil
    }
    var result = SafekeeperRow(tenant: tenant, timeline: timeline)
    var lsns: [Lsn] = []
    for column in [2, 3, 6, 7, 8, 9] {
      guard let text = row.text(column) else {
        lsns.append(.invalid)
        continue
      }
      guard let lsn = Lsn(text) else {
        problem = "timeline \(tenant)/\(timeline): \"\(text)\" is no LSN"
        return nil
      }
      lsns.append(lsn)
    }
    result.start = lsns[0]
    result.backup = max(lsns[1], lsns[4])
    result.commit = max(lsns[2], lsns[5])
    result.flush = lsns[3]
    result.node = row.text(4).flatMap(UInt64.init).map { NodeID($0) }
    result.isCancelled = ["t", "true"].contains(row.text(5) ?? "")
    result.term = row.text(10).flatMap(UInt64.init) ?? 0
    return result
  }
}

/// The thread that talks to the database. It fetches only when it is asked.
private final class DatabaseThread: @unchecked Sendable {
  typealias Answer = Result<ClaimBatch?, PostgresError>

  private struct State {
    var waiting: CheckedContinuation<Answer, Never>?
    var isStopped = false
    /// What every further question is answered.
    var end: Answer?
  }

  private let connectionString: String
  private let query: DumpTableQuery
  private let limits: PostgresConnection.Limits
  private let state = Mutex(State())
  /// A byte in the first pipe ends the work, one in the second asks for rows.
  private let stopPipe: (read: Int32, write: Int32)
  private let askPipe: (read: Int32, write: Int32)
  private var folder = ClaimFolder()
  private var last: SafekeeperRow?
  private var badRowCount = 0

  /// Rows that are no timelines are told one by one up to here.
  private static let maxBadRows = 100
  private static let cancelled = Answer.failure(PostgresError(message: "the work was cancelled"))

  init?(_ connectionString: String, _ query: DumpTableQuery, _ limits: PostgresConnection.Limits) {
    self.connectionString = connectionString
    self.query = query
    self.limits = limits
    var ends: [Int32] = [-1, -1, -1, -1]
    let areOpen = ends.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return false }
      return pipe(base) == 0 && pipe(base + 2) == 0
    }
    for end in ends where end >= 0 { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    stopPipe = (ends[0], ends[1])
    askPipe = (ends[2], ends[3])
    guard areOpen else { return nil }
    guard SystemThread.start({ self.run() }) else { return nil }
  }

  deinit {
    for file in [stopPipe.read, stopPipe.write, askPipe.read, askPipe.write] where file >= 0 { close(file) }
  }

  func ask(_ continuation: CheckedContinuation<Answer, Never>) {
    let answer = state.withLock { state -> Answer? in
      if let end = state.end { return end }
      if state.isStopped { return Self.cancelled }
      state.waiting = continuation
      return nil
    }
    if let answer { continuation.resume(returning: answer) } else { Self.poke(askPipe.write) }
  }

  /// Ends the work; may be called from anywhere, more than once.
  func stop() {
    state.withLock { $0.isStopped = true }
    Self.poke(stopPipe.write)
    answer(Self.cancelled)
  }

  private static func poke(_ file: Int32) {
    var byte: UInt8 = 1
    // A pipe that is full says the same already.
    _ = write(file, &byte, 1)
  }

  private func answer(_ answer: Answer) {
    let waiting = state.withLock { state in
      defer { state.waiting = nil }
      return state.waiting
    }
    waiting?.resume(returning: answer)
  }

  // MARK: The thread

  private func run() {
    let end: Answer
    do throws(PostgresError) {
      try work()
      end = .success(nil)
    } catch {
      end = .failure(error)
    }
    state.withLock { $0.end = end }
    answer(end)
  }

  private func work() throws(PostgresError) {
    let connection = try PostgresConnection.open(connectionString, wakeUp: stopPipe.read, limits: limits)
    try connection.run("begin transaction isolation level repeatable read read only")
    // What the connection string or the server says of time-outs counts; else a statement may take ten minutes.
    let timeout = limits.statement.components.seconds * 1000
    try connection.run(
      "select set_config('statement_timeout', '\(timeout)', true) where current_setting('statement_timeout') = '0'"
    )
    // The scan may take its time between two fetches.
    try connection.run("set local idle_in_transaction_session_timeout = 0")
    let columns = try connection.columns(of: query.table)
    try connection.run(
      try query.declaration(columns: columns, quotedTable: try connection.identifier(query.table))
    )
    while try waitForQuestion() {
      let (batch, isEnd) = try fetch(connection)
      answer(.success(batch))
      if isEnd { break }
    }
    try connection.run("rollback")
  }

  private func fetch(_ connection: borrowing PostgresConnection) throws(PostgresError) -> (ClaimBatch, Bool) {
    var batch = ClaimBatch()
    var count = 0
    try connection.run(DumpTableQuery.fetch) { row throws(PostgresError) in
      count += 1
      var problem = ""
      guard let row = query.row(row, problem: &problem) else {
        badRowCount += 1
        if badRowCount <= Self.maxBadRows {
          batch.findings.append(Finding(.walClaimInvalid, message: problem))
        }
        return
      }
      if let last, row < last {
        throw PostgresError(message: "the rows do not come in the order of their ids")
      }
      last = row
      folder.add(row)
    }
    batch.claims = folder.take(atEnd: count == 0)
    return (batch, count == 0)
  }

  /// Sleeps until there is a question; false if the work is to end.
  private func waitForQuestion() throws(PostgresError) -> Bool {
    while true {
      var files = [
        pollfd(fd: stopPipe.read, events: Int16(POLLIN), revents: 0),
        pollfd(fd: askPipe.read, events: Int16(POLLIN), revents: 0),
      ]
      let count = poll(&files, 2, -1)
      if count < 0, errno == EINTR { continue }
      if count < 0 { throw PostgresError(message: String(cString: strerror(errno))) }
      if files[0].revents != 0 { return false }
      var byte: UInt8 = 0
      if files[1].revents != 0, read(askPipe.read, &byte, 1) == 1 { return true }
    }
  }
}

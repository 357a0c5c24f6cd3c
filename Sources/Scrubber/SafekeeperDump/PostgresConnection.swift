import CPostgres
import Glibc

/// Why the database gave no answer. Never holds a password.
struct PostgresError: Error, Sendable, Equatable {
  var message: String
}

/// A connection to PostgreSQL by libpq, for one thread, which it never blocks for longer than it is told: each wait
/// ends when `wakeUp` becomes readable.
struct PostgresConnection: ~Copyable {
  /// Longest times to wait.
  struct Limits: Sendable {
    /// For a connection, unless the connection string has `connect_timeout`.
    var connect = Duration.seconds(15)
    /// For the answer to a statement.
    var statement = Duration.seconds(600)
  }

  private let connection: OpaquePointer
  private let wakeUp: Int32
  private let limits: Limits
  private let secrets: [String]

  deinit { PQfinish(connection) }

  /// Connects.
  ///
  /// - Parameters:
  ///   - connectionString: `key=value …` or a URL, as libpq reads them; the environment says the rest.
  ///   - wakeUp: a file that becomes readable when the work is to end.
  static func open(
    _ connectionString: String,
    wakeUp: Int32,
    limits: Limits = Limits()
  ) throws(PostgresError) -> PostgresConnection {
    var limits = limits
    let options = try ConnectionOptions(connectionString)
    if let seconds = options.connectTimeout { limits.connect = .seconds(seconds) }
    let names = ["dbname", "fallback_application_name", nil].map { $0.flatMap { strdup($0) } }
    let values = [connectionString, "scrubber", nil].map { $0.flatMap { strdup($0) } }
    defer { for text in names + values { free(text) } }
    let started = PQconnectStartParams(
      names.map { $0.map { UnsafePointer($0) } },
      values.map { $0.map { UnsafePointer($0) } },
      1
    )
    guard let started else { throw PostgresError(message: "libpq has no memory") }
    let connection = PostgresConnection(started, wakeUp, limits, options.secrets)
    try connection.finishConnecting()
    return connection
  }

  private init(_ connection: OpaquePointer, _ wakeUp: Int32, _ limits: Limits, _ secrets: [String]) {
    self.connection = connection
    self.wakeUp = wakeUp
    self.limits = limits
    self.secrets = secrets
    // Notices would go to standard error.
    PQsetNoticeProcessor(connection, { _, _ in }, nil)
  }

  private func finishConnecting() throws(PostgresError) {
    let deadline = ContinuousClock.now + limits.connect
    var state = PGRES_POLLING_WRITING
    while state != PGRES_POLLING_OK {
      guard state != PGRES_POLLING_FAILED, PQstatus(connection) != CONNECTION_BAD else { throw failure() }
      try wait(for: state == PGRES_POLLING_READING ? POLLIN : POLLOUT, until: deadline, "connecting")
      state = PQconnectPoll(connection)
    }
  }

  // MARK: Statements

  /// Runs one statement to its end and hands each row of its result to `body`.
  func run(_ statement: String, _ body: (borrowing PostgresRow) throws(PostgresError) -> Void = { _ in })
    throws(PostgresError)
  {
    guard PQsendQuery(connection, statement) == 1 else { throw failure() }
    let deadline = ContinuousClock.now + limits.statement
    var problem: PostgresError?
    while true {
      while PQflush(connection) == 1 { try wait(for: POLLOUT, until: deadline, "a statement") }
      while PQisBusy(connection) == 1 {
        try wait(for: POLLIN, until: deadline, "the answer to a statement")
        guard PQconsumeInput(connection) == 1 else { throw failure() }
      }
      guard let result = PQgetResult(connection) else { break }
      defer { PQclear(result) }
      switch PQresultStatus(result) {
      case PGRES_TUPLES_OK:
        for number in 0..<PQntuples(result) where problem == nil {
          do throws(PostgresError) {
            try body(PostgresRow(result: result, number: number))
          } catch {
            problem = error
          }
        }
      case PGRES_COMMAND_OK: break
      default: problem = problem ?? PostgresError(message: clean(PQresultErrorMessage(result)))
      }
    }
    if let problem { throw problem }
  }

  /// The names of a table's columns.
  func columns(of table: String) throws(PostgresError) -> [String] {
    guard PQsendQuery(connection, "select * from \(try identifier(table)) limit 0") == 1 else {
      throw failure()
    }
    let deadline = ContinuousClock.now + limits.statement
    var names: [String] = []
    var problem: PostgresError?
    while true {
      while PQisBusy(connection) == 1 {
        try wait(for: POLLIN, until: deadline, "the columns of the table")
        guard PQconsumeInput(connection) == 1 else { throw failure() }
      }
      guard let result = PQgetResult(connection) else { break }
      defer { PQclear(result) }
      guard PQresultStatus(result) == PGRES_TUPLES_OK else {
        problem = PostgresError(message: clean(PQresultErrorMessage(result)))
        continue
      }
      for number in 0..<PQnfields(result) {
        if let name = PQfname(result, number) { names.append(String(cString: name)) }
      }
    }
    if let problem { throw problem }
    return names
  }

  /// A name in quotes, as it may stand in a statement.
  func identifier(_ name: String) throws(PostgresError) -> String {
    guard let quoted = name.withCString({ PQescapeIdentifier(connection, $0, strlen($0)) }) else {
      throw failure()
    }
    defer { PQfreemem(quoted) }
    return String(cString: quoted)
  }

  // MARK: Waiting and failing

  private func wait(
    for event: Int32,
    until deadline: ContinuousClock.Instant,
    _ what: String
  ) throws(PostgresError) {
    while true {
      let left = (deadline - ContinuousClock.now).components.seconds
      guard left >= 0 else { throw PostgresError(message: "waited too long for \(what)") }
      var files = [
        pollfd(fd: PQsocket(connection), events: Int16(event), revents: 0),
        pollfd(fd: wakeUp, events: Int16(POLLIN), revents: 0),
      ]
      let count = poll(&files, 2, Int32(clamping: left * 1000 + 1000))
      if files[1].revents != 0 { throw PostgresError(message: "the work was cancelled") }
      if count > 0 { return }
      if count < 0, errno != EINTR { throw PostgresError(message: String(cString: strerror(errno))) }
    }
  }

  private func failure() -> PostgresError { PostgresError(message: clean(PQerrorMessage(connection))) }

  /// The message in one line, without what must not be shown.
  private func clean(_ message: UnsafePointer<CChar>?) -> String {
    var text = message.map { String(cString: $0) } ?? "no reason is given"
    for secret in secrets { text = text.replacing(secret, with: "***") }
    return text.split(whereSeparator: \.isNewline).map { $0.drop { $0 == " " || $0 == "\t" } }.joined(
      separator: "; "
    )
  }
}

/// A row of a result, valid as long as the call it is handed to.
struct PostgresRow: ~Copyable {
  fileprivate let result: OpaquePointer
  fileprivate let number: Int32

  /// The text of a column; nil for NULL.
  func text(_ column: Int) -> String? {
    let column = Int32(clamping: column)
    guard PQgetisnull(result, number, column) == 0, let value = PQgetvalue(result, number, column) else {
      return nil
    }
    let bytes = UnsafeRawBufferPointer(start: value, count: Int(PQgetlength(result, number, column)))
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// What a connection string says that is needed here.
private struct ConnectionOptions {
  var secrets: [String] = []
  var connectTimeout: Int?

  /// The least that can be told from a word of a message.
  private static let shortestSecret = 3

  init(_ connectionString: String) throws(PostgresError) {
    var message: UnsafeMutablePointer<CChar>?
    guard let options = PQconninfoParse(connectionString, &message) else {
      // libpq's message repeats parts of the string, maybe the password.
      PQfreemem(message)
      throw PostgresError(message: "the connection string is none that libpq understands")
    }
    defer { PQconninfoFree(options) }
    for number in 0... {
      guard let keyword = options[number].keyword else { break }
      guard let value = options[number].val.map({ String(cString: $0) }), !value.isEmpty else { continue }
      switch String(cString: keyword) {
      case "password", "sslpassword": secrets.append(value)
      case "connect_timeout": connectTimeout = Int(value).flatMap { $0 > 0 ? min($0, 86_400) : nil }
      default: break
      }
    }
    if let password = getenv("PGPASSWORD") { secrets.append(String(cString: password)) }
    secrets.removeAll { $0.utf8.count < Self.shortestSecret }
  }
}

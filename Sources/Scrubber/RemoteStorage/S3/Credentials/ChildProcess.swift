import Dispatch
@preconcurrency import Glibc

/// A program that is run for what it says on its standard output. No shell comes between.
///
/// | of the program | is |
/// |---|---|
/// | name | looked for in `PATH`, unless it has a slash |
/// | environment | ours |
/// | standard input | empty |
/// | standard output | the result, up to a limit |
/// | standard error | its first bytes are kept, the rest is thrown away |
/// | session | its own: it cannot ask on the terminal, and what it started can be ended with it |
///
/// It ends when the program does, whoever may still hold the other ends of its pipes.
enum ChildProcess {
  enum Ending: Equatable, Sendable {
    case exited(CInt)
    case killed(signal: CInt)
  }

  enum Failure: Error, Equatable, Sendable {
    case system(SystemCallError)
    case timedOut
    case tooMuchOutput
  }

  struct Result: Sendable {
    var ending: Ending
    var output: [UInt8]
    var errorOutput: [UInt8]
  }

  private static let errorOutputLimit = 4 << 10
  /// What is read of one pipe before the clock is looked at again.
  private static let turnLimit = 64 << 10
  /// `POSIX_SPAWN_SETSID` of Linux, which the C library's headers show to GNU sources only.
  private static let ownSession: CShort = 0x80

  static func run(_ words: [String], outputLimit: Int, timeout: Duration) async throws(Failure) -> Result {
    // Waiting blocks a thread, which must not be one of those that tasks run on.
    let result: Swift.Result<Result, Failure> = await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        do throws(Failure) {
          let result = try runAndWait(words, outputLimit: outputLimit, timeout: timeout)
          continuation.resume(returning: .success(result))
        } catch {
          continuation.resume(returning: .failure(error))
        }
      }
    }
    return try result.get()
  }

  private static func runAndWait(
    _ words: [String],
    outputLimit: Int,
    timeout: Duration
  ) throws(Failure) -> Result {
    let deadline = ContinuousClock.now + timeout
    let output = try Pipe.make()
    let errorOutput = try Pipe.make()
    let child = try spawn(words, output: output.writing.number, errorOutput: errorOutput.writing.number)
    let reading = output.closeWriting()
    let errorReading = errorOutput.closeWriting()
    var result = Result(ending: .exited(0), output: [], errorOutput: [])
    while true {
      var files = [
        pollfd(fd: reading.number, events: CShort(POLLIN), revents: 0),
        pollfd(fd: errorReading.number, events: CShort(POLLIN), revents: 0),
      ]
      // Wakes up for output; the time is for the end of the program, which no pipe tells.
      poll(&files, 2, 20)
      let ending = reap(child)
      let isAny = drain(reading, into: &result.output, limit: outputLimit + 1)
      _ = drain(errorReading, into: &result.errorOutput, limit: errorOutputLimit)
      guard result.output.count <= outputLimit else {
        if ending == nil { end(child) }
        throw .tooMuchOutput
      }
      if let ending {
        result.ending = ending
        return result
      }
      guard ContinuousClock.now < deadline else {
        end(child)
        throw .timedOut
      }
      // Pipes that the program has closed are always ready.
      if !isAny { usleep(2000) }
    }
  }

  // MARK: Pipes

  private struct Pipe: ~Copyable {
    let reading: FileDescriptor
    let writing: FileDescriptor

    static func make() throws(Failure) -> Pipe {
      var ends: [CInt] = [-1, -1]
      try check("make a pipe") { pipe(&ends) }
      let (first, second) = (ends[0], ends[1])
      defer {
        close(first)
        close(second)
      }
      let reading = try moved(first)
      let writing = try moved(second)
      let number = reading.number
      try check("set up a pipe") { fcntl(number, F_SETFL, O_NONBLOCK) }
      return Pipe(reading: reading, writing: writing)
    }

    /// A copy that the program does not inherit, and whose number is none of those that it is to have.
    private static func moved(_ end: CInt) throws(Failure) -> FileDescriptor {
      do throws(SystemCallError) {
        return FileDescriptor(
          number: try SystemCallError.check("set up a pipe") { fcntl(end, F_DUPFD_CLOEXEC, 3) }
        )
      } catch {
        throw .system(error)
      }
    }

    /// The end to read from, once the program has the other.
    consuming func closeWriting() -> FileDescriptor { reading }
  }

  private static func check(_ attempt: String, _ body: () -> CInt) throws(Failure) {
    do throws(SystemCallError) { _ = try SystemCallError.check(attempt, body) } catch { throw .system(error) }
  }

  /// Takes what is there; beyond `limit` it is thrown away. Returns whether there was something.
  private static func drain(_ file: borrowing FileDescriptor, into bytes: inout [UInt8], limit: Int) -> Bool {
    var chunk = [UInt8](repeating: 0, count: 4096)
    var count = 0
    while count < turnLimit {
      let got = read(file.number, &chunk, chunk.count)
      if got < 0, errno == EINTR { continue }
      guard got > 0 else { break }
      count += got
      bytes += chunk[..<min(got, max(0, limit - bytes.count))]
    }
    return count > 0
  }

  // MARK: The program

  private static func spawn(
    _ words: [String],
    output: CInt,
    errorOutput: CInt
  ) throws(Failure) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
    posix_spawn_file_actions_adddup2(&actions, errorOutput, STDERR_FILENO)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    for signal in [SIGPIPE, SIGINT, SIGTERM, SIGHUP] { sigaddset(&signals, signal) }
    posix_spawnattr_setsigdefault(&attributes, &signals)
    let flags = ownSession | CShort(POSIX_SPAWN_SETSIGMASK) | CShort(POSIX_SPAWN_SETSIGDEF)
    posix_spawnattr_setflags(&attributes, flags)
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    guard let program = arguments[0] else {
      throw .system(SystemCallError(attempt: "run a program without a name", code: EINVAL))
    }
    var child = pid_t()
    let code = posix_spawnp(&child, program, &actions, &attributes, &arguments, environ)
    guard code == 0 else { throw .system(SystemCallError(attempt: "run the program", code: code)) }
    return child
  }

  /// How the program ended; nil while it runs.
  private static func reap(_ child: pid_t) -> Ending? {
    var status: CInt = 0
    let found = waitpid(child, &status, WNOHANG)
    // Whoever took the status away from us, the program is no more.
    if found < 0 { return errno == EINTR ? nil : .exited(-1) }
    guard found == child else { return nil }
    return status & 0x7f == 0 ? .exited(status >> 8 & 0xff) : .killed(signal: status & 0x7f)
  }

  /// Ends the program and what it started.
  private static func end(_ child: pid_t) {
    kill(-child, SIGKILL)
    // In the moment before it has its own session.
    kill(child, SIGKILL)
    var status: CInt = 0
    while waitpid(child, &status, 0) < 0, errno == EINTR {}
  }
}

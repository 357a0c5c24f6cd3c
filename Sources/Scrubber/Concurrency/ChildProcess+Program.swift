@preconcurrency import Glibc

/// Starting and ending a program, with pipes to and from it.
extension ChildProcess {
  /// `POSIX_SPAWN_SETSID` of Linux, which the C library's headers show to GNU sources only.
  private static let ownSession: CShort = 0x80

  // MARK: Pipes

  struct Pipe: ~Copyable {
    enum End { case reading, writing }

    let reading: FileDescriptor
    let writing: FileDescriptor

    /// - Parameter mine: the end that stays here, which does not block.
    static func make(mine: End = .reading) throws(Failure) -> Pipe {
      var ends: [CInt] = [-1, -1]
      try check("make a pipe") { pipe(&ends) }
      let (first, second) = (ends[0], ends[1])
      defer {
        close(first)
        close(second)
      }
      let reading = try moved(first)
      let writing = try moved(second)
      let number = mine == .reading ? reading.number : writing.number
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

    /// The end to write to, once the program has the other.
    consuming func closeReading() -> FileDescriptor { writing }
  }

  static func check(_ attempt: String, _ body: () -> CInt) throws(Failure) {
    do throws(SystemCallError) { _ = try SystemCallError.check(attempt, body) } catch { throw .system(error) }
  }

  // MARK: The program

  /// - Parameters:
  ///   - input: what it reads; nothing if nil.
  ///   - environment: `NAME=value`; ours if nil.
  static func spawn(
    _ words: [String],
    input: CInt? = nil,
    output: CInt,
    errorOutput: CInt,
    environment: [String]? = nil
  ) throws(Failure) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    if let input {
      posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
    } else {
      posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    }
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
    var variables: [UnsafeMutablePointer<CChar>?] = (environment ?? []).map { strdup($0) } + [nil]
    defer { for variable in variables { free(variable) } }
    let code =
      environment == nil
      ? posix_spawnp(&child, program, &actions, &attributes, &arguments, environ)
      : posix_spawnp(&child, program, &actions, &attributes, &arguments, &variables)
    guard code == 0 else { throw .system(SystemCallError(attempt: "run the program", code: code)) }
    return child
  }

  /// How the program ended; nil while it runs.
  static func reap(_ child: pid_t) -> Ending? {
    var status: CInt = 0
    let found = waitpid(child, &status, WNOHANG)
    // Whoever took the status away from us, the program is no more.
    if found < 0 { return errno == EINTR ? nil : .exited(-1) }
    guard found == child else { return nil }
    return status & 0x7f == 0 ? .exited(status >> 8 & 0xff) : .killed(signal: status & 0x7f)
  }

  /// Ends the program and what it started.
  static func end(_ child: pid_t) {
    kill(-child, SIGKILL)
    // In the moment before it has its own session.
    kill(child, SIGKILL)
    var status: CInt = 0
    while waitpid(child, &status, 0) < 0, errno == EINTR {}
  }
}

import Engine
@preconcurrency import Glibc
import IndexFormat
import Synchronization

/// A program that replays records, and one thread that speaks with it: `postgres --wal-redo`, or `scrubber wal-redo`.
///
/// Requests are written as they come, without waiting for the pages of earlier ones; pages come back in the order of the
/// requests. The thread writes and reads whatever the pipes take and give, so neither side waits for the other for good.
///
/// The conversation is over with the first thing that goes wrong (a page that does not come in time, the end of the
/// program): nobody could say whose page the next bytes are. All who wait are told why, and so is whoever asks later.
/// The program runs until then, or until `close`.
final class RedoProcess: Sendable {
  /// How the program is started.
  struct Program: Sendable, Equatable {
    /// Its name and arguments.
    var words: [String]
    /// `NAME=value`; no others are set.
    var environment: [String] = []
    /// How long a page may take, from when it was asked for.
    var timeout: Duration = .seconds(60)
  }

  /// Why no page came.
  enum Failure: Error, Equatable, Sendable {
    case system(SystemCallError)
    /// The program ended before it gave the page; what it said on standard error.
    case ended(ChildProcess.Ending?, message: String)
    case timedOut(Duration)
    /// Nobody wants pages any more.
    case closed
  }

  private struct Request {
    var bytes: [UInt8]
    var deadline: ContinuousClock.Instant
    var continuation: Continuation
  }

  private struct Shared {
    var unsent: [Request] = []
    var failure: Failure?
  }

  private let program: Program
  private let child: pid_t
  private let shared = Mutex(Shared())
  /// Written to when there is something for the thread to do.
  private let wakeUp: WakeUp

  fileprivate typealias Continuation = CheckedContinuation<Result<[UInt8], Failure>, Never>

  static let pageByteCount = 8192
  private static let messageLimit = 4 << 10

  init(_ program: Program) throws(Failure) {
    self.program = program
    let pipes: Pipes
    do throws(ChildProcess.Failure) {
      wakeUp = try WakeUp()
      let input = try ChildProcess.Pipe.make(mine: .writing)
      let output = try ChildProcess.Pipe.make()
      let errorOutput = try ChildProcess.Pipe.make()
      child = try ChildProcess.spawn(
        program.words,
        input: input.reading.number,
        output: output.writing.number,
        errorOutput: errorOutput.writing.number,
        environment: program.environment
      )
      pipes = Pipes(
        input: input.closeReading().release(),
        output: output.closeWriting().release(),
        errorOutput: errorOutput.closeWriting().release()
      )
    } catch {
      guard case .system(let error) = error else { throw .closed }
      throw .system(error)
    }
    let conversation = Conversation(pipes: pipes, wakeUp: wakeUp, program: program)
    guard SystemThread.start({ [self] in run(conversation) }) else {
      ChildProcess.end(child)
      pipes.close()
      throw .system(SystemCallError(attempt: "start a thread", code: EAGAIN))
    }
  }

  /// Ends the program. Who still waits gets `Failure.closed`.
  func close() {
    shared.withLock { $0.failure = $0.failure ?? .closed }
    wakeUp.signal()
  }

  /// The page that records lead to.
  ///
  /// - Parameter page: 8192 bytes, if there is a page below the records.
  func page(
    of block: RedoBlock,
    _ page: [UInt8]?,
    _ records: [(lsn: Lsn, bytes: [UInt8])]
  ) async throws(Failure) -> [UInt8] {
    try await answer(to: RedoRequest.messages(for: block, page, records))
  }

  /// Returns when the program has answered.
  func ping() async throws(Failure) { _ = try await answer(to: RedoRequest.ping) }

  private func answer(to messages: [UInt8]) async throws(Failure) -> [UInt8] {
    let deadline = ContinuousClock.now + program.timeout
    let result: Result<[UInt8], Failure> = await withCheckedContinuation { continuation in
      let request = Request(bytes: messages, deadline: deadline, continuation: continuation)
      let failure = shared.withLock { shared in
        if shared.failure == nil { shared.unsent.append(request) }
        return shared.failure
      }
      if let failure { continuation.resume(returning: .failure(failure)) } else { wakeUp.signal() }
    }
    return try result.get()
  }
}

// MARK: The thread

extension RedoProcess {
  fileprivate struct Pipes: Sendable {
    var input: CInt
    var output: CInt
    var errorOutput: CInt

    func close() { for number in [input, output, errorOutput] { Glibc.close(number) } }
  }

  /// What only the thread knows.
  fileprivate struct Conversation: Sendable {
    var pipes: Pipes
    var wakeUp: WakeUp
    var program: Program
    /// Requests whose pages have not come, in their order.
    var waiting: [(deadline: ContinuousClock.Instant, continuation: Continuation)] = []
    var unsent: [UInt8] = []
    /// How much of that was written.
    var written = 0
    var page: [UInt8] = []
    var message: [UInt8] = []
  }

  private func run(_ conversation: Conversation) {
    var conversation = conversation
    var failure: Failure?
    while failure == nil { failure = turn(&conversation) }
    // The number of a program that is gone may be another's already.
    if case .ended(.some, _) = failure {} else { ChildProcess.end(child) }
    let reason = shared.withLock { shared in
      let reason = shared.failure ?? failure ?? .closed
      shared.failure = reason
      let requests = shared.unsent
      shared.unsent = []
      conversation.waiting += requests.map { ($0.deadline, $0.continuation) }
      return reason
    }
    conversation.pipes.close()
    for request in conversation.waiting { request.continuation.resume(returning: .failure(reason)) }
  }

  /// How the program ended, once its output did.
  private func ending(within milliseconds: Int) -> ChildProcess.Ending? {
    for _ in 0..<milliseconds {
      if let ending = ChildProcess.reap(child) { return ending }
      usleep(1000)
    }
    return nil
  }

  /// Waits until there is something to do, and does it.
  private func turn(_ conversation: inout Conversation) -> Failure? {
    let pipes = conversation.pipes
    var files = [
      pollfd(fd: wakeUp.number, events: CShort(POLLIN), revents: 0),
      pollfd(fd: pipes.output, events: CShort(POLLIN), revents: 0),
      pollfd(fd: pipes.errorOutput, events: CShort(POLLIN), revents: 0),
      pollfd(fd: conversation.unsent.isEmpty ? -1 : pipes.input, events: CShort(POLLOUT), revents: 0),
    ]
    poll(&files, nfds_t(files.count), conversation.patience)
    wakeUp.reset()
    let closed = shared.withLock { shared in
      for request in shared.unsent {
        conversation.unsent += request.bytes
        conversation.waiting.append((request.deadline, request.continuation))
      }
      shared.unsent.removeAll(keepingCapacity: true)
      return shared.failure
    }
    if let closed { return closed }
    if files[2].revents != 0 { conversation.readMessage(limit: Self.messageLimit) }
    if files[1].revents != 0, !conversation.readPages() {
      conversation.readMessage(limit: Self.messageLimit)
      return .ended(ending(within: 500), message: conversation.messageText)
    }
    if let failure = conversation.write() { return failure }
    guard let first = conversation.waiting.first, first.deadline <= .now else { return nil }
    return .timedOut(program.timeout)
  }
}

extension RedoProcess.Conversation {
  /// Milliseconds until a page is late; -1 if none is awaited.
  fileprivate var patience: CInt {
    guard let first = waiting.first else { return -1 }
    return CInt(clamping: max(0, (first.deadline - .now).wholeMilliseconds) + 1)
  }

  fileprivate var messageText: String {
    String(decoding: message, as: UTF8.self).split(separator: "\n").joined(separator: "; ")
  }

  /// Reads pages for those that wait. False if the program gives no more, or one that nobody asked for.
  fileprivate mutating func readPages() -> Bool {
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = read(pipes.output, &chunk, chunk.count)
      if count < 0 { return errno == EAGAIN || errno == EINTR }
      guard count > 0 else { return false }
      var rest = chunk[..<count]
      while !rest.isEmpty {
        let part = rest.prefix(RedoProcess.pageByteCount - page.count)
        page += part
        rest = rest.dropFirst(part.count)
        guard page.count == RedoProcess.pageByteCount else { continue }
        guard !waiting.isEmpty else { return false }
        waiting.removeFirst().continuation.resume(returning: .success(page))
        page.removeAll(keepingCapacity: true)
      }
    }
  }

  /// Keeps the beginning of what the program says on standard error.
  fileprivate mutating func readMessage(limit: Int) {
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = read(pipes.errorOutput, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return }
      message += chunk[..<min(count, max(0, limit - message.count))]
    }
  }

  /// Writes as much as the pipe takes.
  fileprivate mutating func write() -> RedoProcess.Failure? {
    while written < unsent.count {
      let (count, code) = unsent.withUnsafeBytes { bytes in
        (Glibc.write(pipes.input, bytes.baseAddress.map { $0 + written }, bytes.count - written), errno)
      }
      switch (count, code) {
      case (0..., _): written += count
      case (_, EINTR): continue
      case (_, EAGAIN): return nil
      // What the program's output says is the reason.
      case (_, EPIPE): written = unsent.count
      default: return .system(SystemCallError(attempt: "write to the program", code: code))
      }
    }
    unsent.removeAll(keepingCapacity: true)
    written = 0
    return nil
  }
}

extension RedoProcess.Failure: CustomStringConvertible {
  var description: String {
    switch self {
    case .system(let error): "\(error)"
    case .ended(let ending, let message):
      "the program that replays records "
        + (ending.map { "\($0)" } ?? "closed its output, or gave more than it was asked for")
        + (message.isEmpty ? "" : ": \(message)")
    case .timedOut(let timeout): "the program that replays records gave no page within \(timeout)"
    case .closed: "the program that replays records was ended"
    }
  }
}

extension ChildProcess.Ending: CustomStringConvertible {
  var description: String {
    switch self {
    case .exited(let code): "ended with exit code \(code)"
    case .killed(let signal): "was ended by signal \(signal)"
    }
  }
}

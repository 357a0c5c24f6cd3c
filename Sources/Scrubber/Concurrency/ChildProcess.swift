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
}

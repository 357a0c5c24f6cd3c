import Dispatch
import Glibc
import Synchronization

/// SIGINT and SIGTERM: the first one asks the work to stop and report, the second ends the program at once.
enum Signals {
  /// From now on writing to a closed pipe is an error of the call instead of the end of the program.
  static func ignoreBrokenPipes() {
    signal(SIGPIPE, SIG_IGN)
  }

  /// Calls `stop` at the first signal. The handlers live as long as the result.
  static func onInterrupt(_ stop: @escaping @Sendable () -> Void) -> [any DispatchSourceSignal] {
    let count = SignalCount()
    return [SIGINT, SIGTERM].map { number in
      // The source only hears of signals that do not end the program first.
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        if count.next() == 1 {
          stop()
        } else {
          _exit(ExitCode.interrupted.rawValue)
        }
      }
      source.resume()
      return source
    }
  }
}

/// How many signals came; the handlers of both may run at the same time.
private final class SignalCount: Sendable {
  private let count = Mutex(0)

  func next() -> Int {
    count.withLock { count in
      count += 1
      return count
    }
  }
}

import Dispatch
import Glibc
import Synchronization

/// SIGINT and SIGTERM: the first one asks the work to stop and report, the second ends the program at once.
///
/// The handler itself only counts and writes one byte into a pipe, which a handler may do; the work is told
/// by whoever reads the pipe. (A signal source of Dispatch would not do: on Linux an ignored signal never
/// reaches it.)
enum Signals {
  /// From now on writing to a closed pipe, or beyond the largest size of a file, is an error of the call instead of the
  /// end of the program.
  static func ignoreBrokenPipes() {
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
  }

  /// Calls `stop` at the first signal, as long as the result is not cancelled. Nil if the system has no pipe
  /// left: then signals end the program as usual.
  static func onInterrupt(_ stop: @escaping @Sendable () -> Void) -> (any DispatchSourceRead)? {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return nil }
    let (readEnd, writeEnd) = (ends[0], ends[1])
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    signalCount.store(0, ordering: .sequentiallyConsistent)
    signalPipe.store(writeEnd, ordering: .sequentiallyConsistent)
    let source = DispatchSource.makeReadSource(fileDescriptor: readEnd, queue: .global())
    source.setEventHandler {
      var byte: UInt8 = 0
      if read(readEnd, &byte, 1) == 1 { stop() }
    }
    source.setCancelHandler {
      close(readEnd)
      // Whoever came after us may have put its own pipe there.
      _ = signalPipe.compareExchange(expected: writeEnd, desired: -1, ordering: .sequentiallyConsistent)
      close(writeEnd)
    }
    source.activate()
    for number in [SIGINT, SIGTERM] { signal(number, noteSignal) }
    return source
  }
}

private let signalCount = Atomic<Int>(0)
/// The write end of the pipe, or -1. Stored before the handler is installed, so the handler never initialises
/// it.
private let signalPipe = Atomic<Int32>(-1)

private func noteSignal(_: Int32) {
  let earlier = signalCount.add(1, ordering: .sequentiallyConsistent).oldValue
  if earlier > 0 { _exit(ExitCode.interrupted.rawValue) }
  var byte: UInt8 = 0
  // If nobody listens any more the work is over anyway.
  _ = write(signalPipe.load(ordering: .sequentiallyConsistent), &byte, 1)
}

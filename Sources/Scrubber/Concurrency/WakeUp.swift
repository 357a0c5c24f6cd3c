import Glibc

/// Wakes a thread that waits for pipes: one more pipe, which becomes readable.
final class WakeUp: Sendable {
  private let pipe: ChildProcess.Pipe

  init() throws(ChildProcess.Failure) {
    pipe = try ChildProcess.Pipe.make()
    let number = pipe.writing.number
    try ChildProcess.check("set up a pipe") { fcntl(number, F_SETFL, O_NONBLOCK) }
  }

  /// What the thread waits for.
  var number: CInt { pipe.reading.number }

  func signal() {
    var byte: UInt8 = 1
    // A pipe that is full wakes as well.
    _ = write(pipe.writing.number, &byte, 1)
  }

  /// Forgets the signals so far.
  func reset() {
    withUnsafeTemporaryAllocation(byteCount: 256, alignment: 1) { bytes in
      while read(pipe.reading.number, bytes.baseAddress, bytes.count) == bytes.count {}
    }
  }
}

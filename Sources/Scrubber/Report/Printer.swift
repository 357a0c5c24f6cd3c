import Glibc

/// Standard output and standard error: the only place that writes to them.
///
/// A report that cannot be delivered must not look like a success. When the reader of a pipe is gone the
/// program ends quietly with `ExitCode.couldNotFinish`; another failure (a full disk) is told on standard
/// error first. Signals of broken pipes must be ignored, see `Signals`.
struct Printer: OutputSink {
  static let output = Printer(descriptor: STDOUT_FILENO)
  static let error = Printer(descriptor: STDERR_FILENO)

  let descriptor: Int32

  var isTerminal: Bool { isatty(descriptor) == 1 }

  func write(_ bytes: [UInt8]) {
    var written = 0
    while written < bytes.count {
      let (count, reason) = bytes.withUnsafeBytes { buffer in
        let count = Glibc.write(descriptor, buffer.baseAddress?.advanced(by: written), buffer.count - written)
        return (count, errno)
      }
      if count >= 0 {
        written += count
      } else if reason == EAGAIN {
        waitUntilWritable()
      } else if reason != EINTR {
        giveUp(reason)
        return
      }
    }
  }

  /// A shell may hand over a pipe that does not block.
  private func waitUntilWritable() {
    var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    _ = poll(&request, 1, 1000)
  }

  private func giveUp(_ reason: Int32) {
    // Without standard error the rest of the work can still be delivered.
    guard descriptor == STDOUT_FILENO else { return }
    if reason != EPIPE {
      Printer.error.writeLine(
        "scrubber: cannot write to standard output: \(String(cString: strerror(reason)))"
      )
    }
    exit(ExitCode.couldNotFinish.rawValue)
  }
}

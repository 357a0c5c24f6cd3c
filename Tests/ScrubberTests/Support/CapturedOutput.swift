import Synchronization
@testable import Scrubber

/// A sink that keeps what is written.
final class CapturedOutput: OutputSink {
  private let bytes = Mutex<[UInt8]>([])

  func write(_ bytes: [UInt8]) { self.bytes.withLock { $0 += bytes } }

  var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }
}

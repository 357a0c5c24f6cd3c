@testable import Engine
import IndexFormat
import Testing

struct RecordChecksumTests {
  /// Both ways to compute it agree on all lengths about the places where they change their step: stretches of 64 and
  /// of 512 bytes, three side by side.
  @Test func theInstructionAndTheTableAgree() {
    var generator = RepeatableGenerator(seed: Fuzzing.seed)
    let bytes = generator.bytes(9000)
    let lengths =
      Array(0...80) + Array(210...225) + Array(400...420) + Array(1550...1580) + Array(1745...1760)
      + [3096, 3097, 4632, 8192, 9000]
    for length in lengths {
      for start in [0, 1, 5] where start + length <= bytes.count {
        let span = bytes.span.bytes.extracting(start..<start + length)
        #expect(RecordChecksum.value(of: span) == WALRecordHeader.checksum(of: span), "\(length) bytes")
      }
    }
  }
}

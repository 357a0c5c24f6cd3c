import Engine
import IndexFormat
import Testing

/// Damaged values of each kind: read as something that can be written and read again, or refused; never a trap.
struct ValueFuzzTests {
  /// A kind of value: reads bytes and writes what it read.
  struct Kind: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let samples: [[UInt8]]
    let rewrite: @Sendable ([UInt8]) throws(FormatError) -> [UInt8]

    init<Value: StoredValue>(_ name: String, _ type: Value.Type, _ samples: [String]) {
      testDescription = name
      self.samples = samples.map { [UInt8](hex: $0) }
      rewrite = { (bytes) throws(FormatError) in
        var result: [UInt8] = []
        try Value(parsing: bytes.span.bytes).encode(into: &result)
        return result
      }
    }
  }

  static let checkpoint =
    "0000000200000000 01000000 01000000 01000000 01000000 e802000000000000 11600000 01000000 00000000 d8020000 01000000"
    + "01000000 01000000 00000000 5a0a0a6600000000 00000000 00000000 e8020000 00000000"

  static let kinds: [Kind] = [
    Kind(
      "database directory",
      DatabaseDirectory.self,
      ["00000000000000020000067f0000000501000006800000000001"]
    ),
    Kind("relation directory", RelationDirectory.self, ["0000000000000003 0000400003 0000400100 0000400000"]),
    Kind("relation marker", RelationMarker.self, ["72", ""]),
    Kind("SLRU directory", SLRUSegmentDirectory.self, ["0000000000000003 00000010 00000002 00000001"]),
    Kind(
      "two-phase directory",
      TwoPhaseDirectory.self,
      ["0000000000000002000002e5000002e6", "00000000000000010000000a000002e4"]
    ),
    Kind(
      "aux files",
      AuxFilesDirectory.self,
      ["00000000000000010000000000000008666f6f2f626172310000000000000008636f6e74656e7431"]
    ),
    Kind(
      "aux file list",
      AuxFileList.self,
      ["0100000008666f6f2f6261723100000008636f6e74656e743100000001610000000131"]
    ),
    Kind("replication origin", ReplicationOriginValue.self, ["00000000016b5a50"]),
    Kind("block count", BlockCountValue.self, ["0a000000"]),
    Kind("checkpoint", Checkpoint.self, [checkpoint]),
    Kind("control file", ControlFile.self, [controlFile().hex]),
    Kind("relation map", RelationMap.self, [relationMap(15).hex, relationMap(17).hex]),
    Kind(
      "pg_xact page",
      TransactionStatusPage.self,
      [String(repeating: "55", count: 8192) + "0002bcbdfad90614"]
    ),
  ]

  static func relationMap(_ version: UInt32) -> [UInt8] {
    let mappings = (1...20).map { RelationMap.Mapping(relation: $0, fileNumber: $0 + 1000) }
    var bytes: [UInt8] = []
    RelationMap(mappings, layout: RelationMap.Layout(pgVersion: version))?.encode(into: &bytes)
    return bytes
  }

  /// A control file with the checksum that it needs.
  static func controlFile(_ change: (inout [UInt8]) -> Void = { _ in }) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 8192)
    bytes.replaceSubrange(40..<128, with: [UInt8](hex: checkpoint))
    bytes[16] = 1
    change(&bytes)
    let crc = CRC32C.checksum(bytes.span.bytes.extracting(0..<288))
    for index in 0..<4 { bytes[288 + index] = UInt8(truncatingIfNeeded: crc >> UInt32(8 * index)) }
    return bytes
  }

  @Test(arguments: kinds)
  func samplesAreReadAndWritten(kind: Kind) throws {
    for sample in kind.samples {
      let written = try kind.rewrite(sample)
      #expect(written.count == sample.count)
      #expect(try kind.rewrite(written) == written)
    }
  }

  @Test(arguments: kinds)
  func everyTruncationIsRefusedOrAnotherValue(kind: Kind) {
    for sample in kind.samples {
      let step = max(1, sample.count / 1500)
      for count in stride(from: 0, to: sample.count, by: step) { check(kind, Array(sample[..<count])) }
      check(kind, sample + [0])
    }
  }

  @Test(arguments: kinds)
  func countsAboveTheBytesAreRefused(kind: Kind) {
    for sample in kind.samples {
      for place in stride(from: 0, to: min(sample.count, 320), by: 1) {
        for width in [1, 2, 4, 8] where place + width <= sample.count {
          for byte in [0x7f, 0x80, 0xff] as [UInt8] {
            var bytes = sample
            bytes.replaceSubrange(place..<place + width, with: [UInt8](repeating: byte, count: width))
            check(kind, bytes)
          }
        }
      }
    }
  }

  @Test(arguments: kinds)
  func randomDamageIsRefusedOrAnotherValue(kind: Kind) {
    var generator = RepeatableGenerator(seed: Fuzzing.seed)
    for round in 0..<Fuzzing.count(percent: 1) {
      for sample in kind.samples { check(kind, Fuzzing.mutate(sample, &generator), "round \(round)") }
    }
  }

  /// What was read is written so that it is read again as the same.
  private func check(_ kind: Kind, _ bytes: [UInt8], _ comment: Comment? = nil) {
    do throws(FormatError) {
      let written = try kind.rewrite(bytes)
      guard written.count <= bytes.count else {
        Issue.record("\(kind.testDescription): longer than what was read")
        return
      }
      let again = try kind.rewrite(written)
      if again != written { Issue.record(comment ?? "\(bytes.hex)") }
    } catch {
      if error.offset > bytes.count { Issue.record("\(kind.testDescription): \(error)") }
    }
  }

  @Test func controlFileIsGuardedByItsChecksum() {
    let whole = Self.controlFile()
    for offset in 0..<292 {
      var bytes = whole
      bytes[offset] ^= 4
      #expect(
        formatError { () throws(FormatError) in try ControlFile(parsing: bytes.span.bytes) }?.kind
          == .checksumMismatch
      )
    }
    let badFlag = Self.controlFile { $0[56] = 7 }
    let error = formatError { () throws(FormatError) in try ControlFile(parsing: badFlag.span.bytes) }
    #expect(error?.field == "checkPointCopy.fullPageWrites" && error?.offset == 56)
  }

  @Test func checkpointKeepsItsPadding() throws {
    var bytes = [UInt8](hex: Self.checkpoint)
    for offset in [17, 18, 19, 60, 63, 84, 87] { bytes[offset] = UInt8(offset) }
    let checkpoint = try Checkpoint(parsing: bytes.span.bytes)
    #expect(!checkpoint.padding.isZero && checkpoint.fullPageWrites && checkpoint.walLevel == 1)
    #expect(checkpoint.nextTransaction == 0x2e8 && checkpoint.oldestActiveTransaction == 0x2e8)
    var written: [UInt8] = []
    checkpoint.encode(into: &written)
    #expect(written == bytes)
  }
}

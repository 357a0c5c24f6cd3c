import Engine
import IndexFormat
import Testing

/// Real layers with one thing changed. Each change is found, or is of a byte that no check can judge, or changes
/// nothing.
struct LayerDamageTests {
  /// What a byte of a layer file is.
  enum Part: String, CaseIterable {
    case summary, padding, nodeHeader, firstKey, laterKey, position, blobHeader, valueForm, opaque, compressed
  }

  /// The parts of a whole file, byte by byte.
  private static func parts(of file: LayerFile, _ bytes: [UInt8]) throws -> [Part] {
    var parts = [Part](repeating: .padding, count: bytes.count)
    func mark(_ range: Range<Int>, _ part: Part) { for offset in range { parts[offset] = part } }
    let report = try file.object.check(bytes) { entry, value in
      let start = Int(entry.blob.lowerBound)
      let header = bytes[start] < 0x80 ? 1 : 4
      let isCompressed = bytes[start] & 0xf0 == 0x90
      let length =
        header == 1
        ? Int(bytes[start])
        : Int(bytes[start] & 0xf) << 24 | Int(bytes[start + 1]) << 16 | Int(bytes[start + 2]) << 8
          | Int(bytes[start + 3])
      mark(start..<start + header, .blobHeader)
      let body = start + header
      mark(body..<body + length, isCompressed ? .compressed : .opaque)
      guard file.object.name.isDelta else { return }
      // 12 bytes in front of an image; 17 in front of a record of PostgreSQL, whose length is its first field.
      let isImage = bytes[body + 3] == 0
      let isPostgres = !isImage && bytes[body + 7] == 0
      mark(body..<body + (isImage ? 12 : isPostgres ? 21 : 8), .valueForm)
    }
    let summary = try #require(report.summary)
    mark(0..<summary.byteCount, .summary)
    for block in stride(from: Int(summary.indexStart), to: bytes.count, by: 8192) {
      let count = Int(bytes[block]) << 8 | Int(bytes[block + 1])
      let (prefix, suffix) = (Int(bytes[block + 3]), Int(bytes[block + 4]))
      mark(block..<block + 5, .nodeHeader)
      mark(block + 5..<block + 5 + prefix + suffix, .firstKey)
      mark(block + 5 + prefix + suffix..<block + 5 + prefix + count * suffix, .laterKey)
      let values = block + 5 + prefix + count * suffix
      mark(values..<values + 5 * count, .position)
    }
    return parts
  }

  /// Changes of one bit that nothing tells although a value is another one then: how many of 10,000, by part.
  struct Silent: Equatable, CustomStringConvertible {
    var counts: [String: Int]
    var description: String { "\(counts.sorted { $0.key < $1.key })" }
  }

  private static func flips(_ file: LayerFile, depth: LayerCheckDepth, count: Int) throws -> Silent {
    let bytes = try file.bytes()
    let whole = try file.object.values(bytes)
    let parts = try parts(of: file, bytes)
    var generator = RepeatableGenerator(seed: 42)
    var silent = Silent(counts: [:])
    for _ in 0..<count {
      let place = generator.below(bytes.count)
      var damaged = bytes
      damaged[place] ^= 1 << UInt8(generator.below(8))
      var seen: [SeenValue] = []
      let report = try file.object.check(damaged, depth: depth) { seen.append(SeenValue($0, $1)) }
      #expect(report.coverage.total == UInt64(bytes.count))
      if report.findings.isEmpty, seen != whole { silent.counts[parts[place].rawValue, default: 0] += 1 }
      // A compressed frame has a few bits that mean nothing.
      if report.findings.isEmpty, seen == whole, parts[place] != .compressed {
        Issue.record("byte \(place) (\(parts[place])) is changed, nothing says so, and no value is another")
      }
    }
    return silent
  }

  /// Counted, so that a check that becomes weaker (or stronger) is noticed.
  @Test func flippedBitsOfSmallLayers() throws {
    let files = LayerFile.small
    let expected = [
      // Images of 2026, a delta of 2026, images of 2024 (not compressed), a delta of 2024.
      Silent(counts: ["compressed": 119, "laterKey": 50, "opaque": 63]),
      Silent(counts: ["firstKey": 8, "opaque": 38]),
      Silent(counts: ["firstKey": 2, "laterKey": 23, "opaque": 5823]),
      Silent(counts: ["laterKey": 4, "opaque": 5097]),
    ]
    for (file, expected) in zip(files, expected) {
      let silent = try Self.flips(file, depth: .blobs, count: 10_000)
      #expect(silent == expected, "\(file.url.path)")
      // The first key of a block is in its parent, too; but these layers have one block of index.
      let unseen = Set([Part.firstKey, .laterKey, .opaque, .compressed].map(\.rawValue))
      #expect(Set(silent.counts.keys).subtracting(unseen) == [])
    }
  }

  /// The same where values are judged, too: of a page the header tells.
  @Test func flippedBitsThatValuesDoNotTell() throws {
    let expected = [
      Silent(counts: ["compressed": 67, "laterKey": 47, "opaque": 63]),
      Silent(counts: ["firstKey": 8, "opaque": 38]),
      Silent(counts: ["firstKey": 2, "laterKey": 23, "opaque": 5771]),
      Silent(counts: ["laterKey": 4, "opaque": 5085]),
    ]
    for (file, expected) in zip(LayerFile.small, expected) {
      let silent = try Self.flips(file, depth: .values, count: 10_000)
      #expect(silent == expected, "\(file.url.path)")
    }
  }

  /// Cut anywhere, a layer has a finding, and no value is another one.
  @Test(arguments: LayerFile.small)
  func everyTruncation(file: LayerFile) throws {
    let bytes = try file.bytes()
    let whole = try file.object.values(bytes)
    for count in 0..<bytes.count {
      let cut = Array(bytes.prefix(count))
      var seen: [SeenValue] = []
      let report = try file.object.check(cut) { seen.append(SeenValue($0, $1)) }
      guard !report.findings.isEmpty, seen.allSatisfy(whole.contains) else {
        Issue.record("cut to \(count): \(report.findings)")
        return
      }
    }
  }

  @Test(arguments: LayerFile.small)
  func mutatedLayersNeverTrap(file: LayerFile) throws {
    let bytes = try file.bytes()
    var generator = RepeatableGenerator(seed: Fuzzing.seed)
    for _ in 0..<Fuzzing.count(percent: 1) {
      let damaged = Fuzzing.mutate(bytes, &generator)
      for depth in LayerCheckDepth.allCases {
        let report = try file.object.check(damaged, depth: depth)
        #expect(report.coverage.total == UInt64(damaged.count), "seed \(Fuzzing.seed)")
      }
    }
  }

  @Test func noiseNeverTraps() throws {
    let file = try #require(LayerFile.small.first)
    var generator = RepeatableGenerator(seed: Fuzzing.seed)
    for count in [0, 1, 87, 8191, 8192, 8193, 24_575, 24_576, 40_960] {
      let report = try file.object.check(generator.bytes(count))
      #expect(!report.findings.isEmpty)
      #expect(report.findings.count <= 100)
    }
  }

  // MARK: What is said of it

  /// The codes of a small delta layer of 2024 with some bytes changed.
  private func codes(_ change: (inout [UInt8]) -> Void) throws -> Set<FindingCode> {
    let file = try #require(LayerFile.small.last)
    var bytes = try file.bytes()
    change(&bytes)
    return Set(try file.object.check(bytes).findings.map(\.code))
  }

  @Test func eachDamageHasItsCode() throws {
    let file = try #require(LayerFile.small.last)
    let bytes = try file.bytes()
    let start = Int(try #require(try file.object.check(bytes).summary).indexStart)
    let (count, prefix, suffix) = (
      Int(bytes[start]) << 8 | Int(bytes[start + 1]), Int(bytes[start + 3]), Int(bytes[start + 4])
    )
    let keys = start + 5 + prefix
    let values = keys + count * suffix
    #expect(count >= 4)
    #expect(try codes { $0.removeLast() }.contains(.layerBadLength))
    #expect(try codes { $0.removeLast(8192) }.contains(.layerBadGeometry))
    #expect(try codes { $0[0] ^= 1 } == [.layerSummaryMismatch])
    #expect(try codes { $0[20] ^= 1 } == [.layerForeignTimeline])
    #expect(try codes { $0[50] ^= 1 } == [.layerSummaryMismatch])
    #expect(try codes { $0[91] ^= 1 } == [.layerBadGeometry])
    #expect(try codes { $0[95] ^= 1 } == [.layerBadGeometry])
    #expect(try codes { $0[8000] = 1 } == [.layerPaddingNotZero])
    #expect(try codes { $0[start + 8191] = 1 } == [.layerPaddingNotZero])
    #expect(try codes { $0[start + 2] = 1 }.contains(.layerTreeDamaged))
    #expect(try codes { $0[keys + suffix] = 0xff }.contains(.layerKeyOrder))
    #expect(try codes { $0[values + 9] ^= 1 } == [.layerWillInitMismatch])
    #expect(try codes { $0[values + 9] ^= 4 }.contains(.layerBlobMisplaced))
    // The second value leads to where the first one is: they overlap.
    #expect(
      try codes { $0.replaceSubrange(values + 5..<values + 10, with: $0[values..<values + 5]) }.contains(
        .layerBlobMisplaced
      )
    )
    #expect(
      try codes { $0[8192] ^= 0x40 }.isSubset(of: [
        .layerBlobDamaged, .layerBlobMisplaced, .layerValueDamaged,
      ])
    )
    #expect(try codes { $0[8192 + 4 + 3] ^= 2 }.contains(.layerValueDamaged))
  }

  /// A layer under another name, or of another tenant.
  @Test func layerUnderAWrongName() throws {
    let file = try #require(LayerFile.small.first)
    let bytes = try file.bytes()
    var object = file.object
    object.tenant = TenantID(high: 1, low: 2)
    #expect(try object.check(bytes).findings.map(\.expected) == ["\(object.tenant)"])
    object = file.object
    let shorter = KeyRange(start: object.name.keys.start, end: try #require(object.name.keys.start.successor))
    object.name = LayerName(image: shorter, at: object.name.startLsn)
    let codes = Set(try object.check(bytes).findings.map(\.code))
    #expect(codes == [.layerSummaryMismatch, .layerKeyOutOfRange])
  }

  /// With one of the two numbers wrong, the index is found by the other one, and all values are there.
  @Test(arguments: LayerFile.small)
  func indexIsFoundByTheOtherNumber(file: LayerFile) throws {
    let bytes = try file.bytes()
    let whole = try file.object.values(bytes)
    let fields = file.object.name.isDelta ? 88 : 80
    for offset in fields..<fields + 8 {
      for bit in 0..<8 as Range<UInt8> {
        var damaged = bytes
        damaged[offset] ^= 1 << bit
        #expect(try file.object.values(damaged) == whole)
      }
    }
  }
}

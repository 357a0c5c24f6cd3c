import Testing

@testable import IndexFormat

/// Names, identifiers and numbers that nobody wrote: none may trap, and one that is read is read again as the same when
/// written.
struct NameFuzzTests {
  /// Whether the text is accepted; nil if the reader is wrong.
  private static func check<Value: Equatable>(
    _ bytes: [UInt8],
    _ read: ([UInt8]) -> Value?,
    _ write: (Value) -> String
  ) -> Bool? {
    guard let value = read(bytes) else { return false }
    return read(Array(write(value).utf8)) == value ? true : nil
  }

  private static let readers: [(name: String, check: @Sendable ([UInt8]) -> Bool?)] = [
    ("layer", { check($0, { LayerName(text: $0.span.bytes) }, \.description) }),
    ("lenient layer", { check($0, { LayerName(text: $0.span.bytes, reading: .lenient) }, \.description) }),
    ("layer file", { check($0, { LayerFileName(text: $0.span.bytes) }, \.description) }),
    ("LSN", { check($0, { Lsn(text: $0.span.bytes) }, \.description) }),
    ("time", { check($0, { NaiveDateTime(text: $0.span.bytes) }, \.description) }),
    ("timeline", { check($0, { TimelineID(hex: $0.span.bytes) }, \.description) }),
    ("tenant shard", { check($0, { TenantShardID(text: $0.span.bytes) }, \.description) }),
    ("shard", { check($0, { ShardIndex(text: $0.span.bytes) }, \.description) }),
    ("generation", { check($0, { Generation(suffix: $0.span.bytes) }, \.description) }),
    ("key", { check($0, { Key(text: $0.span.bytes) }, \.description) }),
    ("partial segment", { check($0, { PartialSegmentName(text: $0.span.bytes) }, \.description) }),
    ("segment", { check($0, { WALSegmentName(text: $0.span.bytes) }, \.description) }),
    // These have parts of the input in them, so they are only read.
    (
      "object key",
      {
        _ = PageserverObjectKey($0.span.bytes); return false
      }
    ),
    (
      "safekeeper key",
      {
        _ = SafekeeperObjectKey($0.span.bytes); return false
      }
    ),
    (
      "deletion queue file",
      {
        _ = DeletionQueueFileName(text: $0.span.bytes); return false
      }
    ),
    (
      "temporary",
      {
        _ = TemporaryName(text: $0.span.bytes); return false
      }
    ),
  ]

  private static let names: [String] = [
    IndexVectors.deltaA, "\(IndexVectors.deltaA)-00000001", "\(IndexVectors.deltaA)-v1-0000000a",
    String(IndexVectors.deltaA.dropLast(17)), "0/16B5A50", "FFFFFFFF/FFFFFFFF",
    "2023-07-31T09:00:00.123456789",
    "1f359dd625e519a1a4e8d7509690f6fc", "1f359dd625e519a1a4e8d7509690f6fc-0102", "0102", "deadbeef",
    "000000067F00000005000040000000000001",
    "000000010000000000000001_2_0000000001500000_00000000014FFF00_sk17.partial", "000000010000000000000001",
    "1f359dd625e519a1a4e8d7509690f6fc-0102/timelines/11223344556677881122334455667788/index_part.json-00000003",
    "1f359dd625e519a1a4e8d7509690f6fc/timelines/11223344556677881122334455667788/\(IndexVectors.deltaA)-00000002",
    "1f359dd625e519a1a4e8d7509690f6fc/tenant-manifest-00000003.json", "0000000000000001-01.list", "header-01",
    "1f359dd625e519a1a4e8d7509690f6fc/heatmap-v1.json", "\(IndexVectors.deltaA)-v1-00000001.1.temp_download",
    "1f359dd625e519a1a4e8d7509690f6fc/11223344556677881122334455667788/000000010000000000000001",
  ]

  @Test func everyReaderOnEveryMutatedName() {
    var mutator = NameMutator(names: Self.names.map { Array($0.utf8) }, seed: Fuzzing.seed)
    var accepted: [String: Int] = [:]
    var failures: [String] = []
    let count = Fuzzing.count(percent: 15)
    for number in 0..<count {
      let name = mutator.next()
      for reader in Self.readers {
        switch reader.check(name) {
        case true?: accepted[reader.name, default: 0] += 1
        case false?: break
        case nil:
          failures.append(
            "\(reader.name), seed \(Fuzzing.seed), input \(number): \(String(decoding: name, as: UTF8.self))"
          )
        }
      }
    }
    #expect(failures.isEmpty, "\(failures.prefix(10).joined(separator: "\n"))")
    // All twelve that are written again were.
    #expect(count < 1000 || accepted.count == 12, "\(accepted)")
  }

  /// Every name cut everywhere, and with each byte replaced by each other.
  @Test func everyOneByteChange() {
    var failures: [String] = []
    for name in Self.names.map({ Array($0.utf8) }) {
      for reader in Self.readers {
        for length in 0..<name.count where reader.check(Array(name.prefix(length))) == nil {
          failures.append("\(reader.name) of the first \(length) bytes")
        }
      }
      for offset in name.indices {
        var changed = name
        for value: UInt8 in [
          0x00, 0x20, 0x2b, 0x2d, 0x2f, 0x30, 0x39, 0x41, 0x46, 0x47, 0x5f, 0x61, 0x66, 0x80, 0xff,
        ] {
          changed[offset] = value
          for reader in Self.readers where reader.check(changed) == nil {
            failures.append("\(reader.name): \(String(decoding: changed, as: UTF8.self))")
          }
        }
      }
    }
    #expect(failures.isEmpty, "\(failures.prefix(10).joined(separator: "\n"))")
  }
}

/// Makes odd names from good ones.
private struct NameMutator {
  let names: [[UInt8]]
  var generator: RepeatableGenerator

  init(names: [[UInt8]], seed: UInt64) {
    self.names = names
    generator = RepeatableGenerator(seed: seed)
  }

  mutating func next() -> [UInt8] {
    var name = names[number(below: names.count)]
    for _ in 0..<number(below: 3) {
      let place = number(below: name.count)
      let end = min(name.count, place + 1 + number(below: 20))
      switch number(below: 6) {
      case 0 where !name.isEmpty: name[place] = UInt8(number(below: 256))
      case 1 where !name.isEmpty:
        name[place] = Array("0123456789abcdefABCDEF-_/.".utf8)[number(below: 26)]
      case 2: name.removeSubrange(min(place, end)..<end)
      case 3: name.insert(contentsOf: name[min(place, end)..<end], at: place)
      case 4: name += names[number(below: names.count)]
      default: name.insert(UInt8(number(below: 256)), at: place)
      }
    }
    return name
  }

  private mutating func number(below limit: Int) -> Int {
    limit > 0 ? Int.random(in: 0..<limit, using: &generator) : 0
  }
}

@testable import Engine
import IndexFormat
import Testing

/// Damaged records: refused, or taken apart into ranges within their bytes.
struct WALRecordDamageTests {
  /// One of each kind in the golden WAL, else the vectors.
  private static let originals: [WALVector] = {
    var found: [WALVector] = WALVector.all
    guard Golden.isPresent else { return found }
    for wal in GoldenWAL.folders {
      var seen: Set<WALOperation> = []
      // What cannot be read fails in the test of whole WAL.
      _ = try? wal.read { _, record in
        guard seen.insert(WALOperation(record.header)).inserted, record.bytes.byteCount < 20_000 else {
          return
        }
        let bytes = record.bytes.withUnsafeBytes { [UInt8]($0) }
        found.append(WALVector(version: wal.version, hex: bytes.hex))
      }
    }
    return found
  }()

  @Test func truncationAtAnyByteIsRefused() {
    let step = max(1, Self.originals.count / 50)
    for vector in stride(from: 0, to: Self.originals.count, by: step).map({ Self.originals[$0] }) {
      var bytes = vector.bytes
      #expect(refusal(bytes, vector.version) == nil)
      for count in stride(from: bytes.count - 1, through: 0, by: -1) {
        bytes.removeLast()
        if refusal(bytes, vector.version) == nil { Issue.record("\(count) bytes were taken for a record") }
        // With a length that fits, what is left may be a record, as it may for PostgreSQL; but never more than it is.
        guard count >= 24 else { continue }
        var fitting = bytes
        fitting[0] = UInt8(truncatingIfNeeded: count)
        fitting[1] = UInt8(truncatingIfNeeded: count >> 8)
        // Refused is right, too.
        guard let record = try? DecodedRecord(fitting, vector.version) else { continue }
        let payload = record.data.reduce(record.mainData.count) { $0 + $1.count }
        #expect(payload + record.blocks.reduce(0) { $0 + ($1.image?.stored.count ?? 0) } <= count - 24)
      }
    }
  }

  @Test func mutatedRecordsAreRefusedOrStayWithinTheirBytes() throws {
    var generator = RepeatableGenerator(seed: Fuzzing.seed &+ 6)
    let originals = Self.originals.map { ($0.bytes, $0.version) }
    var refused = 0
    var restored = 0
    for _ in 0..<Fuzzing.count(percent: 84) {
      let (bytes, version) = originals[generator.below(originals.count)]
      var mutated = Fuzzing.mutate(bytes, &generator)
      if mutated.count >= 4, generator.below(4) > 0 {
        for index in 0..<4 { mutated[index] = UInt8(truncatingIfNeeded: mutated.count >> (8 * index)) }
      }
      // Headers are where it matters.
      if mutated.count > 60, generator.below(2) == 0 {
        mutated[24 + generator.below(36)] = UInt8(generator.below(256))
      }
      do {
        let record = try DecodedRecord(mutated, version)
        let inside = 0...mutated.count
        for block in record.blocks {
          #expect(inside.contains(block.data.lowerBound) && inside.contains(block.data.upperBound))
        }
        if record.blocks.contains(where: { $0.image != nil }) {
          restored += 1
          _ = try restorePages(mutated, version)
        }
      } catch is WALRecordError {
        refused += 1
      }
    }
    #expect(refused > 0 && restored > 0)
  }

  private func restorePages(_ bytes: [UInt8], _ version: PostgresVersion) throws -> Int {
    try restored(bytes, version).count
  }
}

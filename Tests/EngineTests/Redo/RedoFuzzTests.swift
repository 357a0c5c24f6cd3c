@testable import Engine
import Foundation
import IndexFormat
import Testing

/// Records with changed bytes on whole pages, and the other way round: a value or an error, never more.
struct RedoFuzzTests {
  /// A page with some rows.
  private static func base(_ redo: inout PageRedo) throws -> [UInt8] {
    var data: [UInt8] = []
    for row in 0..<20 {
      while data.count % 2 != 0 { data.append(0) }
      data.appendLittleEndian(UInt16(9 + row))
      data += [2, 0, 2, 8, 24] + [UInt8](repeating: UInt8(row), count: 9 + row)
    }
    let record = RedoRecord(
      manager: .heap2,
      info: 0xd0,
      blocks: [.init(number: 0, willInit: true, data: data)],
      main: [0, 0, 20, 0]
    )
    return try redo.page(RedoRecord.key(0), nil, [record.bytes])
  }

  private static func records() -> [RedoRecord] {
    let xmaxChange: [UInt8] = [9, 0, 0, 0, 3, 0, 4, 1, 0, 0, 0, 0, 4, 1]
    let update: [UInt8] = [9, 0, 0, 0, 3, 0, 4, 0x60, 8, 0, 0, 0, 21, 0, 0, 0, 21, 0]
    let tuple: [UInt8] = [4, 0, 3, 0, 2, 0, 2, 8, 24, 0, 1, 2, 3, 4, 5]
    var records: [RedoRecord] = []
    for manager in [ResourceManager.heap, .heap2, .neon, .btree, .brin, .generic, .sequence, .xlog] {
      for operation in UInt8(0)..<16 {
        let main = operation % 2 == 0 ? update : xmaxChange
        records.append(
          RedoRecord(
            manager: manager,
            info: operation << 4,
            blocks: [.init(number: 0, willInit: operation >= 8 && manager != .btree, data: tuple)],
            main: main
          )
        )
        records.append(
          RedoRecord(
            manager: manager,
            info: operation << 4,
            blocks: [
              .init(number: 1, willInit: operation >= 8, data: tuple), .init(id: 1, number: 0, data: tuple),
            ],
            main: main
          )
        )
      }
    }
    return records
  }

  /// Replays changed bytes on changed pages; how many came out as a page.
  static func replay(
    _ key: Key,
    _ bases: [[UInt8]],
    _ records: [[UInt8]],
    _ version: PostgresVersion,
    count: Int,
    _ generator: inout RepeatableGenerator
  ) -> Int {
    var redo = PageRedo(RedoRules(version: version))
    var replayed = 0
    for _ in 0..<count {
      var bytes = Fuzzing.mutate(records[generator.below(records.count)], &generator)
      // Without the right length a record goes no further.
      if bytes.count >= 4 {
        bytes.replaceSubrange(0..<4, with: withUnsafeBytes(of: UInt32(bytes.count)) { Array($0) })
      }
      var base = bases[generator.below(bases.count)]
      if generator.below(2) == 0 {
        let count = base.count
        base = Fuzzing.mutate(base, &generator)
        if generator.below(8) != 0 { base += [UInt8](repeating: 0, count: max(0, count - base.count)) }
      }
      do throws(RedoError) {
        let page = try redo.page(key, base, [bytes])
        if page.count == 8192 { replayed += 1 }
      } catch {
        #expect(!"\(error)".isEmpty)
      }
    }
    return replayed
  }

  @Test(arguments: PostgresVersion.allCases)
  func changedRecordsOnChangedPages(version: PostgresVersion) throws {
    var generator = RepeatableGenerator(seed: Fuzzing.seed + UInt64(version.rawValue))
    var redo = PageRedo(RedoRules(version: .v17))
    let base = try Self.base(&redo)
    let records = Self.records().map(\.bytes)
    let count = Fuzzing.count(percent: 20)
    let replayed = Self.replay(RedoRecord.key(0), [base], records, version, count: count, &generator)
    #expect(replayed > count / 100)
  }

  /// Records as servers make them, each with the page that it fits.
  @Test(arguments: PostgresVersion.allCases)
  func changedRecordsOfHashIndexes(version: PostgresVersion) throws {
    var generator = RepeatableGenerator(seed: Fuzzing.seed + UInt64(version.rawValue))
    let count = Fuzzing.count(percent: 1) / 8
    var replayed = 0
    for sample in HashSamples.all {
      replayed += Self.replay(
        RedoRecord.key(sample.block),
        [sample.base],
        [sample.record.bytes],
        version,
        count: count,
        &generator
      )
    }
    #expect(replayed > HashSamples.all.count * count / 100)
  }

  @Test(.enabled(if: Golden.isPresent, Golden.absence), arguments: ["A", "F", "G"])
  func changedRecordsOnRealPages(name: String) async throws {
    let tenant = try #require(GoldenReadTests.tenants.first { $0.name == name })
    let (reads, version) = try await GoldenReadTests.withFolder(tenant) { root in
      let golden = try GoldenReadTests.open(tenant, root)
      let oracle = try #require(try GoldenReadTests.oracles(root).last)
      let timeline = try #require(golden.timelines[oracle.place])
      let pages = oracle.pages.filter { $0.key.isRelationBlock && ($0.recordCount ?? 0) > 0 }.prefix(300)
      let wanted = KeySpace(pages.map { KeyRange($0.key) })
      let batch = try await timeline.read(wanted, at: oracle.lsn)
      return (batch.values, try #require(timeline.redo).version)
    }
    var generator = RepeatableGenerator(seed: Fuzzing.seed)
    for read in reads {
      var redo = PageRedo(RedoRules(version: version))
      // What the page is like before its last record, as far as replay is supported.
      guard let last = read.records.last, case .postgres(_, let bytes) = last.record else { continue }
      let before = read.records.dropLast()
      if before.isEmpty, read.image == nil { continue }
      guard var base = try? redo.value(of: read.key, read.image?.bytes, Array(before)) else { continue }
      // So that the record is not taken for one that was applied.
      base.replaceSubrange(0..<8, with: [UInt8](repeating: 0, count: 8))
      _ = Self.replay(read.key, [base], [bytes], version, count: Fuzzing.count(percent: 1) / 4, &generator)
    }
    #expect(!reads.isEmpty)
  }
}

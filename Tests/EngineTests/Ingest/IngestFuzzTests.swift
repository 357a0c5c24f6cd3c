@testable import Engine
import IndexFormat
import Testing

/// Records with changed bytes: values or an error, never more.
struct IngestFuzzTests {
  /// Of every resource manager and operation, with data of several lengths.
  private static func records() -> [[UInt8]] {
    var records = WALVector.all.map(\.bytes)
    let relation = IngestRecord.relation
    let map = RelationTag(relation.database, relation: relation.relation, fork: .visibilityMap)
    let prefix = Array("neon-file:pg_logical/x\0".utf8)
    let mains: [[UInt8]] = [
      [], [1, 0, 3], [UInt8](repeating: 3, count: 14),
      [UInt8](numbers: 3, 1663, 5, 16384, 7), [UInt8](numbers: 1663, 5, 30000, 0),
      [UInt8](numbers: 5, 1, 1663, 9), [UInt8](numbers: 99, 1663, 5, 1663),
      [UInt8](numbers: 1, 1634, 4, 800, 1, 801, 1, 802, 2, 803, 3),
      [UInt8](numbers: 1, 2, 0x1ff, 1663, 5, 2, 701, 40_000, 1, 1663, 5, 16384, 0, 0, 700, 9, 9, 9, 9),
      [UInt8](numbers: 5, 0, UInt32(prefix.count), 0, 3, 0) + prefix + [1, 2, 3],
      [UInt8](hex: ValueFuzzTests.checkpoint),
    ]
    for manager in 0...UInt8(22) {
      let manager = ResourceManager(rawValue: manager == 22 ? 134 : manager) ?? .xlog
      for operation in UInt8(0)..<16 {
        for main in mains {
          records.append(
            IngestRecord(
              manager,
              operation << 4,
              transaction: UInt32(operation) * 100,
              origin: operation % 3 == 0 ? 1 : nil,
              blocks: main.count % 2 == 0 ? [(relation, UInt32(3)), (map, UInt32(0))] : [],
              main
            )
            .bytes
          )
        }
      }
    }
    return records
  }

  @Test(arguments: PostgresVersion.allCases)
  func changedRecordsGiveValuesOrAnError(version: PostgresVersion) async throws {
    var generator = RepeatableGenerator(seed: Fuzzing.seed + UInt64(version.rawValue))
    let records = Self.records()
    let count = Fuzzing.count(percent: 5)
    var (ingested, refused) = (0, 0)
    var fixture = try await IngestFixture(version)
    for index in 0..<count {
      // What one record made must not be in the way of all others.
      if index % 50 == 0 { fixture = try await IngestFixture(version) }
      var bytes = Fuzzing.mutate(records[generator.below(records.count)], &generator)
      // Without the right length a record goes no further.
      if bytes.count >= 4 { bytes.replaceSubrange(0..<4, with: [UInt8](numbers: UInt32(bytes.count))) }
      do {
        _ = try await fixture.count(bytes)
        ingested += 1
      } catch let fault as IngestFault {
        #expect(!"\(fault)".isEmpty)
        refused += 1
      } catch {
        #expect(error is WALRecordError, "\(error)")
      }
    }
    #expect(ingested > count / 20 && refused > count / 20, "\(ingested) \(refused)")
  }
}

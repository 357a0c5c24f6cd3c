import Engine
import Foundation
import IndexFormat
import Testing

/// What the timeline of the sample bucket holds. Its figures are those that its page server told.
struct SampleCatalogTests {
  private static let tenant = TenantShardID("f8d29c5dd92e0ee1bdf5d3a6513060f1")
  private static let main = TimelineID("368c353096ae11b85437e6760663c46f")
  private static let end = Lsn(0x147_a9d0)

  private func timeline() throws -> PlainTimeline {
    let bucket = try PlainTenant(below: LayerFile.root.appending(path: "samples/bucket"))
    return try bucket.timeline(try #require(Self.tenant), try #require(Self.main))
  }

  @Test func sampleHasTheSizesOfItsPageServer() async throws {
    let catalog = try timeline().catalog()
    #expect(try await catalog.logicalByteCount(at: Self.end) == 22_315_008)
    let databases = try await catalog.databases(at: Self.end)
    #expect(databases.entries.map(\.database.description) == ["1663/1", "1663/4", "1663/5", "1664/0"])
    let postgres = DatabaseTag(tablespace: 1663, database: 5)
    #expect(try await catalog.relations(of: postgres, at: Self.end).count == 296)
    #expect(try await catalog.blockCount(of: RelationTag(postgres, relation: 1259), at: Self.end) == 14)
    #expect(try await catalog.relationMap(of: postgres, at: Self.end).mappings.count == 17)
    #expect(try await catalog.checkpoint(at: Self.end).nextTransaction == 738)
    #expect(try await catalog.controlFile(at: Self.end).pgVersion == 17)
    #expect(try await catalog.preparedTransactions(at: Self.end).transactions == [])
    #expect(try await catalog.slruSegments(.transactionStatus, at: Self.end).map(\.blockCount) == [1])
    #expect(try await catalog.commitTime(at: Self.end) == nil)
    #expect(try await catalog.auxFiles(at: Self.end) == [])
  }

  @Test func sampleImagesCoverThePartsOfItsKeySpace() async throws {
    let timeline = try timeline()
    let keys = try await timeline.catalog().keySpace(at: Lsn(0x147_a958))
    #expect(keys.dense.rawLength == 3693)
    let partition = try KeyPartition(keys.dense, shard: timeline.shard, targetByteCount: 2 << 20)
    let images = timeline.index.layers.map(\.name).filter { !$0.isDelta }
    #expect(images.map(\.keys).sorted { $0.start < $1.start } == partition.layerRanges)
  }

  @Test func missingDirectoryIsNamed() async throws {
    let catalog = try timeline().catalog()
    let error = await readError { () async throws(ReadError) in try await catalog.keySpace(at: Lsn(0x100)) }
    guard case .missingKey(let missing) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(missing.key == .databaseDirectory && missing.lsn == Lsn(0x100))
  }
}

@testable import Engine
import IndexFormat
import Testing

/// What records of transactions, SLRUs and messages become.
struct TransactionIngestTests {
  private static func status(_ page: UInt32) -> Key {
    SLRUGeometry.Page(number: page).key(.transactionStatus)
  }
  private static let time: [UInt8] = [0x14, 0x32, 0x9c, 0x15, 0x7d, 0xe2, 0x03, 0x03]

  // MARK: Transactions

  @Test func transactionsArePutPageByPage() async throws {
    let fixture = try await IngestFixture(.v15)
    let main = Self.time + [UInt8](numbers: 2, 2, 32_767, 32_768)
    let values = try await fixture.ingest(IngestRecord(.transaction, 0x80, transaction: 32_766, main))
    let timestamp = Int64(littleEndian: Self.time.withUnsafeBytes { $0.loadUnaligned(as: Int64.self) })
    #expect(
      values[Self.status(0)]
        == .record(.clogSetCommitted(transactions: [32_766, 32_767], timestamp: timestamp))
    )
    #expect(
      values[Self.status(1)] == .record(.clogSetCommitted(transactions: [32_768], timestamp: timestamp))
    )
    let abort = try await fixture.ingest(IngestRecord(.transaction, 0x20, transaction: 733, Self.time))
    #expect(abort == [Self.status(0): .record(.clogSetAborted(transactions: [733]))])
  }

  @Test func anAbortDropsRelationsToo() async throws {
    let fixture = try await IngestFixture(.v15)
    let main = Self.time + [UInt8](numbers: 0x104, 1, 1663, 5, 16384, 1, 2, 5, 16384)
    let values = try await fixture.ingest(IngestRecord(.transaction, 0xa1, transaction: 739, main))
    let left = RelationDirectory([.init(relation: 16390, fork: .main)])
    #expect(values[.relationDirectoryV1(ClusterBuilder.database)] == LayerValue(left))
  }

  @Test func aPreparedTransactionComesAndGoes() async throws {
    let fixture = try await IngestFixture(.v17) { cluster in
      cluster.values[.checkpoint]?.replaceSubrange(24..<32, with: [0, 4, 0, 0, 10, 0, 0, 0])
    }
    let prepare = IngestRecord(.transaction, 0x10, transaction: 0x2e4, [1, 2, 3, 4])
    var values = try await fixture.ingest(prepare)
    #expect(values[.twoPhaseFile(transaction: 0xa_0000_02e4)] == .image([1, 2, 3, 4]))
    #expect(values[.twoPhaseDirectory] == LayerValue(TwoPhaseDirectory([0xa_0000_02e4], width: .full)))
    guard case .transactionPrepared? = await fixture.refusal(prepare) else {
      return #expect(Bool(false), "a transaction that is prepared twice")
    }
    let main = Self.time + [UInt8](numbers: 0x10, 0x2e4)
    values = try await fixture.ingest(IngestRecord(.transaction, 0xb0, main))
    #expect(values[.twoPhaseDirectory] == LayerValue(TwoPhaseDirectory([], width: .full)))
    #expect(values[Self.status(0)] != nil)
  }

  /// The name of the transaction stands before the origin's LSN, which page servers overlook.
  @Test(arguments: [(true, Lsn(0x6769_726f_2d64_6967)), (false, Lsn(0x3234_5678))])
  func theOriginOfAPreparedTransactionIsReadAsPageServersDo(overlooks: Bool, lsn: Lsn) async throws {
    let fixture = try await IngestFixture(.v15) { _ in
    } _: {
      $0.overlooksTransactionNames = overlooks
    }
    let values = try await fixture.ingest(WALVector.commitWithOrigin.bytes)
    #expect(values[.replicationOrigin(1)] == LayerValue(ReplicationOriginValue(remoteLsn: lsn)))
  }

  @Test func originsAreSetAndDropped() async throws {
    let fixture = try await IngestFixture(.v15)
    var main = [UInt8](numbers: 0x4234_5678, 0)
    main += [1, 0, 1, 0x8b]
    var values = try await fixture.ingest(IngestRecord(.replicationOrigin, 0, main))
    #expect(values == [.replicationOrigin(1): .image([0, 0, 0, 0, 0x42, 0x34, 0x56, 0x78])])
    values = try await fixture.ingest(IngestRecord(.replicationOrigin, 0x10, [1, 0]))
    #expect(values == [.replicationOrigin(1): .image([UInt8](repeating: 0, count: 8))])
  }

  @Test func aMessageWritesAnAuxFile() async throws {
    let fixture = try await IngestFixture(.v15)
    let path = AuxFilePath("pg_logical/test")
    var list = AuxFileList()
    list.update(path, content: Array("hello".utf8))
    #expect(try await fixture.ingest(WALVector.logicalMessage.bytes) == [path.key.key: LayerValue(list)])
    // An empty one deletes it.
    let prefix = Array("neon-file:pg_logical/test\0".utf8)
    let main = [UInt8](numbers: 5, 0, UInt32(prefix.count), 0, 0, 0) + prefix
    #expect(try await fixture.ingest(IngestRecord(.logicalMessage, 0, main)) == [path.key.key: .image([])])
  }

  // MARK: SLRUs

  @Test func aZeroedPageMakesItsSegmentLonger() async throws {
    let fixture = try await IngestFixture(.v15)
    let values = try await fixture.ingest(IngestRecord(.commitLog, 0, [UInt8](numbers: 3)))
    let segment = SLRUSegment(.transactionStatus, number: 0)
    #expect(values[.slruSegmentSize(segment)] == LayerValue(BlockCountValue(4)))
    #expect((1...3).allSatisfy { values[Self.status($0)] == .zeroPage } && values.count == 4)
    let next = try await fixture.ingest(IngestRecord(.multixact, 0x10, [UInt8](numbers: 32)))
    #expect(next[.slruDirectory(.multixactMembers)] == LayerValue(SLRUSegmentDirectory([0, 1])))
  }

  @Test func truncationDropsSegmentsThatAreWholeBefore() async throws {
    let fixture = try await IngestFixture(.v15) { cluster in
      cluster.put(.slruDirectory(.transactionStatus), SLRUSegmentDirectory([0, 1, 2]))
      for number in 1...2 as ClosedRange<UInt32> {
        let segment = SLRUSegment(.transactionStatus, number: number)
        cluster.put(.slruSegmentSize(segment), BlockCountValue(32))
      }
      let next = UInt32(70 * 32_768)
      cluster.values[.checkpoint]?.replaceSubrange(24..<28, with: [UInt8](numbers: next))
    }
    #expect(WALIngest.precedes(31, 32) && !WALIngest.precedes(31, 31))
    var values = try await fixture.ingest(IngestRecord(.commitLog, 0x10, [UInt8](numbers: 31, 1_015_808, 1)))
    #expect(values.keys.sorted() == [.checkpoint])
    values = try await fixture.ingest(IngestRecord(.commitLog, 0x10, [UInt8](numbers: 64, 2_097_152, 1)))
    #expect(values[.slruDirectory(.transactionStatus)] == LayerValue(SLRUSegmentDirectory([2])))
    let bytes = try #require(values[.checkpoint])
    guard case .image(let image) = bytes else { return #expect(Bool(false), "an image") }
    #expect(try Checkpoint(parsing: image.span.bytes).oldestTransaction == 2_097_152)
  }

  @Test func membersOfAMultixactArePutPageByPage() async throws {
    let fixture = try await IngestFixture(.v15)
    let main = [UInt8](numbers: 1, 1635, 2, 0x2f9, 1, 0x2fa, 1)
    let values = try await fixture.ingest(IngestRecord(.multixact, 0x20, main))
    #expect(
      values[SLRUGeometry.Page(number: 0).key(.multixactOffsets)]
        == .record(.multixactOffsetCreate(multixact: 1, offset: 1635))
    )
    let members = { (page: UInt32) in values[SLRUGeometry.Page(number: page).key(.multixactMembers)] }
    #expect(
      members(0)
        == .record(.multixactMembersCreate(offset: 1635, members: [.init(transaction: 0x2f9, status: 1)]))
    )
    #expect(
      members(1)
        == .record(.multixactMembersCreate(offset: 1636, members: [.init(transaction: 0x2fa, status: 1)]))
    )
  }

  @Test func truncatedMembersGoAroundTheEnd() async throws {
    let fixture = try await IngestFixture(.v15) { cluster in
      cluster.put(.slruDirectory(.multixactMembers), SLRUSegmentDirectory([0, 1, 82_040]))
      for number in [1, 82_040] as [UInt32] {
        cluster.put(.slruSegmentSize(SLRUSegment(.multixactMembers, number: number)), BlockCountValue(1))
      }
    }
    let main = [UInt8](numbers: 5, 1, 9, 0xffff_fff0, 1636 * 32)
    let values = try await fixture.ingest(IngestRecord(.multixact, 0x30, main))
    #expect(values[.slruDirectory(.multixactMembers)] == LayerValue(SLRUSegmentDirectory([1])))
  }

  @Test func relationsAreWrittenInTheSecondLayoutTooWhereItIsOn() async throws {
    let fixture = try await IngestFixture(.v15) { _ in
    } _: {
      $0.writesSecondLayout = true
    }
    let tag = RelationTag(ClusterBuilder.database, relation: 20000)
    var values = try await fixture.ingest(IngestRecord(.storage, 0x11, [UInt8](numbers: 1663, 5, 20000, 0)))
    #expect(values[.relationDirectoryV2(tag)] == .image([0x72]))
    // One from before has no entry there, so none is removed.
    let main = Self.time + [UInt8](numbers: 4, 2, 1663, 5, 20000, 1663, 5, 16390)
    values = try await fixture.ingest(IngestRecord(.transaction, 0x80, transaction: 739, main))
    #expect(values[.relationDirectoryV2(tag)] == .image([]))
    #expect(values.keys.filter(\.isSparse).count == 1)
  }
}

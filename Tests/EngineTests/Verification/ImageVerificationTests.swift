import Engine
import IndexFormat
import Testing

/// Image layers over a history of pg_xact, which records of page servers change.
struct ImageVerificationTests {
  private static let block = Key.slruBlock(SLRUSegment(.transactionStatus, number: 0), BlockNumber(0))
  private static let range = KeyRange(block)
  private static let zeros = [UInt8](repeating: 0, count: 8192)

  private static func commit(_ transaction: UInt32) -> LayerValue {
    .record(.clogSetCommitted(transactions: [transaction], timestamp: 5))
  }

  /// Transactions 4 to 7 committed: the second byte of the page, and the time.
  private static let right: [UInt8] = {
    var page = zeros
    page[1] = 0b0101_0101
    return page + [0, 0, 0, 0, 0, 0, 0, 5]
  }()

  private static func image(at number: Int, _ bytes: [UInt8]) -> TimelineFixture.Layer {
    TimelineFixture.Layer(
      name: LayerName(image: range, at: lsn(number)),
      values: [(block, lsn(number), .image(bytes))]
    )
  }

  private static func delta(_ lsns: Range<Int>, _ values: [(Int, LayerValue)]) -> TimelineFixture.Layer {
    TimelineFixture.Layer(
      name: LayerName(delta: range, from: lsn(lsns.lowerBound), to: lsn(lsns.upperBound)),
      values: values.map { (block, lsn($0.0), $0.1) }
    )
  }

  private static let base = image(at: 10, zeros)
  private static let first = delta(11..<15, [(11, commit(4)), (12, commit(5))])
  /// The last record is at the LSN of the image.
  private static let second = delta(15..<21, [(15, commit(6)), (20, commit(7))])

  private func verify(
    _ layers: [TimelineFixture.Layer],
    gcCutoff: Int = 0
  ) async throws -> VerificationResult {
    let verification = try self.verification(layers, gcCutoff: gcCutoff)
    let result = try await verification.verify([.images], at: [])
    #expect(result.coverage.addsUp)
    return result
  }

  /// - gone: a layer whose object is not there.
  private func verification(
    _ layers: [TimelineFixture.Layer],
    gcCutoff: Int = 0,
    gone: LayerName? = nil
  ) throws -> Verification {
    var fixture = TimelineFixture()
    let added = try fixture.add(1, layers)
    let objects = gone.map { [TimelineFixture.objectKey(of: $0, TimelineID(high: 7, low: 1))] } ?? []
    let source = ChangedLayerSource(MemoryLayerSource(fixture.objects), gone: Set(objects))
    let timeline = Timeline(
      tenant: TimelineFixture.tenant,
      shard: .unsharded(),
      id: TimelineID(high: 7, low: 1),
      layers: added,
      ancestor: nil,
      diskConsistentLsn: lsn(30),
      redo: RedoRules(version: .v16),
      store: LayerStore(source)
    ) { TimelineFixture.objectKey(of: $0.name, TimelineID(high: 7, low: 1)) }
    let facts = TimelineFacts(shard: .unsharded(), pgVersion: 16)
    let shard = VerifiedShard(timeline, TimelineCatalog(timeline, facts), gcCutoff: lsn(gcCutoff))
    return try #require(Verification([shard]))
  }

  @Test func imageThatTheHistoryLeadsToIsRight() async throws {
    let result = try await verify([Self.base, Self.first, Self.second, Self.image(at: 20, Self.right)])
    #expect(result.findings.isEmpty, "\(result.texts)")
    // The lowest image has nothing below it.
    #expect(result.coverage.values.checked == 1 && result.coverage.values.skipped == [.noHistory: 1])
  }

  @Test func flippedBitOfAnImageIsNamed() async throws {
    var page = Self.right
    page[4711] ^= 0x20
    let wrong = Self.image(at: 20, page)
    let result = try await verify([Self.base, Self.first, Self.second, wrong])
    let finding = try #require(result.findings.first)
    #expect(result.findings.count == 1 && finding.code == .imageDiffers)
    #expect(finding.key == Self.block && finding.lsn == lsn(20))
    #expect(finding.objectKey == TimelineFixture.objectKey(of: wrong.name, TimelineID(high: 7, low: 1)))
    #expect(finding.message.contains("bit 5 of byte 4711 alone"))
    #expect(finding.seen?.hasPrefix("20 00") == true && finding.expected?.hasPrefix("00 00") == true)
    // It was compared, and is wrong.
    #expect(result.coverage.values.checked == 1)
  }

  @Test func lostDeltaLayerIsSeenInTheImageAbove() async throws {
    let result = try await verify([Self.base, Self.second, Self.image(at: 20, Self.right)])
    #expect(result.findings.map(\.code) == [.imageDiffers])
  }

  @Test func belowTheCutoffOfGCADifferenceProvesNothing() async throws {
    let layers = [Self.base, Self.second, Self.image(at: 20, Self.right)]
    let result = try await verify(layers, gcCutoff: 20)
    #expect(result.findings.isEmpty && result.coverage.values.skipped == [.noHistory: 2])
    #expect(try await verify(layers, gcCutoff: 19).findings.map(\.code) == [.imageDiffers])
  }

  @Test func otherImagesOfTheSameLsnDoNotVouchForEachOther() async throws {
    // A wider image of the same LSN has the same wrong value.
    var page = Self.right
    page[9] = 1
    let wide = TimelineFixture.Layer(
      name: LayerName(
        image: KeyRange(start: Self.block, end: try #require(Self.block.advanced(by: 8))),
        at: lsn(20)
      ),
      values: [(Self.block, lsn(20), .image(page))]
    )
    let result = try await verify([Self.base, Self.first, Self.second, wide, Self.image(at: 20, page)])
    #expect(result.findings.map(\.code) == [.imageDiffers, .imageDiffers])
  }

  @Test func imagesInDeltaLayersAreComparedWhereTheyOnlyRepeat() async throws {
    var half = Self.zeros
    half[1] = 0b0101
    let repeated = Self.delta(
      11..<16,
      [(11, Self.commit(4)), (12, Self.commit(5)), (14, .image(half + [0, 0, 0, 0, 0, 0, 0, 5]))]
    )
    let same = try await verify([Self.base, repeated])
    #expect(same.coverage.values.checked == 1 && same.findings.isEmpty)
    let changing = Self.delta(11..<16, [(11, Self.commit(4)), (14, .image(Self.right))])
    let changed = try await verify([Self.base, changing])
    #expect(changed.coverage.values.skipped == [.changedWithImage: 1, .noHistory: 1])
    #expect(changed.findings.isEmpty)
  }

  @Test func lostImageThatTheHistoryGivesBackIsSaidToBeSo() async throws {
    let top = Self.image(at: 20, Self.right)
    let unit = VerificationUnit(.keys(KeySpace(Self.range), at: lsn(25)), weight: 1)
    let whole = try verification([Self.base, Self.first, Self.second, top], gone: top.name)
    let message = try #require(try await whole.run(unit).findings.first).message
    #expect(message.hasSuffix("; the history below that image layer gives it back"))
    let alone = try verification([top], gone: top.name)
    let result = try await alone.run(unit)
    #expect(result.findings.map(\.code) == [.valueUnreadable])
    #expect(result.findings.first?.message.contains("gives it back") == false)
    #expect(result.coverage.keys.skipped == [.damaged: 1] && result.coverage.addsUp)
  }

  @Test func keyThatAnImageAboveHasIsSaidToBeSo() async throws {
    let second = Self.delta(15..<21, [(15, Self.commit(6)), (20, Self.commit(7))])
    let layers = [Self.base, Self.first, second, Self.image(at: 25, Self.right)]
    let unit = VerificationUnit(.keys(KeySpace(Self.range), at: lsn(22)), weight: 1)
    let result = try await verification(layers, gone: second.name).run(unit)
    #expect(result.findings.map(\.code) == [.valueUnreadable])
    #expect(result.findings.first?.message.contains("from 0/19 on, image layer") == true)
  }

  @Test func imageThatIsNoPageIsTold() async throws {
    let cut = try await verify([Self.base, Self.delta(11..<16, [(11, .image([1, 2, 3]))])])
    #expect(cut.findings.map(\.code) == [.valueDamaged])
  }
}

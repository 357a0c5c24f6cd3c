@testable import Engine
import IndexFormat
import Testing

/// A timeline that was grown from WAL, damaged in one place, against base and WAL.
struct ReplayCheckTests {
  @Test func whatIsWholeGivesNoFindingAndAllIsCounted() async throws {
    let grown = try await GrownReplay()
    let replayed = try await grown.replay()
    let points = [grown.stream.places[100].end, grown.stream.places[203].end]
    let result = try await grown.verify(replayed, grown.timeline(), at: points)
    #expect(result.findings == [])
    #expect(result.coverage.addsUp)
    var count: UInt64 = 0
    for layer in grown.layers.layers { count += UInt64(try await grown.reader(layer).entries().count) }
    #expect(result.coverage.values.checked == count && count > 600)
    #expect(result.coverage.records.checked == UInt64(grown.stream.records.count))
    #expect(result.coverage.keys.checked > 100 && result.coverage.keys.skipped.isEmpty)
    #expect(replayed.grown.flatMap(\.map.layers).count > 4)
  }

  /// One bit of one stored value: found there and nowhere else, but for the values that are made of it.
  @Test func aFlippedBitIsNamed() async throws {
    let grown = try await GrownReplay()
    let replayed = try await grown.replay()
    var generator = RepeatableGenerator(seed: Fuzzing.seed)
    for layer in grown.layers.layers.filter(\.name.isDelta).prefix(3) {
      let reader = try await grown.reader(layer)
      let entries = try await reader.entries()
      let file = try grown.bytes(of: layer)
      for entry in entries where generator.below(entries.count) < 8 {
        let header = try Self.header(of: entry, file)
        // Behind what says which kind of value it is.
        let place = 20 + generator.below(header.storedByteCount - 20)
        let bit = UInt8(1) << UInt8(generator.below(8))
        let offset = Int(entry.blob.lowerBound) + header.byteCount + place
        var bytes = file
        bytes[offset] ^= bit
        let timeline = grown.timeline(with: [grown.key(of: layer): bytes])
        let result = try await grown.verify(replayed, timeline)
        let finding = try #require(result.findings.first { $0.code == .replayRecordDiffers })
        #expect(finding.key == entry.key && finding.lsn == entry.lsn && finding.offset == offset)
        #expect(finding.objectKey == grown.key(of: layer))
        #expect(finding.message.hasSuffix("bit \(bit.trailingZeroBitCount) of byte \(place) alone"))
        let others = result.findings.filter { $0.code != .replayRecordDiffers }
        #expect(result.findings.count - others.count == 1)
        #expect(others.allSatisfy { $0.key == entry.key || KeyClass(entry.key).isDirectory })
        #expect(result.coverage.addsUp)
      }
    }
  }

  private static func header(of entry: LayerEntry, _ file: [UInt8]) throws -> BlobHeader {
    try BlobHeader(parsing: Array(file[Int(entry.blob.lowerBound)..<Int(entry.blob.upperBound)]).span.bytes)
  }

  @Test func aValueThatIsNotStoredIsMissing() async throws {
    let grown = try await GrownReplay()
    let layer = try #require(grown.layers.layers.last { $0.name.isDelta })
    let bytes = try await grown.rewrite(layer) { $0.remove(at: $0.count / 2) }
    var lost: (key: Key, lsn: Lsn)?
    _ = try await grown.rewrite(layer) { lost = ($0[$0.count / 2].key, $0[$0.count / 2].lsn) }
    let result = try await grown.verify(
      try await grown.replay(),
      grown.timeline(with: [grown.key(of: layer): bytes])
    )
    let missing = result.findings.filter { $0.code == .replayRecordMissing }
    #expect(missing.map(\.key) == [lost?.key] && missing.map(\.lsn) == [lost?.lsn])
    #expect(result.coverage.addsUp)
  }

  @Test func aValueAtAnotherLsnIsUnexpectedThereAndMissingWhereItWas() async throws {
    let grown = try await GrownReplay()
    let layer = try #require(grown.layers.layers.first { $0.name.isDelta })
    var places: [(key: Key, lsn: Lsn)] = []
    let bytes = try await grown.rewrite(layer) { values in
      let index = values.count / 3
      places.append((values[index].key, values[index].lsn))
      values[index].lsn = Lsn(values[index].lsn.value + 1)
      places.append((values[index].key, values[index].lsn))
    }
    let result = try await grown.verify(
      try await grown.replay(),
      grown.timeline(with: [grown.key(of: layer): bytes])
    )
    let codes: [FindingCode] = [.replayRecordMissing, .replayRecordUnexpected]
    for (code, place) in zip(codes, places) {
      let found = result.findings.filter { $0.code == code }
      #expect(found.map(\.key) == [place.key] && found.map(\.lsn) == [place.lsn])
    }
  }

  @Test func aLostLayerIsMissingValueByValue() async throws {
    let grown = try await GrownReplay()
    let layer = try #require(grown.layers.layers.filter(\.name.isDelta).dropFirst().first)
    let count = try await grown.reader(layer).entries().count
    let timeline = grown.timeline(without: [grown.key(of: layer)])
    let result = try await grown.verify(try await grown.replay(), timeline)
    let missing = result.findings.filter { $0.code == .replayRecordMissing }
    #expect(missing.count + result.omittedFindingCount >= count)
    #expect(missing.allSatisfy { finding in finding.lsn.map { layer.name.startLsn <= $0 } ?? false })
  }

  @Test func anImageThatDiffersIsNamed() async throws {
    let grown = try await GrownReplay()
    let layer = try #require(grown.layers.layers.first { !$0.name.isDelta })
    let key = Key.relationBlock(TimelineGrowthTests.relation, BlockNumber(3))
    let bytes = try await grown.rewrite(layer) { values in
      guard let index = values.firstIndex(where: { $0.key == key }),
        case .image(var page) = values[index].value
      else { return }
      page[5000] ^= 0x10
      values[index].value = .image(page)
    }
    let result = try await grown.verify(
      try await grown.replay(),
      grown.timeline(with: [grown.key(of: layer): bytes])
    )
    let finding = try #require(result.findings.first)
    #expect(finding.code == .replayValueDiffers && finding.key == key && finding.lsn == GrownReplay.start)
    #expect(finding.objectKey == grown.key(of: layer))
    #expect(finding.message.hasSuffix("bit 4 of byte 5000 alone"))
  }

  @Test func aLayerThatCannotBeReadIsSkippedAndSaidOnce() async throws {
    let grown = try await GrownReplay()
    let layer = try #require(grown.layers.layers.first { $0.name.isDelta })
    let reader = try await grown.reader(layer)
    var bytes = try grown.bytes(of: layer)
    // The level of the index's root.
    bytes[Int(reader.geometry.indexStart) + Int(reader.geometry.root) * 8192 + 2] ^= 0x40
    let result = try await grown.verify(
      try await grown.replay(),
      grown.timeline(with: [grown.key(of: layer): bytes])
    )
    #expect(result.findings.filter { $0.code == .layerTreeDamaged }.count == 1)
    #expect(result.findings.allSatisfy { $0.code != .replayRecordMissing })
    #expect(result.coverage.addsUp && result.coverage.keys.skipped[.damaged] ?? 0 > 0)
  }

  @Test func anotherBaseGivesOtherValues() async throws {
    var grown = try await GrownReplay()
    let key = Key.relationBlock(TimelineGrowthTests.relation, BlockNumber(7))
    let layer = MemoryLayer()
    grown.base.runs.first?.forEach { (other, lsn, bytes) in
      var image = bytes.withUnsafeBytes { [UInt8]($0.dropFirst(12)) }
      if other == key { image[100] ^= 0xff }
      layer.put(other, lsn, image: image.span.bytes)
    }
    grown.base = GrowingTimeline(layer.freeze().map { [$0] } ?? [], above: nil, redo: grown.base.redo)
    let result = try await grown.verify(try await grown.replay(), grown.timeline())
    // The image at the beginning, and what it is at the end. The database was copied on the way, pages as images.
    #expect(Set(result.findings.map(\.code)) == [.replayValueDiffers, .replayRecordDiffers])
    #expect(result.findings.contains { $0.key == key && $0.lsn == GrownReplay.start })
    #expect(result.findings.contains { $0.key == key && $0.lsn == grown.end })
  }

  // MARK: WAL

  @Test(arguments: [40, 150, 500])
  func damagedWALIsNamedAndWhatLiesBehindIsSkipped(record: Int) async throws {
    var grown = try await GrownReplay()
    let place = grown.stream.places[record]
    grown.wal.bytes[Int(place.start.value - WALStream.first.value) + 30] ^= 4
    let replayed = try await grown.replay()
    #expect(replayed.end == grown.stream.places[record - 1].end && replayed.obstacle == .noWAL)
    let result = try await grown.verify(replayed, grown.timeline())
    #expect(result.findings.map(\.code) == [.walRecordDamaged])
    #expect(result.findings.first?.lsn == place.start)
    #expect(result.findings.first?.objectKey == grown.wal.name(at: place.start))
    let coverage = result.coverage
    #expect(coverage.addsUp && coverage.values.skipped[.noWAL] ?? 0 > 0)
    #expect(coverage.values.checked > 0 && coverage.keys.checked > 0)
    #expect(coverage.records.checked == UInt64(record) && coverage.records.skipped == [.damaged: 1])
  }

  @Test func aMissingSegmentIsNamed() async throws {
    var grown = try await GrownReplay()
    let second = WALStream.segmentSize.segment(of: WALStream.first).value + 1
    grown.wal.missing = [second]
    let replayed = try await grown.replay()
    let result = try await grown.verify(replayed, grown.timeline())
    #expect(result.findings.map(\.code) == [.replayWALMissing])
    #expect(result.findings.first?.objectKey == "000000010000000000000002")
    #expect(result.coverage.addsUp && result.coverage.values.skipped[.noWAL] ?? 0 > 0)
  }

  @Test func walThatEndsEarlyIsNamedAndASilentStoreIsNoFinding() async throws {
    var grown = try await GrownReplay()
    let whole = grown.wal
    grown.wal.bytes.removeLast(100_000)
    let short = try await grown.replay()
    #expect(short.result.findings.map(\.code) == [.replayWALMissing] && short.end < grown.end)
    grown.wal = whole
    grown.wal.failing = grown.stream.places[120].end
    let silent = try await grown.replay()
    #expect(silent.result.findings == [] && silent.obstacle == .unreachable)
    let result = try await grown.verify(silent, grown.timeline())
    #expect(result.findings == [] && result.coverage.addsUp)
    #expect(result.coverage.values.skipped[.unreachable] ?? 0 > 0)
  }

  @Test func walOfAnotherTimelineIsRefused() async throws {
    var grown = try await GrownReplay()
    var cluster = ClusterBuilder()
    cluster.values[.checkpoint] = nil
    let layer = MemoryLayer()
    for (key, value) in cluster.values { layer.put(key, GrownReplay.start, image: value.span.bytes) }
    grown.base = GrowingTimeline(layer.freeze().map { [$0] } ?? [], above: nil, redo: grown.base.redo)
    let replayed = try await grown.replay()
    #expect(replayed.result.findings.map(\.code) == [.replayUnreadable])
    #expect(replayed.result.findings.first?.key == .checkpoint && replayed.end == GrownReplay.start)
  }
}

extension KeyClass {
  /// Whether other keys follow from it.
  fileprivate var isDirectory: Bool {
    switch self {
    case .databaseDirectory, .relationDirectoryV1, .relationSize, .slruDirectory, .slruSegmentSize,
      .twoPhaseDirectory:
      true
    default: false
    }
  }
}

@testable import Engine
import IndexFormat
import Testing

/// The sample bucket, which needs no golden data: as it is, and damaged.
struct SampleVerificationTests {
  private static let tenant = TenantShardID("f8d29c5dd92e0ee1bdf5d3a6513060f1")
  private static let end = Lsn(0x147_a9d0)
  private static let postgres = DatabaseTag(tablespace: 1663, database: 5)

  private struct Sample {
    var timeline: Timeline
    var facts: TimelineFacts

    init() throws {
      let golden = try VerifiedTenant.sample()
      let id = try #require(TimelineID("368c353096ae11b85437e6760663c46f"))
      let place = GoldenTenant.Place(shard: .unsharded, timeline: id)
      timeline = try #require(golden.timelines[place])
      facts = try golden.catalog(place).facts
    }

    func verification(
      _ timeline: Timeline,
      _ options: VerificationOptions = VerificationOptions(),
      gcCutoff: Lsn = Lsn(0)
    ) throws -> Verification {
      let shard = VerifiedShard(timeline, TimelineCatalog(timeline, facts), gcCutoff: gcCutoff)
      return try #require(Verification([shard], options))
    }

    func catalog(_ timeline: Timeline? = nil) -> TimelineCatalog {
      TimelineCatalog(timeline ?? self.timeline, facts)
    }
  }

  @Test func sampleHasNoFinding() async throws {
    let tenant = try VerifiedTenant(try VerifiedTenant.sample())
    var sum = VerificationResult()
    for entry in tenant.entries {
      let result = try await entry.verification.verify(at: entry.points)
      #expect(result.findings.isEmpty, "\(entry.id) at \(entry.points):\n\(result.texts)")
      #expect(result.coverage.addsUp, "\(result.coverage)")
      sum += result
    }
    #expect(sum.coverage.keys.checked == 22158 && sum.coverage.keys.skipped.isEmpty)
    // The images are those of initdb, with nothing below them.
    #expect(sum.coverage.values.present == 3693 && sum.coverage.values.skipped == [.noHistory: 3693])
  }

  @Test func sampleOfKeysIsCountedAndAlwaysTheSame() async throws {
    let sample = try Sample()
    var options = VerificationOptions()
    options.sampleShare = 2_000
    options.sampleSeed = 7
    let first = try await sample.verification(sample.timeline, options).verify([.reconstruct], at: [Self.end])
    let second = try await sample.verification(sample.timeline, options).verify(
      [.reconstruct],
      at: [Self.end]
    )
    #expect(first == second)
    #expect(first.coverage.addsUp && first.coverage.keys.present == 3693)
    let share = Double(first.coverage.keys.skipped[.notSampled] ?? 0) / 3693
    #expect(0.4 < share && share < 0.9)
  }

  // MARK: Layers

  @Test func layerThatIsNotThereIsAFindingAndAStoreWithoutAnswerIsNone() async throws {
    let sample = try Sample()
    let image = try #require(sample.timeline.positions.first { !sample.timeline.map[$0].isDelta })
    let object = sample.timeline.object(image)
    let keys = KeySpace(object.name.keys)
    let listed = try await sample.catalog().keySpace(at: Self.end).dense.keySpace
    let lost = listed.intersection(keys).keyCount
    let unit = VerificationUnit(.keys(listed, at: Self.end), weight: 1)

    let gone = sample.timeline.copy(
      over: ChangedLayerSource(sample.timeline.store.source, gone: [object.key])
    )
    let damaged = try await sample.verification(gone).run(unit)
    #expect(damaged.findings.allSatisfy { $0.code == .valueUnreadable && $0.objectKey == object.key })
    #expect(!damaged.findings.isEmpty && damaged.coverage.keys.skipped == [.damaged: lost])
    #expect(damaged.coverage.addsUp)

    let source = ChangedLayerSource(sample.timeline.store.source, refused: [object.key])
    let refused = try await sample.verification(sample.timeline.copy(over: source)).run(unit)
    #expect(refused.findings.isEmpty && refused.coverage.keys.skipped == [.unreachable: lost])
    #expect(refused.coverage.addsUp)
  }

  @Test func layerThatIsNotInTheIndexLeavesKeysWithoutValue() async throws {
    let sample = try Sample()
    let image = try #require(sample.timeline.positions.first { !sample.timeline.map[$0].isDelta })
    let name = sample.timeline.map[image]
    let without = sample.timeline.copy(
      sample.timeline.map.layers.filter { $0.name != name },
      over: sample.timeline.store.source
    )
    let listed = try await sample.catalog().keySpace(at: Self.end).dense.keySpace
    let result = try await sample.verification(without)
      .run(VerificationUnit(.keys(listed, at: Self.end), weight: 1))
    let lost = listed.intersection(KeySpace(name.keys)).keyCount
    #expect(lost > 0 && result.coverage.keys.skipped == [.damaged: lost] && result.coverage.addsUp)
    #expect(!result.findings.isEmpty && result.findings.allSatisfy { $0.code == .valueMissing })
  }

  /// Reads that come to an image layer look no further, and so find nothing at its LSN and until the next change.
  @Test func keyThatAnImageLayerLacksIsMissingAtItsLsn() async throws {
    let sample = try Sample()
    let key = Key.relationBlock(RelationTag(Self.postgres, relation: 1259), BlockNumber(3))
    let position = try #require(
      sample.timeline.positions.first {
        !sample.timeline.map[$0].isDelta && sample.timeline.map[$0].keys.contains(key)
      }
    )
    let lsn = sample.timeline.map[position].startLsn
    let without = try await sample.timeline.changing(position, without: [key])
    let result = try await sample.verification(without).verify([.images], at: [])
    #expect(result.findings.map(\.code) == [.valueMissing], "\(result.texts)")
    #expect(result.findings.first?.key == key && result.findings.first?.lsn == lsn)
    #expect(result.findings.first?.objectKey == without.object(position).key)
    #expect(result.coverage.keys.skipped == [.damaged: 1] && result.coverage.addsUp)

    // Nobody reads below the cutoff of GC.
    let above = try sample.verification(without, gcCutoff: Lsn(lsn.value + 8))
    #expect(try await above.verify([.images], at: []).findings.isEmpty)
  }

  @Test func flippedBitInALinePointerIsFoundWithItsPage() async throws {
    let sample = try Sample()
    let tag = RelationTag(Self.postgres, relation: 1259)
    let key = Key.relationBlock(tag, BlockNumber(3))
    let position = try #require(
      sample.timeline.positions.first {
        !sample.timeline.map[$0].isDelta && sample.timeline.map[$0].keys.contains(key)
      }
    )
    let changed = try await sample.timeline.changing(position) { found, _, page in
      // Where the first row begins: behind the page now.
      if found == key { page[25] ^= 0x40 }
    }
    let result = try await sample.verification(changed).verify([.reconstruct], at: [Self.end])
    #expect(result.findings.map(\.code) == [.pageDamaged], "\(result.texts)")
    #expect(result.findings.first?.key == key && result.coverage.addsUp)
    #expect(result.findings.first?.objectKey == changed.object(position).key)
  }

  // MARK: Directories

  /// The findings of the units that look at directories.
  private func findings(_ values: [(Key, [UInt8])]) async throws -> VerificationResult {
    let sample = try Sample()
    let lsn = Lsn(Self.end.value + 8)
    let verification = try sample.verification(try sample.timeline.overlaid(values, at: lsn))
    return try await verification.verify([.reconstruct], at: [lsn])
  }

  private static func directory(_ entries: [RelationDirectory.Entry]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes += [0, 0, 0, 0, 0, 0]
    bytes += [UInt8(entries.count >> 8), UInt8(entries.count & 0xff)]
    for entry in entries {
      for shift in [24, 16, 8, 0] { bytes.append(UInt8(entry.relation >> UInt32(shift) & 0xff)) }
      bytes.append(entry.fork.number)
    }
    return bytes
  }

  private func entries() async throws -> [RelationDirectory.Entry] {
    let sample = try Sample()
    let bytes = try await sample.timeline.value(of: .relationDirectoryV1(Self.postgres), at: Self.end)
    return try RelationDirectory(parsing: bytes.span.bytes).entries
  }

  @Test func relationThatItsDirectoryHasLostIsMissing() async throws {
    // pg_depend, which is not mapped, and pg_index with its maps left behind.
    let left = try await entries().filter {
      $0.relation != 2608 && !($0.relation == 2610 && $0.fork == .main)
    }
    let result = try await findings([(.relationDirectoryV1(Self.postgres), Self.directory(left))])
    let missing = result.findings.filter { $0.code == .relationMissing }
    let relations = missing.compactMap { finding in finding.key.map { $0.relationTag.relation } }
    #expect(relations == [2608, 2610], "\(result.texts)")
    let alone = result.findings.filter { $0.code == .relationForkAlone }
    #expect(alone.count == left.filter { $0.relation == 2610 }.count && !alone.isEmpty)
    #expect(Set(result.findings.map(\.code)) == [.relationMissing, .relationForkAlone])
  }

  @Test func entryThatIsThereTwiceIsTold() async throws {
    let all = try await entries()
    let twice = all + [try #require(all.first)]
    let result = try await findings([(.relationDirectoryV1(Self.postgres), Self.directory(twice))])
    #expect(result.findings.map(\.code) == [.directoryRepeatedEntry], "\(result.texts)")
  }

  @Test func relationThatNoRowNamesIsInformation() async throws {
    let tag = RelationTag(Self.postgres, relation: 99_999)
    let more = try await entries() + [RelationDirectory.Entry(relation: 99_999, fork: .main)]
    let result = try await findings([
      (.relationDirectoryV1(Self.postgres), Self.directory(more)), (.relationSize(tag), [0, 0, 0, 0]),
    ])
    #expect(result.findings.map(\.code) == [.relationUnlisted], "\(result.texts)")
    #expect(result.findings.first?.key == .relationSize(tag))
  }

  @Test func sizeThatCannotBeTrueIsTold() async throws {
    let tag = RelationTag(Self.postgres, relation: 1259)
    let result = try await findings([(.relationSize(tag), [0xf0, 0xff, 0xff, 0xff])])
    let missing = result.findings.filter { $0.code == .valueMissing }
    // Behind the last block, and at the end that the size claims.
    #expect(missing.first?.key == .relationBlock(tag, BlockNumber(14)), "\(result.texts)")
    #expect(missing.contains { $0.key.map { $0.field6 > 0xffff_0000 } ?? false })
    #expect(result.coverage.addsUp)
  }

  @Test func relationMapThatLeadsNowhereIsTold() async throws {
    let sample = try Sample()
    let map = try await sample.catalog().relationMap(of: Self.postgres, at: Self.end)
    var mappings = map.mappings
    mappings[0].fileNumber = 77_777
    var bytes: [UInt8] = []
    try #require(RelationMap(mappings, layout: map.layout)).encode(into: &bytes)
    let result = try await findings([(.relationMap(Self.postgres), bytes)])
    #expect(
      result.findings.contains { $0.code == .relationUnmapped && $0.key == .relationMap(Self.postgres) }
    )
  }

  @Test func segmentThatIsTooLongIsTold() async throws {
    let segment = SLRUSegment(.multixactOffsets, number: 0)
    let result = try await findings([(.slruSegmentSize(segment), [33, 0, 0, 0])])
    #expect(result.findings.contains { $0.code == .slruTooLong }, "\(result.texts)")
    #expect(result.findings.contains { $0.code == .valueMissing })
  }

  @Test func segmentWithoutASizeIsTold() async throws {
    var bytes: [UInt8] = []
    SLRUSegmentDirectory([0, 7]).encode(into: &bytes)
    let result = try await findings([(.slruDirectory(.transactionStatus), bytes)])
    let segment = SLRUSegment(.transactionStatus, number: 7)
    #expect(result.findings.map(\.key) == [.slruSegmentSize(segment)], "\(result.texts)")
    #expect(result.findings.first?.code == .valueMissing)
  }

  @Test func valuesThatAreNotWhatTheirKeysSayAreDamaged() async throws {
    let result = try await findings([
      (.checkpoint, [1, 2, 3]), (.controlFile, [UInt8](repeating: 0, count: 10)),
      (Key(0x62, 0x0101, 0, 0, 0, 1), [9]), (Key(0x61, 0, 0, 0, 0, 1), [1]),
    ])
    let codes = result.findings.map(\.code)
    #expect(codes == [.valueDamaged, .valueDamaged, .valueUnknownKey, .valueDamaged], "\(result.texts)")
    #expect(result.coverage.addsUp)
  }

  @Test func damagedDirectoryDoesNotHideTheOthers() async throws {
    let result = try await findings([(.relationDirectoryV1(Self.postgres), [1, 2, 3])])
    #expect(result.findings.map(\.key) == [.relationDirectoryV1(Self.postgres)], "\(result.texts)")
    #expect(result.findings.first?.code == .valueDamaged)
    // Those of the other databases are still there.
    #expect(result.coverage.keys.checked > 2000 && result.coverage.addsUp)
  }

  @Test func mutatedDirectoriesAndCatalogsNeverTrap() async throws {
    let sample = try Sample()
    var random = RepeatableGenerator(seed: Fuzzing.seed)
    var keys: [Key] = [
      .databaseDirectory, .relationDirectoryV1(Self.postgres), .relationDirectoryV1(.global),
      .relationMap(Self.postgres), .relationMap(.global), .slruDirectory(.transactionStatus),
      .twoPhaseDirectory, .checkpoint, .slruBlock(SLRUSegment(.transactionStatus, number: 0), BlockNumber(0)),
    ]
    keys += (0..<14).map { .relationBlock(RelationTag(Self.postgres, relation: 1259), BlockNumber($0)) }
    let lsn = Lsn(Self.end.value + 8)
    var toldCount = 0
    for _ in 0..<30 {
      var values: [Key: [UInt8]] = [:]
      for _ in 0..<4 {
        let key = keys[random.below(keys.count)]
        values[key] = Fuzzing.mutate(try await sample.timeline.value(of: key, at: Self.end), &random)
      }
      let changed = try sample.timeline.overlaid(values.map { ($0.key, $0.value) }, at: lsn)
      let verification = try sample.verification(changed)
      for unit in try await verification.units(levels: [.reconstruct], at: [lsn]) {
        if case .keys(let all, _) = unit.work {
          let own = all.intersection(
            KeySpace(values.keys.map { KeyRange($0) })
          )
          let result = try await verification.run(VerificationUnit(.keys(own, at: lsn), weight: 1))
          #expect(result.coverage.addsUp)
          toldCount += result.findings.count
        } else {
          toldCount += try await verification.run(unit).findings.count
        }
      }
    }
    #expect(toldCount > 30)
  }

  @Test func cancelledUnitsThrow() async throws {
    let sample = try Sample()
    let verification = try sample.verification(sample.timeline)
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return await readError { () async throws(ReadError) in
        _ = try await verification.run(VerificationUnit(.keys(KeySpace(.all), at: Self.end), weight: 1))
      }
    }
    guard case .cancelled = await task.value else {
      Issue.record("not cancelled")
      return
    }
  }
}

import Foundation
import IndexFormat
import Testing

@testable import Scrubber

/// Scans of small worlds of WAL.
struct WALScanTests {
  private static let other = TimelineID(high: 1, low: 2)

  private func codes(
    _ rows: [SafekeeperRow],
    _ objects: [String: UInt64] = WALFixture.objects(),
    isWhole: Bool = false,
    _ change: (inout WALScan) -> Void = { _ in }
  ) async throws -> [FindingCode] {
    let source = WALFixture.claims(rows, isWhole: isWhole)
    let record = await WALFixture.scan(try WALFixture.store(objects), source, change)
    #expect(record.summary.coverage.isComplete, "\(record.summary.coverage)")
    #expect(record.errors == [])
    return record.findings.map(\.code).filter { $0 != .walControlPlaneNotAsked }
  }

  private static let whole = WALFixture.row(WALFixture.main, 0x200_0028, 0x400_0000)

  // MARK: Claims

  /// Counting segments one by one would take years.
  @Test(.timeLimit(.minutes(60))) func hostileLsnsEnd() async throws {
    for (first, last) in [
      (UInt64(0), UInt64.max), (1, .max), (0x28, .max), (.max, .max), (.max, 0), (.max, 1),
    ] {
      let found = try await codes([WALFixture.row(Self.other, first, last)])
      #expect(found.count { $0 == .walSegmentMissing } == (first <= 0x28 ? 1 : 0))
    }
  }

  @Test func theLegacyStartIsNoSegment0() async throws {
    // The first segment there is counts; before it nothing can be said.
    let present = try await codes([WALFixture.row(WALFixture.main, 1, 0x400_0000)])
    #expect(present == [.walStartUnknown])
    let record = await WALFixture.scan(
      try WALFixture.store([:]),
      WALFixture.claims([WALFixture.row(Self.other, 1, 0x400_0000)])
    )
    let missing = try #require(record.findings.first { $0.code == .walSegmentMissing })
    #expect(missing.objectKey?.hasSuffix(WALFixture.segment(1)) == true)
    #expect(missing.bytes == 3 * WALFixture.segmentLength)
  }

  @Test func impossibleClaimsAreTold() async throws {
    #expect(
      try await codes([WALFixture.row(WALFixture.main, 0x400_0000, 0x200_0000)]).contains(.walClaimInvalid)
    )
    var ahead = Self.whole
    ahead.commit = Lsn(0x300_0000)
    #expect(try await codes([ahead]) == [.walClaimInvalid])
    var size = Self.whole
    size.segmentSize = 12345
    #expect(try await codes([size]) == [.walClaimInvalid])
  }

  @Test func safekeepersThatDisagreeAreTold() async throws {
    let later = WALFixture.row(WALFixture.main, 0x300_0028, 0x300_0000)
    #expect(try await codes([Self.whole, later]) == [.walClaimsDisagree])
    // That one has not heard of the last upload yet is normal.
    var behind = Self.whole
    behind.backup = Lsn(0x300_0000)
    #expect(try await codes([Self.whole, behind]) == [])
  }

  @Test func committedSegmentsThatWaitAreTold() async throws {
    var row = Self.whole
    row.commit = Lsn(0x43D_ECE0)
    #expect(try await codes([row]) == [])
    row.commit = Lsn(0x600_0000)
    #expect(try await codes([row]) == [.walUploadBehind])
  }

  @Test func cancelledTimelinesAreNotChecked() async throws {
    var row = WALFixture.row(Self.other, 0x200_0028, 0x400_0000)
    row.isCancelled = true
    #expect(try await codes([row]) == [.walTimelineCancelled])
    // Another safekeeper still has it.
    #expect(
      try await codes([row, WALFixture.row(Self.other, 0x200_0028, 0x400_0000)]) == [.walSegmentMissing]
    )
  }

  // MARK: Objects

  @Test func otherSegmentSizesAreKnownFromDumpOptionOrObjects() async throws {
    let size = try #require(WALSegmentSize(byteCount: 64 << 20))
    var objects: [String: UInt64] = [:]
    for number: UInt64 in 1...3 {
      let name = try #require(WALSegmentName(WALSegmentNumber(number), size: size))
      objects[WALFixture.key(WALFixture.main, "\(name)")] = size.byteCount
    }
    var row = WALFixture.row(WALFixture.main, size.byteCount + 0x28, 4 * size.byteCount)
    #expect(try await codes([row], objects) == [])
    row.segmentSize = UInt32(size.byteCount)
    #expect(try await codes([row], objects) == [])
    row.segmentSize = 0
    let one = objects.filter { $0.key.hasSuffix("01") }
    row.backup = Lsn(2 * size.byteCount)
    #expect(try await codes([row], one) { $0.segmentSize = size } == [])
    // A single object does not speak for a size.
    #expect(try await codes([row], one).contains(.walSegmentSize))
  }

  @Test func partialSegmentsAreCheckedByTheirNames() async throws {
    func found(_ partials: [(name: String, size: UInt64)]) async throws -> [FindingCode] {
      var objects = WALFixture.objects().filter { !$0.key.hasSuffix(".partial") }
      for partial in partials {
        objects[WALFixture.key(WALFixture.main, "\(WALFixture.segment(4))_\(partial.name).partial")] =
          partial.size
      }
      return try await codes([Self.whole], objects)
    }
    let good = ("3_00000000043DEDE0_00000000043DECE0_sk2", UInt64(0x3D_EDE0))
    #expect(try await found([good]) == [])
    // On the border of segments it has no bytes.
    #expect(try await found([("3_0000000004000000_0000000004000000_sk2", 0)]) == [])
    #expect(try await found([(good.0, 5)]) == [.walPartialSize])
    #expect(
      try await found([("3_00000000053DEDE0_00000000043DECE0_sk2", 0x3D_EDE0)]) == [.walPartialMisnamed]
    )
    let older = ("2_0000000004FFEDE0_00000000043DECE0_sk2", UInt64(1))
    #expect(try await found([good, older]) == [.walPartialSuperseded])
    // Each safekeeper has its own.
    #expect(try await found([good, ("3_00000000043DEDE0_00000000043DECE0_sk1", 0x3D_EDE0)]) == [])
  }

  @Test func objectsThatMeanNothingAreTold() async throws {
    for name in [
      "README", "000000020000000000000002", "0000000100000000000001FF", "00000001000000000000000a",
    ] {
      var objects = WALFixture.objects()
      objects[WALFixture.key(WALFixture.main, name)] = WALFixture.segmentLength
      #expect(try await codes([Self.whole], objects) == [.objectUnknownName], "\(name)")
    }
    for key in [
      "safekeeper/v1/x", "safekeeper/v1/zz/y", "safekeeper/v1/\(WALFixture.tenant)/a",
      "safekeeper/v1/\(WALFixture.tenant)/a/b",
    ] {
      var objects = WALFixture.objects()
      objects[key] = 1
      #expect(try await codes([Self.whole], objects) == [], "\(key): nobody asked")
      let rows = [Self.whole, WALFixture.row(WALFixture.branch, 0x3F0_0000, 0x400_0000)]
      #expect(try await codes(rows, objects, isWhole: true) == [.objectUnknownName], "\(key)")
    }
    var objects = WALFixture.objects()
    objects[WALFixture.key(WALFixture.main, "\(WALFixture.segment(2)).___temp")] = 1
    #expect(try await codes([Self.whole], objects) == [])
  }

  @Test func walOfTimelinesThatNobodyNamesIsToldIfTheSourceIsWhole() async throws {
    #expect(try await codes([Self.whole]) == [])
    #expect(try await codes([Self.whole], isWhole: true) == [.walTimelineUnclaimed])
    #expect(try await codes([], isWhole: true) == [.walTimelineUnclaimed, .walTimelineUnclaimed])
    // Named ones that are too many to be listed one by one.
    let many = (0..<600).map { WALFixture.row(TimelineID(high: 3, low: $0), 0x200_0028, 0x200_0028) }
    #expect(try await codes(many + [Self.whole]) == [])
  }

  // MARK: Ranges

  /// However the timelines fall into ranges, each is judged once and each object counted once.
  @Test(arguments: [1, 3, 8])
  func manyTimelinesInManyRanges(jobs: Int) async throws {
    var objects: [String: UInt64] = [:]
    var rows: [SafekeeperRow] = []
    var broken = Set<TimelineID>()
    for number in 0..<5_000 as Range<UInt64> {
      let tenant = TenantID(high: number / 3 &* 0x9e37_79b9_7f4a_7c15, low: number / 3)
      let timeline = TimelineID(high: number &* 0x9e37_79b9_7f4a_7c15, low: number)
      rows.append(WALFixture.row(timeline, 0x200_0028, 0x300_0000, tenant: tenant))
      let isBroken = number % 500 == 7
      if isBroken {
        broken.insert(timeline)
      } else {
        objects[WALFixture.key(timeline, WALFixture.segment(2), tenant)] = WALFixture.segmentLength
      }
    }
    let source = WALFixture.claims(rows.shuffled(), isWhole: true)
    let record = await WALFixture.scan(try WALFixture.store(objects), source) { $0.jobs = jobs }
    #expect(record.summary.timelineCount == 5_000)
    #expect(record.summary.tenantCount == 1_667)
    #expect(record.summary.coverage.isComplete)
    #expect(record.summary.coverage.objectsListed == objects.count)
    let found = record.findings.filter { $0.code == .walSegmentMissing }
    #expect(Set(found.compactMap(\.timeline)) == broken)
    #expect(found.count == broken.count)
    // In the order of keys.
    #expect(found.compactMap(\.objectKey) == found.compactMap(\.objectKey).sorted())
  }

  @Test func onlyTheTenantsThatAreAskedForAreScanned() async throws {
    let tenant = TenantID(high: 9, low: 9)
    var objects = WALFixture.objects()
    objects[WALFixture.key(Self.other, WALFixture.segment(2), tenant)] = 5
    let rows = [Self.whole, WALFixture.row(Self.other, 0x200_0028, 0x300_0000, tenant: tenant)]
    let selection = [TenantSelector.tenant(WALFixture.tenant), .tenant(TenantID(high: 7, low: 7))]
    let record = await WALFixture.scan(
      try WALFixture.store(objects),
      WALFixture.claims(rows, isWhole: true, tenants: Set(selection.map(\.tenant)))
    ) { $0.tenants = selection }
    #expect(record.summary.timelineCount == 1)
    #expect(record.findings.map(\.code).contains(.walTimelineUnclaimed))
    #expect(!record.findings.map(\.code).contains(.walSegmentSize))
    #expect(record.summary.notFound == [selection[1]])
    #expect(record.summary.coverage.objectsListed == 4)
  }

  @Test func noTimelinesAreNothingToCheck() async throws {
    let record = await WALFixture.scan(try WALFixture.store([:]), WALFixture.claims([], isWhole: true))
    #expect(record.exitCode == .nothingMatched)
  }

  // MARK: A bucket that changes or fails

  @Test func whatIsThereAtASecondLookIsNotMissing() async throws {
    var before = WALFixture.objects()
    before[WALFixture.key(WALFixture.main, WALFixture.segment(3))] = nil
    let store = ChangingObjectStore([
      try WALFixture.store(before), try WALFixture.store(WALFixture.objects()),
    ]) {
      request,
      count in request == .list && count == 1
    }
    let record = await WALFixture.scan(store, WALFixture.claims([Self.whole]))
    #expect(record.findings == [])
    #expect(record.summary.coverage.isComplete)
  }

  @Test func whatTheListingLacksButCanBeReadIsNotLost() async throws {
    var listed = WALFixture.objects()
    listed[WALFixture.key(WALFixture.main, WALFixture.segment(3))] = nil
    // The listings lag behind, HEAD does not.
    let store = ChangingObjectStore([
      try WALFixture.store(listed), try WALFixture.store(WALFixture.objects()),
    ]) {
      request,
      count in request == .list && count == 2
    }
    let record = await WALFixture.scan(store, WALFixture.claims([Self.whole]))
    #expect(record.findings.map(\.code) == [.walSegmentUnlisted])
    #expect(record.exitCode == .ok)
  }

  @Test func aHoleInTheListingAccusesNobody() async throws {
    let base = try WALFixture.store(WALFixture.objects())
    let folder = "\(WALFixture.prefix)\(WALFixture.tenant)/\(WALFixture.main)/"
    for isWhole in [false, true] {
      let store = HoleyObjectStore(base: base, folder: folder)
      let rows = [Self.whole, WALFixture.row(WALFixture.branch, 0x200_0028, 0x400_0000)]
      let record = await WALFixture.scan(store, WALFixture.claims(rows, isWhole: isWhole))
      let missing = record.findings.filter { $0.code == .walSegmentMissing }
      // What concerns another timeline stands.
      #expect(missing.map(\.timeline) == [WALFixture.branch])
      #expect(!record.errors.isEmpty)
    }
  }

  /// Whichever request fails: no new accusation, and an error.
  @Test func aRequestWithoutAnswerIsNoFinding() async throws {
    var objects = WALFixture.objects()
    objects[WALFixture.key(WALFixture.main, WALFixture.segment(3))] = nil
    for operation in [StoreError.Operation.list, .head] {
      for number in 1...3 {
        let faults = FaultyObjectStore(
          try WALFixture.store(objects),
          faults: [.fail(operation, .only(number))]
        )
        let record = await WALFixture.scan(faults, WALFixture.claims([Self.whole]))
        let codes = Set(record.findings.map(\.code)).subtracting([.walControlPlaneNotAsked])
        #expect(codes.isSubset(of: [.walSegmentMissing]))
        if codes.isEmpty { #expect(!record.errors.isEmpty) }
      }
    }
  }

  @Test func anInterruptedScanSaysSo() async throws {
    let store = try WALFixture.store(WALFixture.objects())
    let task = Task { await WALFixture.scan(store, WALFixture.claims([Self.whole], isWhole: true)) }
    task.cancel()
    let record = await task.value
    #expect(record.exitCode == .interrupted)
    #expect(record.summary.coverage.isComplete)
  }

  // MARK: Depth wal

  @Test func zerosAreNoWAL() async throws {
    let found = try await codes([Self.whole]) { $0.depth = .wal }
    #expect(found.contains(.walEndsEarly) || found.contains(.walPageDamaged))
  }
}

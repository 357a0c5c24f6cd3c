import Testing

@testable import IndexFormat

private let tenantText = "4f1bca4f36e70647a6a0e573c9de17af"
private let timelineText = "5fe8b8114a3857e52fdd46ec6012f196"
private let folder = "\(tenantText)/\(timelineText)/"
private let partialText = "000000010000000000000002_2_0000000002534868_0000000002534410_sk1.partial"

private func classify(_ key: String) -> SafekeeperObjectKey { withBytes(key) { SafekeeperObjectKey($0) } }

struct SafekeeperObjectKeyTests {
  let tenant = TenantID(tenantText)
  let timeline = TimelineID(timelineText)

  @Test func objects() throws {
    let tenant = try #require(tenant)
    let timeline = try #require(timeline)
    let segment = try #require(WALSegmentName("000000010000000000000002"))
    let partial = try #require(PartialSegmentName(partialText))
    #expect(classify(folder + "000000010000000000000002") == .segment(tenant, timeline, segment))
    #expect(classify(folder + partialText) == .partialSegment(tenant, timeline, partial))
    #expect(classify(folder + partialText).text == folder + partialText)
    #expect(classify(folder + partialText + ".metadata") == .localTemporary(.sideFile))
    #expect(classify(folder + "000000010000000000000002.___temp") == .localTemporary(.otherTemporary))
    #expect(classify(folder) == .unknownInTimeline(tenant, timeline, name: 66..<66))
    #expect(
      classify(folder + "000000010000000000000002.partial")
        == .unknownInTimeline(tenant, timeline, name: 66..<98)
    )
    #expect(
      classify(folder + "00000001000000000000000a") == .unknownInTimeline(tenant, timeline, name: 66..<90)
    )
    #expect(
      classify(folder + "x/000000010000000000000002") == .unknownInTimeline(tenant, timeline, name: 66..<92)
    )
    #expect(classify("\(tenantText)/x/y") == .badTimelineName(tenant, folder: 33..<34))
    #expect(
      classify("\(tenantText)/\(timelineText.uppercased())/y") == .badTimelineName(tenant, folder: 33..<65)
    )
    #expect(classify("\(tenantText)/x") == .unknownInTenant(tenant, name: 33..<34))
    #expect(classify("\(tenantText)-0102/\(timelineText)/x") == .badTenantName(folder: 0..<37))
    #expect(classify("x") == .unknownAtRoot)
  }

  @Test(.enabled(if: Golden.isPresent, Golden.absence))
  func keysOfARealBucket() throws {
    let root = "safekeeper/v1/"
    let names = try Golden.archiveNames("safekeeper/bucket.tar.zst")
    #expect(names.count > 3)
    for name in names {
      try #require(name.hasPrefix(root))
      let key = String(name.dropFirst(root.count))
      #expect(classify(key).text == key)
      if case .partialSegment(_, _, let partial) = classify(key) {
        #expect(partial.isConsistent(size: .standard))
        #expect(partial.byteCount(size: .standard) == 0x3d_ede0)
      }
    }
  }
}

struct WALSegmentTests {
  @Test(
    arguments: [
      (0x14e_f420, "000000010000000000000001"), (0x1_0000_0000, "000000010000000100000000"),
      (0xff_ff00_0000, "00000001000000FF000000FF"), (0, "000000010000000000000000"),
      (.max, "00000001FFFFFFFF000000FF"),
    ] as [(UInt64, String)]
  )
  func names(lsn: UInt64, text: String) throws {
    let size = WALSegmentSize.standard
    let number = size.segment(of: Lsn(lsn))
    let name = try #require(WALSegmentName(number, size: size))
    #expect(name.description == text)
    #expect(WALSegmentName(text) == name)
    #expect(name.segment(size: size) == number)
    let start = try #require(size.start(of: number))
    #expect(start.value + size.offset(of: Lsn(lsn)) == lsn)
  }

  @Test func sizes() {
    for shift in 0..<64 {
      let byteCount = UInt64(1) << UInt64(shift)
      #expect((WALSegmentSize(byteCount: byteCount) != nil) == (20...30 ~= shift))
      #expect(WALSegmentSize(byteCount: byteCount + 1) == nil)
    }
    #expect(WALSegmentSize(byteCount: 0) == nil)
  }

  @Test func everySizeNamesEveryPlace() throws {
    for shift in 20...30 as ClosedRange<UInt64> {
      let size = try #require(WALSegmentSize(byteCount: 1 << shift))
      let last = WALSegmentNumber(.max >> shift)
      for number in [WALSegmentNumber(0), WALSegmentNumber(1), WALSegmentNumber((1 << 32) >> shift), last] {
        let name = try #require(WALSegmentName(number, size: size))
        #expect(name.segment(size: size) == number)
        #expect(size.start(of: number).map { size.segment(of: $0) } == number)
      }
      let behind = WALSegmentNumber(last.value + 1)
      #expect(size.start(of: behind) == nil)
      #expect(WALSegmentName(behind, size: size) == nil)
    }
  }

  @Test func placeBeyondTheSegmentsOfFourGigabytes() throws {
    let name = try #require(WALSegmentName("000000010000000000000100"))
    #expect(name.segment(size: .standard) == nil)
    #expect(name.segment(size: try #require(WALSegmentSize(byteCount: 1 << 20))) == WALSegmentNumber(0x100))
  }

  @Test(arguments: [
    "", "00000001000000000000000", "0000000100000000000000001", "00000001000000000000000G",
    "00000001000000000000000a",
  ])
  func refusedNames(text: String) { #expect(WALSegmentName(text) == nil) }

  @Test func partialSegment() throws {
    let name = try #require(PartialSegmentName(partialText))
    #expect(name.description == partialText)
    #expect(name.segment.segment(size: .standard) == WALSegmentNumber(2))
    #expect(name.term == 2 && name.node == NodeID(1))
    #expect(name.flushLsn == Lsn(0x253_4868) && name.commitLsn == Lsn(0x253_4410))
    #expect(name.isConsistent(size: .standard))
    #expect(name.byteCount(size: .standard) == 0x53_4868)
    let boundary = PartialSegmentName(
      segment: name.segment,
      term: .max,
      flushLsn: Lsn(0x200_0000),
      commitLsn: Lsn(0),
      node: NodeID(.max)
    )
    #expect(boundary.isConsistent(size: .standard) && boundary.byteCount(size: .standard) == 0)
    #expect(PartialSegmentName(boundary.description) == boundary)
  }

  @Test(arguments: [
    "000000010000000000000002.partial",
    "000000010000000000000002_02_0000000002534868_0000000002534410_sk1.partial",
    "000000010000000000000002__0000000002534868_0000000002534410_sk1.partial",
    "000000010000000000000002_2_0000000002534868_0000000002534410_sk.partial",
    "000000010000000000000002_2_0000000002534868_0000000002534410_sk01.partial",
    "000000010000000000000002_2_0000000002534868_0000000002534410_1.partial",
    "000000010000000000000002_2_2534868_2534410_sk1.partial",
    "000000010000000000000002_2_000000000253486a_0000000002534410_sk1.partial",
    "000000010000000000000002_18446744073709551616_0000000002534868_0000000002534410_sk1.partial",
    "000000010000000000000002_2_0000000002534868_0000000002534410_sk1.partial2",
    "000000010000000000000002_2_0000000002534868_0000000002534410_sk1", "_.partial", "",
  ])
  func refusedPartialNames(text: String) { #expect(PartialSegmentName(text) == nil) }

  @Test func everyTruncationOfAPartialNameIsRefused() {
    for length in 0..<partialText.utf8.count {
      #expect(PartialSegmentName(String(partialText.prefix(length))) == nil)
    }
  }
}

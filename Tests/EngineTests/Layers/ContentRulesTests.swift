import Engine
import IndexFormat
import Testing

/// What values hold, each wrong in one way: pages, other images, records.
struct ContentRulesTests {
  private static let lsn = Lsn(0x171_e058)
  private static let relation = RelationTag(tablespace: 1663, database: 5, relation: 16384, fork: .main)
  private static let block = BlockNumber(1)
  private static let page = Key.relationBlock(relation, block)
  private static let visibility = Key.relationBlock(
    RelationTag(tablespace: 1663, database: 5, relation: 16384, fork: .visibilityMap),
    BlockNumber(0)
  )
  private static let status = Key.slruBlock(SLRUSegment(.transactionStatus, number: 0), BlockNumber(0))
  private static let members = Key.slruBlock(SLRUSegment(.multixactMembers, number: 0), BlockNumber(0))
  private static let offsets = Key.slruBlock(SLRUSegment(.multixactOffsets, number: 0), BlockNumber(0))

  /// An image layer with one value.
  private func report(_ key: Key, _ image: [UInt8], importLsn: Lsn? = nil) throws -> LayerCheckReport {
    let name = LayerName(image: .all, at: Self.lsn)
    var writer = try ImageLayerWriter(
      name,
      tenant: LayerVectorTests.tenant,
      timeline: LayerVectorTests.timeline,
      compression: .standard,
      sink: MemoryLayerSink()
    )
    try writer.put(key, image: image.span.bytes)
    return try check(name, try writer.finish().sink.bytes, importLsn)
  }

  /// A delta layer with one value.
  private func report(_ key: Key, _ value: LayerValue, at lsn: Lsn = lsn) throws -> LayerCheckReport {
    let name = LayerName(delta: .all, from: Self.lsn, to: Lsn(Self.lsn.value + 8))
    var writer = try DeltaLayerWriter(
      name,
      tenant: LayerVectorTests.tenant,
      timeline: LayerVectorTests.timeline,
      sink: MemoryLayerSink()
    )
    try writer.put(key, lsn, value)
    return try check(name, try writer.finish().sink.bytes, nil)
  }

  private func check(_ name: LayerName, _ bytes: [UInt8], _ importLsn: Lsn?) throws -> LayerCheckReport {
    guard let decoder = BlobDecoder() else { throw NoMemory() }
    let object = LayerObject(
      key: "\(name)",
      name: name,
      tenant: LayerVectorTests.tenant,
      timeline: LayerVectorTests.timeline
    )
    let report = LayerCheck.run(
      object,
      bytes.span.bytes,
      depth: .values,
      importLsn: importLsn,
      decoder: decoder
    )
    #expect(report.coverage.total == UInt64(bytes.count))
    return report
  }

  private func codes(_ key: Key, _ image: [UInt8], importLsn: Lsn? = nil) throws -> [FindingCode] {
    let report = try report(key, image, importLsn: importLsn)
    #expect(report.findings.allSatisfy { $0.key == key && $0.lsn == Self.lsn && $0.objectKey != nil })
    // In a delta layer the same image is as right or wrong.
    let codes = report.findings.map(\.code)
    if importLsn == nil { #expect(try self.report(key, .image(image)).findings.map(\.code) == codes) }
    return codes
  }

  private func codes(_ key: Key, _ record: NeonRecord) throws -> [FindingCode] {
    try report(key, .record(record)).findings.map(\.code)
  }

  private static func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }

  // MARK: Pages

  @Test func wholePagesAreRight() throws {
    for page in [
      PageHeaderTests.indexPage, PageHeaderTests.freeSpacePage, PageHeaderTests.visibilityPage,
      Self.zeros(8192),
    ] {
      let report = try report(Self.page, page)
      #expect(report.findings == [])
      #expect(report.contents.pageCount == 1)
    }
    // A new page with nothing but an LSN, as page servers left some until November 2024.
    #expect(try codes(Self.page, [0, 0, 0, 0, 0x10] + Self.zeros(8187)) == [])
  }

  @Test func pagesThatPostgresRefuses() throws {
    let page = PageHeaderTests.indexPage
    func changed(_ offset: Int, _ byte: UInt8) -> [UInt8] {
      var page = page
      page[offset] = byte
      return page
    }
    // Flags, lower above upper, upper above special, special odd, version.
    for (offset, byte) in [(10, 8), (13, 0x80), (15, 0x80), (16, 1), (18, 5), (19, 0x40)] as [(Int, UInt8)] {
      #expect(try codes(Self.page, changed(offset, byte)) == [.layerPageDamaged], "byte \(offset)")
    }
    // New, but not empty.
    #expect(try codes(Self.page, Self.zeros(8000) + [1] + Self.zeros(191)) == [.layerPageDamaged])
    for count in [0, 1, 8191, 8193] {
      #expect(try codes(Self.page, Self.zeros(count)) == [.layerImageDamaged], "\(count) bytes")
    }
  }

  @Test func pageOfALaterLsn() throws {
    var page = PageHeaderTests.indexPage
    // Little-endian halves of an LSN: this is the layer's own.
    page.replaceSubrange(4..<8, with: [0x58, 0xe0, 0x71, 0x01])
    #expect(try codes(Self.page, page) == [])
    page[4] = 0x59
    #expect(try codes(Self.page, page) == [.layerPageAhead])
  }

  /// A checksum says something only of a page that has not changed since its import.
  @Test func checksumsOfImportedPages() throws {
    var page = PageHeaderTests.indexPage
    page[8191] ^= 1
    let pageLsn = Lsn(0x145_ed70)
    #expect(try codes(Self.page, PageHeaderTests.indexPage, importLsn: Self.lsn) == [])
    #expect(try codes(Self.page, page, importLsn: Self.lsn) == [.layerPageChecksum])
    #expect(try codes(Self.page, page, importLsn: pageLsn) == [.layerPageChecksum])
    #expect(try codes(Self.page, page, importLsn: Lsn(pageLsn.value - 1)) == [])
    #expect(try codes(Self.page, page) == [])
    // Visibility maps change without their LSN.
    #expect(try codes(Self.visibility, page, importLsn: Self.lsn) == [])
    page.replaceSubrange(8..<10, with: [0, 0])
    #expect(try codes(Self.page, page, importLsn: Self.lsn) == [])
  }

  // MARK: Other images

  @Test func imagesHaveTheLengthsOfTheirKeys() throws {
    let database = DatabaseTag(tablespace: 1663, database: 5)
    let cases: [(Key, right: [Int], wrong: [Int])] = [
      (.relationSize(Self.relation), [4], [0, 3, 5]),
      (.slruSegmentSize(SLRUSegment(.transactionStatus, number: 0)), [4], [8]),
      (Self.status, [8192, 8200], [8191, 8208]),
      (Self.members, [8192], [8200]),
      (Self.offsets, [8192], [8200]),
      (.checkpoint, [88], [87, 89]),
      (.controlFile, [296, 8192], [0, 295]),
      (.relationMap(database), [], [0, 511, 516]),
      (.replicationOrigin(1), [0, 8], [4, 9]),
      (.relationDirectoryV2(Self.relation), [0], [1, 2]),
      (.databaseDirectory, [8, 17], []),
      (.auxFilesV1, [0, 8], []),
    ]
    for (key, right, wrong) in cases {
      for count in right { #expect(try codes(key, Self.zeros(count)) == [], "\(key.describe()), \(count)") }
      for count in wrong {
        #expect(try codes(key, Self.zeros(count)) == [.layerImageDamaged], "\(key.describe()), \(count)")
      }
    }
    #expect(try codes(.relationDirectoryV2(Self.relation), Array("r".utf8)) == [])
    #expect(try codes(.relationDirectoryV2(Self.relation), Array("x".utf8)) == [.layerImageDamaged])
  }

  private func put(_ number: UInt32, at offset: Int, into bytes: inout [UInt8]) {
    for byte in 0..<4 { bytes[offset + byte] = UInt8(truncatingIfNeeded: number >> (8 * UInt32(byte))) }
  }

  @Test func controlFileHasAChecksumAndSaysWhetherPagesHave() throws {
    for (version, hasChecksums) in [(1300, true), (1700, false)] as [(UInt32, Bool)] {
      var file = Self.zeros(8192)
      put(version, at: 8, into: &file)
      put(hasChecksums ? 1 : 0, at: 252, into: &file)
      put(CRC32C.checksum(file.span.bytes.extracting(0..<288)), at: 288, into: &file)
      let whole = try report(.controlFile, file)
      #expect(whole.findings == [])
      #expect(whole.contents.hasPageChecksums == hasChecksums)
      file[100] ^= 1
      let damaged = try report(.controlFile, file)
      #expect(damaged.findings.map(\.code) == [.layerImageDamaged])
      #expect(damaged.contents.hasPageChecksums == nil)
    }
  }

  @Test func relationMapsHaveAChecksum() throws {
    let key = Key.relationMap(DatabaseTag(tablespace: 1664, database: 0))
    for (count, offset) in [(512, 504), (524, 520)] {
      var map = Self.zeros(count)
      map[4] = 17
      #expect(try codes(key, map) == [.layerImageDamaged])
      put(CRC32C.checksum(map.span.bytes.extracting(0..<offset)), at: offset, into: &map)
      #expect(try codes(key, map) == [])
    }
  }

  // MARK: Records

  private func record(payload count: Int, previous: Lsn = Lsn(0x169_ad00)) -> [UInt8] {
    var header = WALRecordHeader(
      totalLength: UInt32(count + WALRecordHeader.byteCount),
      previous: previous,
      info: 0,
      resourceManager: 10
    )
    let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
    var bytes: [UInt8] = []
    header.encode(into: &bytes)
    header.checksum = WALRecordHeader.checksum(of: (bytes + payload).span.bytes) ?? 0
    bytes = []
    header.encode(into: &bytes)
    return bytes + payload
  }

  @Test func recordsOfPostgres() throws {
    let whole = record(payload: 100)
    let report = try report(Self.page, .record(.postgres(willInit: true, record: whole)))
    #expect(report.findings == [])
    #expect(report.contents.walRecordCount == 1)
    // Header and checksum cover all of it but two bytes of padding.
    #expect(report.coverage.opaque == 2)
    for offset in [4, 8, 16, 17, 20, 23, 24, 123] {
      var damaged = whole
      damaged[offset] ^= 0x10
      #expect(
        try codes(Self.page, .postgres(willInit: true, record: damaged)) == [.layerRecordDamaged],
        "byte \(offset)"
      )
    }
    let later = record(payload: 8, previous: Self.lsn)
    #expect(try codes(Self.page, .postgres(willInit: true, record: later)) == [.layerRecordDamaged])
    // Shorter than a header, with the right length.
    let short: [UInt8] = [20, 0, 0, 0] + Self.zeros(16)
    #expect(try codes(Self.page, .postgres(willInit: true, record: short)) == [.layerRecordDamaged])
  }

  @Test func recordsStandUnderKeysThatTheyChange() throws {
    let records: [(NeonRecord, Key)] = [
      (.postgres(willInit: true, record: record(payload: 4)), Self.page),
      (.clearVisibilityMapFlags(newHeapBlock: 1, oldHeapBlock: nil, flags: 3), Self.visibility),
      (.truncateVisibilityMap(byte: 1, bitOffset: 0), Self.visibility),
      (.clogSetCommitted(transactions: [3], timestamp: 0), Self.status),
      (.clogSetAborted(transactions: [3]), Self.status),
      (.multixactOffsetCreate(multixact: 1, offset: 1), Self.offsets),
      (.multixactMembersCreate(offset: 1, members: []), Self.members),
      (.auxFile(path: "a", content: nil), .auxFilesV1),
    ]
    for (record, key) in records {
      #expect(try codes(key, record) == [], "\(record.tag)")
      for (other, otherKey) in records where other.tag != record.tag && otherKey != key {
        // A page of a visibility map is one of a relation, too.
        if record.tag == .postgres, otherKey == Self.visibility { continue }
        #expect(try codes(otherKey, record) == [.layerRecordMisplaced], "\(record.tag) under \(otherKey)")
      }
    }
  }

  /// At depth `blobs` nobody asks what values hold.
  @Test func onlyTheDeepestDepthLooksAtContents() throws {
    let name = LayerName(image: .all, at: Self.lsn)
    var writer = try ImageLayerWriter(
      name,
      tenant: LayerVectorTests.tenant,
      timeline: LayerVectorTests.timeline,
      compression: .none,
      sink: MemoryLayerSink()
    )
    try writer.put(Self.page, image: [1, 2, 3].span.bytes)
    let bytes = try writer.finish().sink.bytes
    guard let decoder = BlobDecoder() else { throw NoMemory() }
    let object = LayerObject(
      key: "x",
      name: name,
      tenant: LayerVectorTests.tenant,
      timeline: LayerVectorTests.timeline
    )
    #expect(LayerCheck.run(object, bytes.span.bytes, depth: .blobs, decoder: decoder).findings == [])
  }
}

import Engine
import Foundation
import IndexFormat
import Testing

/// What real timelines hold, compared with what their page servers said.
@Suite(.enabled(if: Golden.isPresent, Golden.absence))
struct GoldenCatalogTests {
  /// How many points, timelines, lists of aux files, commit times and searched moments each tenant has.
  static let tenants: [(String, [Int])] = [
    ("A", [10, 6, 5, 66, 66]), ("B", [12, 4, 0, 0, 0]), ("C", [1, 1, 0, 0, 0]), ("D", [2, 1, 0, 4, 8]),
    ("E", [1, 1, 0, 1, 0]), ("F", [2, 1, 0, 9, 8]), ("G", [2, 1, 0, 9, 8]), ("H", [2, 1, 0, 9, 8]),
    ("I", [2, 2, 0, 0, 0]), ("J", [10, 6, 1, 66, 66]), ("K", [2, 2, 1, 2, 0]), ("M", [8, 4, 0, 0, 0]),
  ]

  @Test(arguments: tenants)
  func catalogAgreesWithThePageServer(tenant: String, counts: [Int]) async throws {
    let oracle = try Oracle(tenant)
    let golden = try PlainTenant(tenant)
    for point in oracle.points {
      try await OracleCheck.point(try golden.timeline(point.tenant, point.timeline).catalog(), point)
    }
    for timeline in oracle.timelines {
      let catalog = try golden.timeline(timeline.tenant, timeline.timeline).catalog()
      try await OracleCheck.timeline(catalog, timeline)
      try await OracleCheck.times(catalog, timeline)
    }
    for files in oracle.auxFiles {
      let tenant = try #require(oracle.timelines.first { $0.timeline == files.timeline }).tenant
      try await OracleCheck.auxFiles(try golden.timeline(tenant, files.timeline).catalog(), files)
    }
    #expect(
      [
        oracle.points.count, oracle.timelines.count, oracle.auxFiles.count,
        oracle.timelines.reduce(0) { $0 + $1.commitTimes.count },
        oracle.timelines.reduce(0) { $0 + $1.lsns.count },
      ] == counts
    )
  }

  /// Image layers at an LSN, each of which covers a part of the key space at that LSN. The page servers had a target of
  /// 2 MiB a part.
  @Test(arguments: [
    ("A", ["A.main 0/2000028": 16, "A.prom 0/2000028": 16]),
    ("B", ["B.0004.main 0/41A78F1": 9, "B.0104.main 0/41A78F1": 9, "B.0304.main 0/41A78F1": 9]),
    (
      "J",
      [
        "J.main 0/2000028": 16, "J.main 0/3F57758": 14, "J.main 0/4300418": 23, "J.prom 0/2000028": 16,
        "J.prom 0/3F57758": 14,
      ]
    ),
    (
      "M",
      [
        "M.0004.main 0/43FC620": 10, "M.0104.main 0/43FC620": 1, "M.0204.main 0/43FC620": 1,
        "M.0304.main 0/43FC620": 1,
      ]
    ),
  ])
  func imageLayersCoverTheParts(tenant: String, layers: [String: Int]) async throws {
    let golden = try PlainTenant(tenant)
    for told in try Oracle(tenant).timelines {
      let timeline = try golden.timeline(told.tenant, told.timeline)
      for (place, count) in layers where place.hasPrefix(told.name + " ") {
        let lsn = try #require(Lsn(String(place.dropFirst(told.name.count + 1))))
        let keys = try await timeline.catalog().keySpace(at: lsn)
        let partition = try KeyPartition(keys.dense, shard: timeline.shard, targetByteCount: 2 << 20)
        let images = timeline.index.layers.map(\.name)
          .filter { !$0.isDelta && $0.startLsn == lsn && !$0.keys.start.isSparse }
        #expect(images.count == count, "\(place)")
        for image in images { #expect(partition.layerRanges.contains(image.keys), "\(place) \(image)") }
      }
    }
  }

  /// All values of one timeline at its end, as the page server gave them.
  @Test func allValuesOfATimelineAreWhatTheirKeysSay() async throws {
    let values = try Self.values(of: "pageserver/oracle/A.main@end.values.bin.zst")
    #expect(values.count == 5503)
    let oracle = try Oracle("A")
    let point = try #require(oracle.points.first { $0.name == "A.main@end" })
    let timeline = try #require(oracle.timelines.first { $0.name == "A.main" })
    let catalog = TimelineCatalog(
      MemoryValueSource(values),
      TimelineFacts(shard: .unsharded(), pgVersion: 17)
    )
    try await OracleCheck.point(catalog, point)
    try await OracleCheck.timeline(catalog, timeline)
    let atEnd = timeline.commitTimes.filter { $0.lsn == timeline.lastLsn }
    #expect(atEnd.count == 1)
    for (lsn, answer) in atEnd {
      #expect(try await catalog.commitTime(at: lsn).map { .time($0) } == answer)
    }
    var pages = 0
    var zeros = 0
    for (key, bytes) in values where key.isRelationBlock {
      pages += 1
      if let problem = PageHeader.problem(of: bytes.span.bytes) { Issue.record("\(key): \(problem)") }
      let header = try PageHeader(parsing: bytes.span.bytes)
      if header.isNew {
        zeros += 1
      } else {
        #expect(header.sizeAndVersion == PageHeader.knownSizeAndVersion && header.checksum == 0)
        #expect(header.lsn <= timeline.lastLsn)
      }
    }
    #expect(pages == 4142 && zeros == 8)
    try Self.readAndWriteAgain(values)
  }

  /// Everything but pages and directories, whose order is that of a hash table, comes out as it was.
  private static func readAndWriteAgain(_ values: [Key: [UInt8]]) throws {
    func check<Value: StoredValue>(_ type: Value.Type, _ key: Key, _ bytes: [UInt8]) throws {
      var written: [UInt8] = []
      try Value(parsing: bytes.span.bytes).encode(into: &written)
      #expect(written == bytes, "\(key)")
    }
    for (key, bytes) in values {
      switch KeyClass(key) {
      case .relationMap: try check(RelationMap.self, key, bytes)
      case .relationSize, .slruSegmentSize: try check(BlockCountValue.self, key, bytes)
      case .controlFile: try check(ControlFile.self, key, bytes)
      case .checkpoint: try check(Checkpoint.self, key, bytes)
      case .slruBlock(let segment, _) where segment.kind == .transactionStatus:
        try check(TransactionStatusPage.self, key, bytes)
      case .relationDirectoryV1:
        let directory = try RelationDirectory(parsing: bytes.span.bytes)
        var written: [UInt8] = []
        directory.encode(into: &written)
        #expect(written.count == bytes.count && directory.repeatedEntryCount == 0)
        #expect(try RelationDirectory(parsing: written.span.bytes) == directory)
      default: break
      }
    }
  }

  /// Key, length (4 bytes, big-endian) and value, one after the other.
  private static func values(of file: String) throws -> [Key: [UInt8]] {
    let bytes = try UnpackedArchive.decompress(file)
    var values: [Key: [UInt8]] = [:]
    var reader = ByteReader(bytes.span.bytes)
    while reader.remaining > 0 {
      let key = try reader.key("key")
      let count = Int(try reader.uint32("length"))
      guard let range = reader.skip(count) else { break }
      values[key] = Array(bytes[range])
    }
    return values
  }
}

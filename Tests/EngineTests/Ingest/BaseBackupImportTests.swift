@testable import Engine
import Foundation
import IndexFormat
import Testing

/// Files of clusters become images: those of a real archive of initdb, and damaged ones.
struct BaseBackupImportTests {
  /// The tar archive of the sample bucket's timeline.
  private static func archive() throws -> [UInt8] {
    let path =
      "samples/bucket/pageserver/v1/tenants/f8d29c5dd92e0ee1bdf5d3a6513060f1/"
      + "timelines/368c353096ae11b85437e6760663c46f/initdb.tar.zst"
    let packed = [UInt8](try Data(contentsOf: LayerFile.root.appending(path: path)))
    guard var stream = ZstdStream(windowLog: 27) else { throw NoMemory() }
    var used = 0
    var bytes: [UInt8] = []
    var room = [UInt8](repeating: 0, count: 1 << 20)
    while used < packed.count || !stream.isAtFrameEnd {
      let count = try room.withUnsafeMutableBytes {
        try stream.step(packed.span.bytes, from: &used, into: $0)
      }
      bytes += room[..<count]
      if count == 0, used == packed.count { break }
    }
    return bytes
  }

  private static func run(_ archive: [UInt8], at lsn: Lsn) throws -> MemoryRun {
    try BaseBackupImport(try .archive(archive), IngestRules(version: .v17), at: lsn).values()
  }

  /// The page server that initialized the timeline of the sample bucket wrote the same values.
  @Test func anArchiveOfInitdbGivesTheImagesOfThePageServer() throws {
    let timeline = try #require(TimelineID("368c353096ae11b85437e6760663c46f"))
    var theirs: [Key: [UInt8]] = [:]
    var lsn = Lsn.invalid
    for file in LayerFile.committed where file.object.timeline == timeline && !file.object.name.isDelta {
      lsn = max(lsn, file.object.name.startLsn)
    }
    for file in LayerFile.committed where file.object.timeline == timeline && !file.object.name.isDelta {
      guard file.object.name.startLsn == lsn else { continue }
      _ = try file.object.check(try file.bytes()) { entry, value in
        theirs[entry.key] = value.withUnsafeBytes { [UInt8]($0) }
      }
    }
    var count = 0
    try Self.run(try Self.archive(), at: lsn).forEach {
      (key: Key, _: Lsn, bytes: RawSpan) throws in
      let ours = bytes.withUnsafeBytes { [UInt8]($0) }
      var image: [UInt8] = []
      LayerValue.image(try #require(theirs[key], "\(KeyClass(key))")).encode(into: &image)
      #expect(GoldenIngest.isEqual(key, ours, image), "\(KeyClass(key))")
      count += 1
    }
    #expect(count == theirs.count && count > 3000)
  }

  // MARK: Damage

  /// A tar archive of small files.
  static func tar(_ files: [(String, [UInt8])], kind: UInt8 = 0) -> [UInt8] {
    var archive: [UInt8] = []
    for (name, content) in files {
      var header = [UInt8](repeating: 0, count: 512)
      header.replaceSubrange(0..<name.utf8.count, with: Array(name.utf8))
      let size = String(content.count, radix: 8)
      let digits = Array((String(repeating: "0", count: 11 - size.count) + size).utf8)
      header.replaceSubrange(124..<135, with: digits)
      header[156] = kind
      header.replaceSubrange(257..<263, with: Array("ustar\0".utf8))
      sign(&header)
      archive += header + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }
    return archive + [UInt8](repeating: 0, count: 1024)
  }

  /// Gives the first header the checksum that it must have.
  static func sign(_ archive: inout [UInt8]) {
    archive.replaceSubrange(148..<156, with: [UInt8](repeating: 0x20, count: 8))
    let sum = String(archive.prefix(512).reduce(0) { $0 + Int($1) }, radix: 8)
    let checksum = Array((String(repeating: "0", count: 6 - sum.count) + sum + "\0 ").utf8)
    archive.replaceSubrange(148..<156, with: checksum)
  }

  private static let page = [UInt8](repeating: 1, count: 8192)

  private static func files() -> [(String, [UInt8])] {
    [
      ("./global/pg_control", ValueFuzzTests.controlFile()), ("global/1260", page),
      ("base/5/16384", page + page), ("base/5/16384.1", []), ("base/5/16384_fsm", page),
      ("base/5/16400", []), ("base/5/PG_VERSION", [0x31]), ("base/5/pg_filenode.map", page),
      ("pg_xact/0000", page), ("pg_multixact/offsets/000A", page + page),
      ("pg_twophase/000002E4", [1, 2, 3]),
      ("backup_label", page),
    ]
  }

  @Test func filesBecomeWhatTheirNamesSay() throws {
    let run = try Self.run(Self.tar(Self.files()), at: Lsn(80))
    let timeline = GrowingTimeline([run], above: nil, redo: RedoRules(version: .v17))
    var values: [Key: LayerValue] = [:]
    try run.forEach { (key: Key, _: Lsn, bytes: RawSpan) throws in
      values[key] = try LayerValue(parsing: bytes)
    }
    let relation = RelationTag(tablespace: 1663, database: 5, relation: 16384)
    #expect(values[.relationSize(relation)] == LayerValue(BlockCountValue(2)))
    #expect(values[.relationBlock(relation, BlockNumber(1))] == .image(Self.page))
    let empty = RelationTag(tablespace: 1663, database: 5, relation: 16400)
    #expect(values[.relationSize(empty)] == LayerValue(BlockCountValue(0)))
    let databases = DatabaseDirectory([
      .init(relation.database, hasRelationMap: true), .init(.global, hasRelationMap: false),
    ])
    #expect(values[.databaseDirectory] == LayerValue(databases))
    #expect(values[.slruDirectory(.multixactOffsets)] == LayerValue(SLRUSegmentDirectory([10])))
    #expect(values[.slruDirectory(.multixactMembers)] == LayerValue(SLRUSegmentDirectory()))
    #expect(values[.twoPhaseDirectory] == LayerValue(TwoPhaseDirectory([0x2e4], width: .full)))
    #expect(timeline.runs.count == 1)
  }

  @Test(arguments: [
    ("base/5/16384", 100), ("base/5/x", 8192), ("base/5/0", 8192), ("base/5/16384.4000000000", 8192),
    ("base/5/16384.99999", 8192), ("base/5/16384.1", 8192), ("pg_xact/zz", 8192), ("pg_twophase/-1", 3),
    ("global/pg_control", 10),
    ("pg_tblspc/1/2", 0),
  ])
  func whatIsWrongIsRefused(name: String, count: Int) throws {
    let content = [UInt8](repeating: 1, count: count)
    var files = Self.files()
    files.removeAll { $0.0 == name || $0.0 == "./" + name }
    #expect(throws: BaseBackupError.self) { try Self.run(Self.tar(files + [(name, content)]), at: Lsn(80)) }
    #expect(throws: BaseBackupError.self) { try Self.run(Self.tar([]), at: Lsn(80)) }
  }

  @Test func changedArchivesGiveValuesOrAnError() throws {
    var generator = RepeatableGenerator(seed: Fuzzing.seed)
    let archive = Self.tar(Self.files())
    var refused = 0
    let count = Fuzzing.count(percent: 1)
    for _ in 0..<count {
      do throws(BaseBackupError) {
        let files = try ClusterFiles.archive(Fuzzing.mutate(archive, &generator))
        _ = try BaseBackupImport(files, IngestRules(version: .v17), at: Lsn(80)).values()
      } catch {
        #expect(!"\(error)".isEmpty)
        refused += 1
      }
    }
    #expect(refused > count / 10)
  }
}

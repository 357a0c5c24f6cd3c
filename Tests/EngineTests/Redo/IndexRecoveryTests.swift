@testable import Engine
import Foundation
import IndexFormat
import Testing

/// Pages of GIN, GiST and SP-GiST indexes replayed from nothing, compared byte for byte with those that PostgreSQL's
/// own recovery makes of the same WAL.
@Suite(.enabled(if: PostgresPrograms.areComplete, PostgresPrograms.absence))
struct IndexRecoveryTests {
  /// Kinds of records that the workload must have written, by the upper half of `xl_info`.
  private static let wanted: [ResourceManager: Set<UInt8>] = [
    .gin: [0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x80, 0x90],
    .gist: [0x00, 0x10, 0x30, 0x60],
    .spgist: [0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x80],
  ]

  /// With and without images in WAL: each time other records are replayed.
  @Test(arguments: PostgresPrograms.installed, [false, true])
  fileprivate func replayGivesThePagesOfRecovery(server: PostgresPrograms, hasImages: Bool) throws {
    let cluster = try IndexCluster(server)
    for workload in [IndexWorkload.gin, IndexWorkload.gist, IndexWorkload.spgist] {
      try cluster.run(workload, options: "-c full_page_writes=\(hasImages ? "on" : "off")")
    }
    let wal = try cluster.segments()
    try cluster.recover()

    var history = IndexHistory(server.version)
    try history.read(wal)
    for (manager, operations) in Self.wanted { #expect(history.operations[manager] == operations) }
    var equalCount = 0
    var changedCounts: [UInt16: Int] = [:]
    var redo = PageRedo(RedoRules(version: server.version, hasNeonHeapRecords: false))
    for (relation, blocks) in history.records {
      let pages = try cluster.pages(relation)
      #expect(pages.count > Int(blocks.keys.max() ?? 0))
      for (number, expected) in pages.enumerated() {
        let key = Key.relationBlock(relation, BlockNumber(UInt32(number)))
        guard let records = blocks[UInt32(number)] else {
          #expect(expected.allSatisfy { $0 == 0 }, "\(key) is in no record")
          continue
        }
        try Self.change(key, records, server.version, &changedCounts)
        let page = try redo.value(of: key, nil, records)
        let names = GoldenRedoTests.names(KeyRead.Record.read(key, records))
        #expect(page == expected, "\(key): \(names), \(records.count) records")
        if page == expected { equalCount += 1 }
      }
    }
    print("\(server.version), images \(hasImages): \(equalCount) pages equal, \(history.recordCount) records")
    #expect(equalCount > 1000)
  }

  /// Replays records with changed bytes on their pages, a few of each kind: each gives a page or an error.
  private static func change(
    _ key: Key,
    _ records: [KeyRead.Record],
    _ version: PostgresVersion,
    _ counts: inout [UInt16: Int]
  ) throws {
    var generator = RepeatableGenerator(seed: Fuzzing.seed)
    var redo = PageRedo(RedoRules(version: version, hasNeonHeapRecords: false))
    for (index, record) in records.enumerated().dropFirst() {
      guard case .postgres(_, let bytes) = record.record, let header = WALRecordHeader(bytes.span.bytes)
      else { continue }
      let kind = UInt16(header.resourceManager) << 8 | UInt16(header.info & 0xf0)
      guard counts[kind, default: 0] < 10 else { continue }
      counts[kind, default: 0] += 1
      var base = try redo.value(of: key, nil, Array(records[..<index]))
      // So that the record is not taken for one that was applied.
      base.replaceSubrange(0..<8, with: [UInt8](repeating: 0, count: 8))
      let count = Fuzzing.count(percent: 1) / 30
      _ = RedoFuzzTests.replay(key, [base], [bytes], version, count: count, &generator)
    }
  }
}

/// What WAL holds of blocks of GIN, GiST and SP-GiST indexes.
private struct IndexHistory {
  let version: PostgresVersion
  /// By relation and block.
  private(set) var records: [RelationTag: [UInt32: [KeyRead.Record]]] = [:]
  private(set) var operations: [ResourceManager: Set<UInt8>] = [:]
  private(set) var recordCount = 0

  init(_ version: PostgresVersion) { self.version = version }

  mutating func read(_ wal: [UInt8]) throws {
    var indexes: Set<RelationTag> = []
    var all: [RelationTag: [UInt32: [KeyRead.Record]]] = [:]
    try Self.forEach(wal, version) { record, end in
      guard !record.blocks.isEmpty else { return }
      let manager = ResourceManager(rawValue: record.header.resourceManager)
      let bytes = record.bytes.withUnsafeBytes { [UInt8]($0) }
      let kept = KeyRead.Record(lsn: end, record: .postgres(willInit: false, record: bytes), visit: 0)
      for index in record.blocks.indices {
        let (relation, block) = (record.blocks[index].relation, record.blocks[index].block)
        all[relation, default: [:]][block.value, default: []].append(kept)
        guard let manager, [.gin, .gist, .spgist].contains(manager) else { continue }
        indexes.insert(relation)
        operations[manager, default: []].insert(record.header.info & 0xf0)
      }
      recordCount += 1
    }
    records = all.filter { indexes.contains($0.key) }
  }

  private static func forEach(
    _ wal: [UInt8],
    _ version: PostgresVersion,
    _ body: (borrowing WALRecord, Lsn) -> Void
  ) throws {
    var reader = WALReader(segmentSize: .standard, start: .anywhere(Lsn(0x100_0000)))
    reader.mayEnd = true
    var decoder = WALRecordDecoder(version: version)
    var problems: [String] = []
    _ = reader.read(wal.span.bytes) { place, bytes in
      do throws(WALRecordError) {
        body(try decoder.decode(bytes), place.end)
      } catch {
        problems.append("\(place.start): \(error)")
      }
      return .goOn
    } report: {
      problems.append("\($0)")
    }
    #expect(problems == [])
  }
}

extension KeyRead.Record {
  fileprivate static func read(_ key: Key, _ records: [KeyRead.Record]) -> KeyRead {
    var read = KeyRead(key)
    read.records = records
    return read
  }
}

/// A cluster on which statements are run without a server, and a copy of it from before, which its WAL is replayed on.
private final class IndexCluster {
  private let server: PostgresPrograms
  private let folder: URL

  init(_ server: PostgresPrograms) throws {
    self.server = server
    folder = FileManager.default.temporaryDirectory.appending(path: "scrubber-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    // The programs refuse to be root.
    if getuid() == 0 { try Self.shell("chown postgres '\(folder.path)'") }
    let initdb = "'\(server.folder)/initdb' -D data -U scrubber --no-sync --locale=C -E UTF8"
    try shellAsUser("\(initdb) && cp -a data recovered")
  }

  deinit {
    // The system clears its temporary folder; what the test says counts.
    try? FileManager.default.removeItem(at: folder)
  }

  private func shellAsUser(_ command: String, input: String = "") throws {
    let asUser = getuid() == 0 ? "setpriv --reuid postgres --regid postgres --init-groups " : ""
    try Self.shell("cd '\(folder.path)' && \(asUser)bash -c \"\(command)\"", input: input)
  }

  private static func shell(_ command: String, input: String = "") throws {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/bash")
    process.arguments = ["-c", command]
    process.currentDirectoryURL = URL(filePath: "/")
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    let file = FileManager.default.temporaryDirectory.appending(path: "scrubber-\(UUID().uuidString).sql")
    try Data(input.utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }  // Cleared by the system else.
    process.standardInput = try FileHandle(forReadingFrom: file)
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    // Statements that fail do not end the program.
    let errors = text.split(separator: "\n").filter { $0.contains("ERROR") || $0.contains("FATAL") }
    try #require(process.terminationStatus == 0 && errors.isEmpty, "\(text.suffix(2000))")
  }

  private func postgres(_ data: String, _ options: String) -> String {
    "'\(server.folder)/postgres' --single -j -D \(data) -c fsync=off -c wal_keep_size=64GB -c max_wal_size=8GB"
      + " -c wal_recycle=off -c shared_buffers=64MB \(options) postgres"
  }

  /// Runs statements, each of which an empty line ends.
  func run(_ statements: String, options: String) throws {
    try shellAsUser(postgres("data", options), input: statements + "\n\n")
  }

  /// Replays all WAL on the copy.
  func recover() throws {
    try shellAsUser(
      "cp -a data/pg_wal/0* recovered/pg_wal && touch recovered/recovery.signal && "
        + postgres("recovered", "-c hot_standby=off -c restore_command=false")
    )
  }

  /// All WAL from segment 1 on.
  func segments() throws -> [UInt8] {
    let wal = folder.appending(path: "data/pg_wal")
    let names = try FileManager.default.contentsOfDirectory(atPath: wal.path).filter { $0.utf8.count == 24 }
    return try names.sorted().flatMap { [UInt8](try Data(contentsOf: wal.appending(path: $0))) }
  }

  /// Pages of the recovered copy.
  func pages(_ relation: RelationTag) throws -> [[UInt8]] {
    let file = folder.appending(path: "recovered/\(relation.filePath(segment: 0))")
    let bytes = [UInt8](try Data(contentsOf: file))
    return stride(from: 0, to: bytes.count, by: 8192).map { Array(bytes[$0..<$0 + 8192]) }
  }
}

import Engine
import Foundation
import IndexFormat
import Testing

@Suite(.enabled(if: Golden.isPresent, Golden.absence))
struct GoldenWALTests {
  @Test func aSegmentOfASafekeeperHasTheKnownRecords() throws {
    var statistics = WALStatistics()
    var byteCount = 0
    var last = Lsn.invalid
    var (references, images, initialized) = (0, 0, 0)
    var byInfo: [UInt16: Int] = [:]
    let outcome = try GoldenWAL.safekeeper.read { place, record in
      statistics.add(record)
      byteCount += record.bytes.byteCount
      last = place.end
      byInfo[UInt16(record.header.resourceManager) << 8 | UInt16(record.header.info), default: 0] += 1
      for index in record.blocks.indices {
        references += 1
        if record.header.resourceManager == ResourceManager.xlog.rawValue {
          images += record.blocks[index].image == nil ? 0 : 1
        } else if record.blocks[index].startsFromNothing {
          initialized += 1
        }
      }
    }
    #expect(outcome.problems == [])
    #expect(outcome.recordCount == 72_925)
    #expect(outcome.version == .v15)
    #expect(byteCount == 11_541_335)
    #expect(last == Lsn(0x1ff_ff98))
    #expect((references, images, initialized) == (72_821, 12, 1210))
    #expect(
      byInfo
        == [
          0x0030: 1, 0x0060: 1, 0x00b0: 12, 0x0108: 0, 0x0160: 8, 0x0180: 4, 0x0211: 8, 0x0800: 8, 0x0950: 20,
          0x0970: 73, 0x09d0: 1, 0x0a00: 71_447, 0x0a20: 4, 0x0a30: 1, 0x0a80: 1191, 0x0b00: 146,
        ]
        .filter { $0.value > 0 }
    )
    #expect(statistics.total.records == 72_925)
    let names = statistics.byOperation.map { $0.operation.fullName(.v15) }
    #expect(names.contains("Heap/INSERT+INIT") && names.contains("Heap2/NEW_CID"))
    #expect(!names.contains { $0.contains("UNKNOWN") })
  }

  /// Every record decodes, every image gives a page that says of itself what pages say.
  @Test(arguments: GoldenWAL.folders)
  func wholeWALOfRealServersDecodes(_ wal: GoldenWAL) throws {
    var statistics = WALStatistics()
    var images = PageImageDecoder()
    var page = [UInt8](repeating: 0, count: WALPageImage.pageByteCount)
    var wrongPages = 0
    var pages = 0
    let outcome = try wal.read { place, record in
      statistics.add(record)
      for index in record.blocks.indices where record.blocks[index].image != nil {
        var span = page.mutableSpan
        var room = span.mutableBytes
        try images.restore(record.blocks[index], of: record, into: &room)
        pages += 1
        if !looksLikeAPage(page, before: place.end) { wrongPages += 1 }
      }
    }
    #expect(outcome.problems == [])
    #expect(outcome.version == wal.version)
    #expect(statistics.total.records == outcome.recordCount)
    #expect(UInt64(pages) == statistics.total.images && pages > 0)
    #expect(wrongPages == 0)
    let names = statistics.byOperation.map { $0.operation.fullName(wal.version) }
    #expect(!names.contains { $0.contains("UNKNOWN") || $0.contains("unknown") })
  }

  /// In all that are no fork of another, as `pg_waldump` of each version counted.
  @Test func theCountOfAllRecordsIsThatOfPgWaldump() throws {
    let counts = try GoldenWAL.folders.filter { $0.name != "A-fork" }.map {
      try $0.read { _, _ in }.recordCount
    }
    #expect(counts.reduce(0, +) == 360_408)
  }

  /// Each kind of record of the WAL of 15 is counted as PostgreSQL's own program counts it, bytes too.
  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: waldump), "no pg_waldump of version 15"))
  func theStatisticsAreThoseOfPgWaldump() throws {
    let wal = try #require(GoldenWAL.folders.first { $0.name == "G-main" })
    var statistics = WALStatistics()
    var end = Lsn.invalid
    _ = try wal.read { place, record in
      statistics.add(record)
      end = place.end
    }
    let ours = statistics.byOperation.map {
      "\($0.operation.fullName(.v15)) \($0.count.records) \($0.count.recordBytes) \($0.count.imageBytes)"
    }
    #expect(try ours.sorted() == statisticsOfPgWaldump(wal, end).sorted())
  }

  /// Whatever layers hold as records of PostgreSQL is one.
  @Test(arguments: [
    ("A", PostgresVersion.v17), ("C", .v15), ("D", .v16), ("F", .v17), ("G", .v15), ("H", .v17),
  ])
  func recordsInLayersDecode(_ tenant: String, _ version: PostgresVersion) throws {
    var count = 0
    var wrong: [String] = []
    try Golden.withTenant("pageserver/tenants/\(tenant).tar.zst") { files in
      var decoder = WALRecordDecoder(version: version)
      for file in files where file.object.name.kind == .delta {
        _ = try file.object.check(try file.bytes()) { entry, value in
          do {
            let outline = try ValueOutline(parsing: value)
            guard outline.form == .record(.postgres) else { return }
            count += 1
            let record = try decoder.decode(value.extracting(outline.body))
            if !record.hasValidChecksum { wrong.append("\(entry.key) \(entry.lsn): checksum") }
          } catch {
            wrong.append("\(entry.key) \(entry.lsn): \(error)")
          }
        }
      }
    }
    #expect(count > 0)
    #expect(wrong == [])
  }
}

private let waldump = "/usr/lib/postgresql/15/bin/pg_waldump"

/// A page that is not new has its parts in order and an LSN from before the record.
private func looksLikeAPage(_ page: [UInt8], before end: Lsn) -> Bool {
  func number(_ offset: Int) -> UInt64 { UInt64(page[offset]) | UInt64(page[offset + 1]) << 8 }
  func half(_ offset: Int) -> UInt64 { number(offset) | number(offset + 2) << 16 }
  let (lower, upper, special) = (number(12), number(14), number(16))
  if upper == 0 { return page.allSatisfy { $0 == 0 } }
  let lsn = half(0) << 32 | half(4)
  return lsn < end.value && 24 <= lower && lower <= upper && upper <= special && special <= 8192
    && number(18) == 0x2004
}

/// Lines of `pg_waldump --stats=record`: name, records, bytes without images, bytes of images.
private func statisticsOfPgWaldump(_ wal: GoldenWAL, _ end: Lsn) throws -> [String] {
  let folder = FileManager.default.temporaryDirectory.appending(path: "scrubber-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  // The system clears its temporary folder; what the test says counts.
  defer { try? FileManager.default.removeItem(at: folder) }
  let bytes = try wal.bytes()
  for (index, file) in wal.files.enumerated() {
    let name = String(file.lastPathComponent.prefix(24))
    let part = bytes[index << 24..<min(bytes.count, (index + 1) << 24)]
    try Data(part).write(to: folder.appending(path: name))
  }
  let process = Process()
  process.executableURL = URL(filePath: waldump)
  process.arguments = [
    "--stats=record", "-p", folder.path, "-s", "\(wal.segment)", "-e", "\(end)",
  ]
  let output = Pipe()
  process.standardOutput = output
  process.standardError = FileHandle.nullDevice
  try process.run()
  let said = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
  process.waitUntilExit()
  return said.split(separator: "\n").compactMap { line in
    let words = line.split(separator: " ").filter { $0 != "(" && !($0.hasSuffix(")") && $0.contains(".")) }
    guard words.count >= 5, words[0].contains("/"), let records = UInt64(words[1]), records > 0 else {
      return nil
    }
    return "\(words[0]) \(words[1]) \(words[2]) \(words[3])"
  }
}

import Engine
import Foundation
import IndexFormat

/// WAL of real servers in the golden data.
struct GoldenWAL: Sendable {
  var name: String
  var version: PostgresVersion
  /// The segments' packed files, in order.
  var files: [URL]
  var start: WALReader.Start
  /// Where its first segment begins.
  var segment: Lsn

  static let folders: [GoldenWAL] = [
    ("A-main", .v17), ("A-fork", .v17), ("D-main", .v16), ("F-main", .v17), ("G-main", .v15),
    ("H-main", .v17),
  ]
  .map { name, version in
    let folder = Golden.folder.appending(path: "pageserver/wal/\(name)")
    // Without golden data no test asks for the list.
    let files =
      (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
    let sorted = files.sorted { $0.path < $1.path }
    let number = sorted.first.flatMap { UInt64($0.lastPathComponent.prefix(24).suffix(8), radix: 16) } ?? 0
    let segment = Lsn(number << 24)
    return GoldenWAL(name: name, version: version, files: sorted, start: .anywhere(segment), segment: segment)
  }

  /// A segment of a safekeeper, zeroed before the start.
  static let safekeeper = GoldenWAL(
    name: "safekeeper",
    version: .v15,
    files: [Golden.folder.appending(path: "neon-testdata/000000010000000000000001.zst")],
    start: .record(Lsn(0x14a_ec08)),
    segment: Lsn(0x100_0000)
  )

  func bytes() throws -> [UInt8] {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["zstd", "-dcq"] + files.map(\.path)
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw CocoaError(.fileReadCorruptFile) }
    return [UInt8](data)
  }

  /// Reads and decodes all records; problems of decoding are those of the test.
  func read(_ visit: (WALReader.Place, borrowing WALRecord) throws -> Void) throws -> Outcome {
    let bytes = try bytes()
    var reader = WALReader(segmentSize: .standard, start: start)
    reader.mayEnd = true
    var decoder = WALRecordDecoder(version: version)
    var outcome = Outcome()
    let first = Int(reader.page.value - segment.value)
    var failure: (any Error)?
    _ = reader.read(bytes.span.bytes.extracting(first..<bytes.count)) { place, record in
      do {
        try visit(place, decoder.decode(record))
      } catch {
        failure = error
        return .pause
      }
      return .goOn
    } report: {
      outcome.problems.append($0)
    }
    if let failure { throw failure }
    outcome.recordCount = reader.recordCount
    outcome.version = reader.version
    outcome.end = reader.end
    return outcome
  }

  struct Outcome {
    var problems: [WALProblem] = []
    var recordCount: UInt64 = 0
    var version: PostgresVersion?
    var end: WALReader.End = .unknown
  }
}

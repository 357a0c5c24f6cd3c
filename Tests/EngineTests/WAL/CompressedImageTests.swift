@testable import Engine
import Foundation
import IndexFormat
import Testing

/// Images as a real PostgreSQL 15 compresses them, compared with the pages that it wrote to its files.
@Suite(
  .enabled(
    if: SingleUserPostgres.isInstalled,
    "SKIPPED, NOT CHECKED: no PostgreSQL 15; run tools/setup tests"
  )
)
struct CompressedImageTests {
  @Test func everyImageIsThePageInTheFile() throws {
    let server = try SingleUserPostgres()
    for method in ["off", "pglz", "lz4", "zstd"] {
      try server.run(
        """
        create table t_\(method) (a int, b text);
        insert into t_\(method) select g, repeat('text ', g % 7) || g from generate_series(1, 20000) g;
        create index on t_\(method) (b, a);
        """,
        options: "-c wal_compression=\(method)"
      )
    }
    var compared: [WALPageImage.Compression: Int] = [:]
    var different = 0
    for image in try images(server.segments()) {
      guard let file = server.page(image.relation, image.block) else { continue }
      // Only a page that nothing has changed since.
      guard file.prefix(8).elementsEqual(image.page.prefix(8)) else { continue }
      compared[image.compression, default: 0] += 1
      // An index that was built leaves a line pointer in the hole of some pages, which an image drops.
      if !image.isSameOutsideOfHole(as: file) { different += 1 }
    }
    #expect(different == 0)
    for compression in [WALPageImage.Compression.none, .pglz, .lz4, .zstd] {
      #expect(compared[compression, default: 0] > 50, "\(compression)")
    }
  }

  private struct Image {
    var relation: RelationTag
    var block: BlockNumber
    var compression: WALPageImage.Compression
    /// With the LSN of the record, as the server sets it.
    var page: [UInt8]
    var hole: Range<Int>

    /// Whether the page is this one but for the hole, in which this one has zeros.
    func isSameOutsideOfHole(as other: [UInt8]) -> Bool {
      page[..<hole.lowerBound] == other[..<hole.lowerBound]
        && page[hole.upperBound...] == other[hole.upperBound...] && page[hole].allSatisfy { $0 == 0 }
    }
  }

  /// Of records that are nothing but images.
  private func images(_ bytes: [UInt8]) throws -> [Image] {
    var reader = WALReader(segmentSize: .standard, start: .anywhere(Lsn(0x100_0000)))
    reader.mayEnd = true
    var decoder = WALRecordDecoder(version: .v15)
    var restorer = PageImageDecoder()
    var images: [Image] = []
    var failures: [String] = []
    _ = reader.read(bytes.span.bytes) { place, bytes in
      do {
        let record = try decoder.decode(bytes)
        guard record.header.resourceManager == ResourceManager.xlog.rawValue else { return .goOn }
        for index in record.blocks.indices {
          let block = record.blocks[index]
          guard let image = block.image else { continue }
          var page = [UInt8](repeating: 0xaa, count: WALPageImage.pageByteCount)
          var span = page.mutableSpan
          var room = span.mutableBytes
          try restorer.restore(block, of: record, into: &room)
          for (offset, half) in [(0, place.end.value >> 32), (4, place.end.value & 0xffff_ffff)] {
            for byte in 0..<4 { page[offset + byte] = UInt8(truncatingIfNeeded: half >> UInt64(8 * byte)) }
          }
          images.append(
            Image(
              relation: block.relation,
              block: block.block,
              compression: image.compression,
              page: page,
              hole: image.hole
            )
          )
        }
      } catch {
        failures.append("\(place.start): \(error)")
      }
      return .goOn
    } report: {
      failures.append("\($0)")
    }
    #expect(failures == [])
    return images
  }
}

/// A cluster on which statements are run without a server, one program for each call.
private final class SingleUserPostgres {
  private static let programs = "/usr/lib/postgresql/15/bin"
  private let folder: URL

  static var isInstalled: Bool { FileManager.default.isExecutableFile(atPath: "\(programs)/initdb") }

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "scrubber-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    // The programs refuse to be root.
    if getuid() == 0 { try Self.shell("chown postgres '\(folder.path)'") }
    try Self.shell(
      "\(Self.asUser)\(Self.programs)/initdb -D '\(folder.path)/data' -U scrubber --no-sync --locale=C.UTF-8"
    )
  }

  deinit {
    // The system clears its temporary folder; what the test says counts.
    try? FileManager.default.removeItem(at: folder)
  }

  private static let asUser = getuid() == 0 ? "setpriv --reuid postgres --regid postgres --init-groups " : ""

  private static func shell(_ command: String, input: String = "") throws {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/bash")
    process.arguments = ["-c", command + " > /dev/null 2>&1"]
    process.currentDirectoryURL = URL(filePath: "/")
    let text = Pipe()
    process.standardInput = text
    try process.run()
    try text.fileHandleForWriting.write(contentsOf: Data(input.utf8))
    try text.fileHandleForWriting.close()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw CocoaError(.executableLoad) }
  }

  func run(_ statements: String, options: String) throws {
    try Self.shell(
      "\(Self.asUser)\(Self.programs)/postgres --single -D '\(folder.path)/data' -c fsync=off "
        + "-c wal_keep_size=64GB -c max_wal_size=8GB -c wal_recycle=off \(options) postgres",
      input: statements + "\n"
    )
  }

  /// All WAL from segment 1 on.
  func segments() throws -> [UInt8] {
    let wal = folder.appending(path: "data/pg_wal")
    let names = try FileManager.default.contentsOfDirectory(atPath: wal.path).filter { $0.utf8.count == 24 }
    return try names.sorted().flatMap { [UInt8](try Data(contentsOf: wal.appending(path: $0))) }
  }

  /// A page as it is in the files; nil if there is none.
  func page(_ relation: RelationTag, _ block: BlockNumber) -> [UInt8]? {
    let path = "\(folder.path)/data/\(relation.filePath(segment: 0))"
    guard let file = FileHandle(forReadingAtPath: path) else { return nil }
    // A relation that is gone, or shorter now, has no such page.
    guard (try? file.seek(toOffset: UInt64(block.value) * 8192)) != nil,
      let page = try? file.read(upToCount: 8192), page.count == 8192
    else { return nil }
    return [UInt8](page)
  }
}

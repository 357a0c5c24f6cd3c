@testable import Engine
import Foundation
import Glibc
import IndexFormat
import Testing

struct BackupSinkTests {
  private static func temporary() throws -> URL {
    let url = FileManager.default.temporaryDirectory.appending(path: "scrubber-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    return url
  }

  private static let long = String(repeating: "a", count: 90) + "/" + String(repeating: "b", count: 80)

  /// Fills a sink with files of lengths around the size of a block, and longer ones.
  private static func fill(_ sink: some BackupSink) throws -> [String: [UInt8]] {
    var files: [String: [UInt8]] = [:]
    try sink.addFolder(BackupPath("base"))
    try sink.addFolder(BackupPath("base/5"))
    for count in [0, 1, 511, 512, 513, 8192, 3_000_000] {
      files["base/5/\(count)"] = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    }
    files["pg_replslot/slot/state"] = [1, 2, 3]
    files[long] = [4]
    for (path, bytes) in files.sorted(by: { $0.key < $1.key }) {
      try sink.beginFile(try BackupPath(validating: path), byteCount: UInt64(bytes.count))
      for start in stride(from: 0, to: bytes.count, by: 70_000) {
        try sink.append(Array(bytes[start..<min(start + 70_000, bytes.count)]).span.bytes)
      }
      try sink.endFile()
    }
    try sink.finish()
    return files
  }

  private static func archive(_ url: URL) throws -> [String: [UInt8]] {
    let descriptor = open(url.path, O_WRONLY | O_CREAT | O_EXCL, 0o600)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    return try fill(TarSink(descriptor, path: url.path, time: 1_717_200_000))
  }

  @Test func tarUnpacksWhatWasWritten() throws {
    let folder = try Self.temporary()
    defer { try? FileManager.default.removeItem(at: folder) }  // Cleared by the system else.
    let files = try Self.archive(folder.appending(path: "a.tar"))
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["tar", "-x", "-f", "a.tar"]
    process.currentDirectoryURL = folder
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    for (path, bytes) in files {
      let url = folder.appending(path: path)
      #expect(try [UInt8](Data(contentsOf: url)) == bytes, "\(path)")
      let attributes = try FileManager.default.attributesOfItem(atPath: url.path)
      #expect(attributes[.posixPermissions] as? Int == 0o600)
      #expect((attributes[.modificationDate] as? Date)?.timeIntervalSince1970 == 1_717_200_000)
    }
  }

  @Test func anArchiveIsTheSameEachTimeAndWellFormed() throws {
    let folder = try Self.temporary()
    defer { try? FileManager.default.removeItem(at: folder) }  // Cleared by the system else.
    let files = try Self.archive(folder.appending(path: "a.tar"))
    _ = try Self.archive(folder.appending(path: "b.tar"))
    let bytes = [UInt8](try Data(contentsOf: folder.appending(path: "a.tar")))
    #expect(try [UInt8](Data(contentsOf: folder.appending(path: "b.tar"))) == bytes)
    var walk = TarWalk(lookingFor: "base/5/513")
    try walk.add(bytes.span.bytes)
    try walk.finish()
    #expect(walk.fileCount == files.count && walk.entryCount == files.count + 2 && walk.hasWantedFile)
  }

  @Test func aFileOfAnotherLengthThanWasSaidIsRefused() throws {
    let sink = TarSink(open("/dev/null", O_WRONLY), path: "/dev/null", time: 0)
    try sink.beginFile(BackupPath("a"), byteCount: 3)
    try sink.append([1, 2].span.bytes)
    #expect(throws: BackupError.self) { try sink.endFile() }
  }

  @Test func aFullDiskIsToldWithItsPath() throws {
    let sink = TarSink(open("/dev/full", O_WRONLY), path: "/dev/full", time: 0)
    let error = #expect(throws: BackupError.self) { try sink.finish() }
    #expect(error.map { "\($0)".contains("/dev/full: No space left") } == true)
  }

  @Test func headersHoldLargeNumbersAndLongPaths() throws {
    let large = TarHeader(path: BackupPath("a"), byteCount: 1 << 35, isFolder: false, time: 1 << 40)
    let bytes = try #require(large.encode())
    #expect(Array(bytes[124..<136]) == [0x80, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0])
    let path = try #require(TarHeader.split(Array(Self.long.utf8)))
    #expect(path.prefix.count == 90 && path.name.count == 80)
    #expect(TarHeader.split(Array(String(repeating: "a", count: 101).utf8)) == nil)
  }

  @Test func aFolderGetsAllFilesForItsOwnerAlone() throws {
    let folder = try Self.temporary()
    defer { try? FileManager.default.removeItem(at: folder) }  // Cleared by the system else.
    let target = folder.appending(path: "data")
    let files = try Self.fill(try FolderSink(target.path))
    for (path, bytes) in files {
      let url = target.appending(path: path)
      #expect(try [UInt8](Data(contentsOf: url)) == bytes, "\(path)")
      let attributes = try FileManager.default.attributesOfItem(atPath: url.path)
      #expect(attributes[.posixPermissions] as? Int == 0o600)
    }
    let attributes = try FileManager.default.attributesOfItem(atPath: target.path)
    #expect(attributes[.posixPermissions] as? Int == 0o700)
    // Now it is not empty.
    #expect(throws: BackupError.self) { try FolderSink(target.path) }
    // What is there is not written over.
    let again = folder.appending(path: "again")
    let sink = try FolderSink(again.path)
    try Data("mine".utf8).write(to: again.appending(path: "a"))
    #expect(throws: BackupError.self) { try sink.beginFile(BackupPath("a"), byteCount: 1) }
    #expect(try Data(contentsOf: again.appending(path: "a")) == Data("mine".utf8))
  }

  @Test(arguments: [
    "", "/", "/etc/passwd", "a/", "a//b", ".", "..", "a/../b", "../a", "a/.", "a\nb", "a\u{0}b",
    String(repeating: "a", count: 101), String(repeating: "a/", count: 130) + "a",
  ])
  func pathsThatLeadElsewhereAreRefused(path: String) {
    #expect(throws: FormatError.self) { try BackupPath(validating: path) }
  }
}

@testable import Engine
import Foundation
import IndexFormat
import Testing

/// What archives and folders may be that are no base backups, or no whole ones.
struct ClusterFilesTests {
  private static let page = [UInt8](repeating: 1, count: 8192)

  /// - label: `backup_label`, if there is one.
  private static func files(_ state: ControlFile.State = .shutDown, label: String? = nil) throws
    -> [(String, [UInt8])]
  {
    var files: [(String, [UInt8])] = [
      ("PG_VERSION", Array("17\n".utf8)), ("global/pg_filenode.map", [1]), ("base/5/16384", page),
      ("global/pg_control", try ControlFileDraft.bytes(state)),
    ]
    if let label { files.append(("backup_label", Array(label.utf8))) }
    return files
  }

  private static func origin(_ files: [(String, [UInt8])]) throws -> BackupOrigin {
    try BackupOrigin(try .archive(BaseBackupImportTests.tar(files)))
  }

  private static func expect(_ words: String, _ body: () throws -> Void) {
    let error = #expect(throws: BaseBackupError.self) { try body() }
    #expect(error.map { "\($0)".contains(words) } == true, "\(error.map { "\($0)" } ?? "")")
  }

  @Test func whereWALGoesOnIsToldByTheBackup() throws {
    let clean = try Self.origin(try Self.files())
    #expect(clean.start == ControlFileDraft.redo && !clean.isOfKeySpace && !clean.isOfRunningServer)
    let signal = try Self.origin(try Self.files() + [("zenith.signal", [])])
    #expect(signal.start == ControlFileDraft.redo && signal.isOfKeySpace)
    let label = "START WAL LOCATION: 0/2000028 (file 000000010000000000000002)\nBACKUP FROM: primary\n"
    let running = try Self.origin(try Self.files(.inProduction, label: label))
    #expect(running.start == Lsn(0x200_0028) && running.isOfRunningServer)
  }

  @Test func backupsThatAreNowhereConsistentAreRefused() throws {
    let start = "START WAL LOCATION: 0/2000028 (file 000000010000000000000002)\n"
    Self.expect("not shut down") { _ = try Self.origin(try Self.files(.inProduction)) }
    Self.expect("standby") {
      _ = try Self.origin(try Self.files(.inProduction, label: start + "BACKUP FROM: standby\n"))
    }
    Self.expect("incremental") {
      _ = try Self.origin(try Self.files(.inProduction, label: start + "INCREMENTAL FROM LSN: 0/1\n"))
    }
    Self.expect("START WAL LOCATION") { _ = try Self.origin(try Self.files(label: "LABEL: x\n")) }
    Self.expect("tablespaces") { _ = try Self.origin(try Self.files() + [("tablespace_map", [1])]) }
    Self.expect("no pg_filenode.map") {
      _ = try Self.origin(try Self.files().filter { $0.0 != "global/pg_filenode.map" })
    }
    for (name, words) in [("PG_VERSION", "no PG_VERSION"), ("global/pg_control", "no global/pg_control")] {
      Self.expect(words) { _ = try Self.origin(try Self.files().filter { $0.0 != name }) }
    }
    Self.expect("expected a version") {
      _ = try Self.origin(try Self.files().map { $0.0 == "PG_VERSION" ? ($0.0, [0x39]) : $0 })
    }
  }

  // MARK: Archives

  @Test(arguments: [
    ("../base/5/1", "leads out"), ("/base/5/1", "leads out"), ("base/5/16384", "it twice"),
    ("./base/5/16384", "it twice"), ("base/5/GNUSparseFile.1/16385", "holes"),
    ("base/5/016384", "a name"), ("pg_tblspc/16400", "a tablespace"),
  ])
  func namesThatMustNotBeThereAreRefused(name: String, words: String) throws {
    Self.expect(words) {
      let files = try ClusterFiles.archive(BaseBackupImportTests.tar(try Self.files() + [(name, Self.page)]))
      _ = try BaseBackupImport(files, IngestRules(version: .v17), at: Lsn(80))
    }
  }

  @Test func linksInPlaceOfFilesAreRefused() throws {
    for kind in [UInt8(ascii: "1"), UInt8(ascii: "2")] {
      let archive = BaseBackupImportTests.tar([("base/5/16385", [])], kind: kind)
      Self.expect("a link") { _ = try ClusterFiles.archive(archive) }
    }
    // Of what nothing is made they may be.
    _ = try ClusterFiles.archive(BaseBackupImportTests.tar([("pg_wal", [])], kind: UInt8(ascii: "2")))
  }

  @Test func temporaryFilesArePassedOver() throws {
    let names = [
      "base/5/t3_16400", "base/pgsql_tmp/x", "base/5/pg_internal.init", "global/pg_internal.init.12",
    ]
    let files = try ClusterFiles.archive(BaseBackupImportTests.tar(names.map { ($0, [1]) }))
    #expect(files.files.isEmpty)
  }

  @Test func cutArchivesAreRefused() throws {
    let archive = BaseBackupImportTests.tar(try Self.files())
    for count in stride(from: 0, to: archive.count - 1024, by: 511) {
      #expect(throws: BaseBackupError.self) { try ClusterFiles.archive(Array(archive.prefix(count))) }
    }
  }

  @Test func sizesThatAreLargerThanTheArchiveAreRefused() throws {
    var archive = BaseBackupImportTests.tar([("base/5/16384", Self.page)])
    archive.replaceSubrange(124..<135, with: Array("77777777777".utf8))
    BaseBackupImportTests.sign(&archive)
    Self.expect("before that of an entry") { _ = try ClusterFiles.archive(archive) }
    archive.replaceSubrange(124..<136, with: [0x80] + [UInt8](repeating: 0xff, count: 11))
    BaseBackupImportTests.sign(&archive)
    Self.expect("size") { _ = try ClusterFiles.archive(archive) }
  }

  // MARK: Folders

  private static func folder() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for (name, content) in try files() {
      let path = URL(filePath: "\(folder.path)/\(name)")
      try FileManager.default.createDirectory(
        at: path.deletingLastPathComponent(),
        withIntermediateDirectories: true
      )
      try Data(content).write(to: path)
    }
    return folder
  }

  @Test func aFolderIsTheSameAsItsArchive() throws {
    let folder = try Self.folder()
    let rules = IngestRules(version: .v17)
    let files = try ClusterFiles.folder(at: folder.path)
    let archive = try ClusterFiles.archive(BaseBackupImportTests.tar(try Self.files()))
    func values(_ files: ClusterFiles) throws -> [Key: [UInt8]] {
      var values: [Key: [UInt8]] = [:]
      try BaseBackupImport(files, rules, at: Lsn(80)).values().forEach { key, _, bytes in
        values[key] = bytes.withUnsafeBytes { [UInt8]($0) }
      }
      return values
    }
    #expect(try values(files) == values(archive))
    #expect(try BackupOrigin(files).start == ControlFileDraft.redo)
  }

  @Test func aFileThatBecomesShorterWhileItIsReadIsAnError() throws {
    let folder = try Self.folder()
    let files = try ClusterFiles.folder(at: folder.path)
    try Data().write(to: URL(filePath: "\(folder.path)/base/5/16384"))
    Self.expect("its end at byte 0") {
      _ = try BaseBackupImport(files, IngestRules(version: .v17), at: Lsn(80)).values()
    }
  }

  @Test func linksInFoldersAreRefused() throws {
    let manager = FileManager.default
    for path in ["base/5/16385", "pg_tblspc/16400", "pg_xact"] {
      let folder = try Self.folder()
      let link = URL(filePath: "\(folder.path)/\(path)")
      try manager.createDirectory(at: link.deletingLastPathComponent(), withIntermediateDirectories: true)
      try manager.createSymbolicLink(atPath: link.path, withDestinationPath: "/etc")
      Self.expect(path == "pg_tblspc/16400" ? "a tablespace" : "a link") {
        _ = try ClusterFiles.folder(at: folder.path)
      }
    }
  }
}

/// A control file of PostgreSQL 17, as a cluster leaves it.
enum ControlFileDraft {
  static let redo = Lsn(0x150_0028)

  static func bytes(_ state: ControlFile.State) throws -> [UInt8] {
    var bytes = ValueFuzzTests.controlFile()
    func put(_ number: UInt64, _ count: Int, at offset: Int) {
      for index in 0..<count {
        bytes[offset + index] = UInt8(truncatingIfNeeded: number >> (8 * UInt64(index)))
      }
    }
    put(1700, 4, at: 8)
    put(202_406_281, 4, at: 12)
    put(UInt64(state.rawValue), 4, at: 16)
    put(redo.value, 8, at: 40)
    put(8192, 4, at: 216)
    put(131_072, 4, at: 220)
    put(UInt64(CRC32C.checksum(bytes.span.bytes.extracting(0..<288))), 4, at: 288)
    return bytes
  }
}

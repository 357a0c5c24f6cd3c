import Engine
import Glibc
import IndexFormat

/// A base backup that replays of one timeline begin with: an archive, or a data directory.
final class ReplayBackup: Sendable {
  let location: String
  let files: ClusterFiles
  let origin: BackupOrigin

  private init(_ location: String, _ files: ClusterFiles, _ origin: BackupOrigin) {
    self.location = location
    self.files = files
    self.origin = origin
  }

  /// Nil if the path is that of a bucket, or of nothing.
  ///
  /// - Parameter timelines: those that are verified.
  static func open(_ path: String, _ timelines: [TimelineID]) throws(ScanFailure) -> ReplayBackup? {
    guard let form = try form(of: path) else { return nil }
    guard timelines.count == 1 else {
      throw ScanFailure(
        message: "\(path): a base backup does not say of which of \(timelines.count) timelines it is",
        hint: "Name the timeline with --timeline-id.",
        exitCode: .usage
      )
    }
    do throws(BaseBackupError) {
      let files: ClusterFiles
      switch form {
      case .archive: files = try .archive(at: path)
      case .folder: files = try .folder(at: path)
      }
      return ReplayBackup(path, files, try BackupOrigin(files))
    } catch {
      throw ScanFailure(error, in: path)
    }
  }

  // MARK: What it is

  private enum Form {
    case archive
    case folder
  }

  private static func form(of path: String) throws(ScanFailure) -> Form? {
    var status = stat()
    guard !path.utf8.contains(0), stat(path, &status) == 0 else { return nil }
    switch status.st_mode & S_IFMT {
    case S_IFDIR:
      let isCluster = ["PG_VERSION", "global/pg_control"].allSatisfy { LayerTarget.isFile("\(path)/\($0)") }
      return isCluster ? .folder : nil
    case S_IFREG:
      try checkArchive(path)
      return .archive
    default: return nil
    }
  }

  /// The first bytes of what archives are compressed to.
  private static let compressions: [(name: String, mark: [UInt8], program: String)] = [
    ("gzip", [0x1f, 0x8b], "gunzip"), ("zstd", [0x28, 0xb5, 0x2f, 0xfd], "zstd -d"),
    ("lz4", [0x04, 0x22, 0x4d, 0x18], "lz4 -d"), ("xz", [0xfd, 0x37, 0x7a, 0x58], "unxz"),
    ("bzip2", [0x42, 0x5a, 0x68], "bunzip2"),
  ]

  private static let markOffset = 257

  private static func checkArchive(_ path: String) throws(ScanFailure) {
    let head = try head(of: path)
    if let known = compressions.first(where: { head.starts(with: $0.mark) }) {
      throw ScanFailure(
        message: "\(path): is compressed by \(known.name), and must be read at any place",
        hint: "Unpack it first: \(known.program).",
        exitCode: .usage
      )
    }
    guard head.dropFirst(markOffset).starts(with: "ustar".utf8) else {
      throw ScanFailure(
        message: "\(path): is neither a bucket nor a tar archive",
        hint: "Give a snapshot, a base backup as a tar archive, or a data directory.",
        exitCode: .usage
      )
    }
  }

  /// The first bytes of a file, as many as a header of an archive has.
  private static func head(of path: String) throws(ScanFailure) -> [UInt8] {
    let file = Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw ScanFailure(message: "\(path): \(String(cString: strerror(errno)))") }
    defer { close(file) }
    var count = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: 512) { room, length in
      count = pread(file, room.baseAddress, room.count, 0)
      length = max(0, count)
    }
    guard count >= 0 else { throw ScanFailure(message: "\(path): \(String(cString: strerror(errno)))") }
    return bytes
  }

  // MARK: Of which cluster

  /// That it is of the timeline's cluster and version.
  func check(_ timeline: OpenTimeline, _ rules: IngestRules) async throws(ScanFailure) {
    guard origin.version == rules.version else {
      throw foreign("PostgreSQL \(origin.version.major)", "\(rules.version.major), the timeline's")
    }
    let catalog = try timeline.catalog()
    let stored: ControlFile
    do throws(ReadError) {
      stored = try await catalog.controlFile(at: timeline.lastLsn)
    } catch {
      throw ScanFailure(error)
    }
    guard stored.systemIdentifier == origin.controlFile.systemIdentifier else {
      let found = "system identifier \(origin.controlFile.systemIdentifier)"
      throw foreign(found, "\(stored.systemIdentifier), that of timeline \(timeline.view.id)")
    }
  }

  private func foreign(_ found: String, _ expected: String) -> ScanFailure {
    ScanFailure(
      message: "\(location): is a backup of another cluster: found \(found), expected \(expected)",
      exitCode: .usage
    )
  }
}

extension ScanFailure {
  /// - location: what `--against` names.
  fileprivate init(_ error: BaseBackupError, in location: String) {
    let path = error.path == location || error.path.hasPrefix(location) ? "" : "\(location): "
    self.init(message: "\(path)\(error)", exitCode: error.kind.exitCode)
  }

  /// Why there is no base.
  init(_ error: BackupBase.Failure) {
    switch error {
    case .backup(let error) where error.kind == .cancelled: self = .interrupted
    case .backup(let error) where error.kind == .write:
      self.init(message: "\(error)", hint: "Name a folder with more room by --scratch.")
    case .backup(let error): self.init(message: "base backup: \(error)", exitCode: error.kind.exitCode)
    case .replay(let error): self.init(error)
    case .wal(let error): self = error.kind == .cancelled ? .interrupted : ScanFailure(message: "\(error)")
    case .unsettled(let reason): self.init(message: reason)
    }
  }
}

extension BaseBackupError.Kind {
  fileprivate var exitCode: ExitCode {
    switch self {
    case .refused: .usage
    // It says nothing of the tenant.
    case .damaged, .system, .write, .cancelled: .couldNotFinish
    }
  }
}

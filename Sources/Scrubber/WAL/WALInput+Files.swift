import IndexFormat

/// WAL in files: those that were named, or all of a folder.
extension WALInput {
  private struct File {
    /// As it was written.
    var path: String
    var folder: FolderObjectStore
    var name: String
    var byteCount: UInt64
    /// Its first page, or what there is of it.
    var head: [UInt8]
  }

  /// - Parameters:
  ///   - paths: segments, or one folder with them.
  ///   - size: nil for what the files say.
  static func files(_ paths: [String], size: WALSegmentSize?) async throws(ScanFailure) -> WALInput {
    var notes: [String] = []
    var names = paths
    var isFolder = false
    if let path = paths.first, paths.count == 1, !LayerTarget.isFile(path) {
      names = try segmentNames(in: path).map { "\(path)/\($0)" }
      isFolder = true
    }
    var files: [File] = []
    for name in names.sorted() { files.append(try await file(name)) }
    let found =
      size ?? files.lazy.compactMap { Self.size(saidBy: $0.head) }.first
      ?? files.lazy.compactMap { WALSegmentSize(byteCount: $0.byteCount) }.first ?? .standard
    var segments: [Segment] = []
    for file in files {
      let stated = Self.number(of: file.name, found)
      guard let number = stated ?? Self.number(saidBy: file.head, found) else {
        throw ScanFailure(
          message: "\(file.path): neither its name nor its first page is that of a segment of the WAL",
          exitCode: .couldNotFinish
        )
      }
      if isFolder, let reason = Self.reasonToLeaveOut(file, number, found, hasEarlier: !segments.isEmpty) {
        notes.append("\(file.name) \(reason): left out")
        continue
      }
      segments.append(
        Segment(
          store: file.folder,
          key: file.name,
          name: file.path,
          number: number,
          byteCount: file.byteCount
        )
      )
    }
    return WALInput(size: found, segments: ordered(segments), notes: notes)
  }

  /// Servers keep files for later segments: new ones are zeros, others still hold what they held before.
  private static func reasonToLeaveOut(
    _ file: File,
    _ number: WALSegmentNumber,
    _ size: WALSegmentSize,
    hasEarlier: Bool
  ) -> String? {
    if let held = Self.number(saidBy: file.head, size), held < number {
      return "was made for later use and still holds WAL of segment \(held)"
    }
    // The first one may begin with zeros: there is no WAL before a timeline begins.
    return hasEarlier && file.head.allSatisfy { $0 == 0 } ? "holds no WAL yet" : nil
  }

  private static func segmentNames(in path: String) throws(ScanFailure) -> [String] {
    let names: [String]
    do throws(StoreError) {
      names = try FolderObjectStore(root: path).names(in: "")
    } catch {
      throw ScanFailure(
        message: "\(path): \(error.detail)",
        exitCode: error.kind == .notFound ? .nothingMatched : .couldNotFinish
      )
    }
    let segments = names.filter { WALSegmentName($0) != nil || PartialSegmentName($0) != nil }
    guard !segments.isEmpty else {
      throw ScanFailure(
        message: "\(path): there are no segments of WAL in this folder",
        hint: "Segments have names like 000000010000000000000001. WAL in a bucket is read with --bucket.",
        exitCode: .nothingMatched
      )
    }
    return segments
  }

  private static func file(_ path: String) async throws(ScanFailure) -> File {
    // Links in the path are followed here, as the store follows none.
    let whole = SnapshotFolderBucket.wholePath(path) ?? path
    let name = whole.split(separator: "/").last.map(String.init) ?? whole
    let folder = whole.dropLast(name.utf8.count + 1)
    let store = FolderObjectStore(root: whole.hasPrefix("/") ? "\(folder)/" : ".")
    do throws(StoreError) {
      guard let metadata = try await store.head(name) else {
        throw StoreError(.notFound, .head, key: path, detail: "there is no such file")
      }
      let end = min(metadata.size, UInt64(WALPageHeader.pageByteCount))
      let head = try await store.read(ReadRequest(name, range: 0..<end, limit: WALPageHeader.pageByteCount))
      return File(path: path, folder: store, name: name, byteCount: metadata.size, head: head.bytes)
    } catch {
      throw ScanFailure(
        message: "\(path): \(error.detail)",
        exitCode: error.kind == .notFound ? .nothingMatched : .couldNotFinish
      )
    }
  }

  /// What the name says.
  private static func number(of name: String, _ size: WALSegmentSize) -> WALSegmentNumber? {
    if let partial = PartialSegmentName(name) { return partial.segment.segment(size: size) }
    // PostgreSQL's own form: of a segment that was not complete.
    let stem = name.hasSuffix(".partial") ? String(name.dropLast(".partial".utf8.count)) : name
    return WALSegmentName(stem)?.segment(size: size)
  }

  /// What the first page says.
  private static func number(saidBy head: [UInt8], _ size: WALSegmentSize) -> WALSegmentNumber? {
    guard let header = WALPageHeader(page: head.span.bytes), PostgresVersion(pageMagic: header.magic) != nil,
      size.offset(of: header.pageAddress) == 0
    else { return nil }
    return size.segment(of: header.pageAddress)
  }
}

import IndexFormat

/// The aux files of one hash, second layout: the value of a `Key` of the aux file family.
///
/// | offset | size | content |
/// |---|---|---|
/// | 0 | 1 | version: 1 |
/// | 1 | | of each file: path (length u32, UTF-8), content (length u32, bytes) |
///
/// Numbers are big-endian. The order of the files is that in which they were last written. An empty value has no
/// files: the last one was deleted. Mostly there is one file; several only where hashes collide.
///
/// Page servers crash on another version, on a cut value, and on a path that is there twice: all errors here.
///
/// Source: `pageserver/src/aux_file.rs`.
public struct AuxFileList: StoredValue {
  /// In the order of the value.
  public private(set) var files: [AuxFile]

  public static let version: UInt8 = 1
  /// How many files of one hash are read: each is compared with all others.
  public static let maximumFileCount = 4096

  public init() { files = [] }

  public init(parsing bytes: RawSpan) throws(FormatError) {
    files = []
    guard bytes.byteCount > 0 else { return }
    var reader = ByteReader(bytes)
    let version = try reader.uint8("version")
    guard version == AuxFileList.version else {
      throw FormatError(.badValue, field: "version", found: "\(version)", expected: "\(AuxFileList.version)")
    }
    while reader.remaining > 0 {
      let start = reader.offset
      let path = try AuxFilePath(bytes, try AuxFileList.part(&reader, "path"), lengthAt: start)
      let content = try AuxFileList.part(&reader, "content")
      try admit(path, at: start)
      files.append(AuxFile(path, content: bytes.copy(content)))
    }
  }

  /// That the path is a new one, and not one too many.
  private func admit(_ path: AuxFilePath, at offset: Int) throws(FormatError) {
    if files.contains(where: { $0.path == path }) {
      throw FormatError(
        .duplicateField,
        offset: offset,
        field: "path",
        found: "\"\(path)\" once more",
        expected: "each path once"
      )
    }
    if files.count >= AuxFileList.maximumFileCount {
      throw FormatError(
        .limitExceeded,
        offset: offset,
        field: "files",
        found: "more than \(files.count)",
        expected: "at most \(AuxFileList.maximumFileCount) of one hash"
      )
    }
  }

  /// A length of four bytes and as many bytes: where they stand.
  private static func part(_ reader: inout ByteReader, _ field: String) throws(FormatError) -> Range<Int> {
    let start = reader.offset
    let count = try reader.uint32("\(field) length")
    guard let range = reader.skip(Int(count)) else {
      throw FormatError(
        .truncated,
        offset: start,
        field: field,
        found: "\(reader.remaining) bytes",
        expected: "\(count) bytes"
      )
    }
    return range
  }

  /// Nothing if there are no files. Paths and contents are below 4 GiB, as they came from such a value or a WAL record.
  public func encode(into bytes: inout [UInt8]) {
    guard !files.isEmpty else { return }
    bytes.append(AuxFileList.version)
    for file in files {
      bytes.appendBigEndian(UInt32(truncatingIfNeeded: file.path.utf8.count))
      bytes.append(contentsOf: file.path.utf8)
      bytes.appendBigEndian(UInt32(truncatingIfNeeded: file.content.count))
      bytes.append(contentsOf: file.content)
    }
  }

  /// What a message of the compute does to the value: the file goes to the end, or away if the content is empty.
  public mutating func update(_ path: AuxFilePath, content: [UInt8]) {
    files.removeAll { $0.path == path }
    if !content.isEmpty { files.append(AuxFile(path, content: content)) }
  }
}

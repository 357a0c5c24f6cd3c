import IndexFormat

/// All aux files of a timeline, first layout: the value of `Key.auxFilesV1`, written from 2023-10 to 2024-10.
///
/// | offset | size | content |
/// |---|---|---|
/// | 0 | 8 | number of files |
/// | 8 | | of each: path (length u64, UTF-8), content (length u64, bytes) |
///
/// Numbers are big-endian. Written by page servers in the order of a hash table, here in ascending order of the paths.
/// Of a path that is there twice the last file counts.
///
/// Between two such images there are records (`NeonRecord.auxFile`), at most 1024 of them, which put or delete one file
/// each: `apply`. Page servers of 2026 do not apply them. In June 2024 each `CREATE DATABASE` also wrote an empty
/// directory over the key: files from before are then gone for readers, although a later image may have them again.
///
/// Source: `pageserver/src/pgdatadir_mapping.rs` of May 2024, `pageserver/src/walredo/apply_neon.rs`.
public struct AuxFilesDirectory: StoredValue {
  /// In ascending order of the paths, each once.
  public private(set) var files: [AuxFile]
  /// Files whose path another one has, too. Not written again.
  public private(set) var repeatedEntryCount = 0

  public init() { files = [] }

  public init(_ files: [AuxFile]) {
    let (unique, repeated) = files.sortedByLast { $0.path < $1.path }
    self.files = unique
    repeatedEntryCount = repeated
  }

  public init(parsing bytes: RawSpan) throws(FormatError) {
    var reader = ByteReader(bytes)
    let count = try reader.count("files", elementByteCount: 16)
    var files: [AuxFile] = []
    for _ in 0..<count {
      let start = reader.offset
      let path = try AuxFilePath(bytes, try reader.counted("path"), lengthAt: start)
      files.append(AuxFile(path, content: bytes.copy(try reader.counted("content"))))
    }
    try reader.end(of: "aux file directory")
    self.init(files)
  }

  public func encode(into bytes: inout [UInt8]) {
    bytes.appendBigEndian(UInt64(files.count))
    for file in files {
      bytes.append(counted: file.path.utf8)
      bytes.append(counted: file.content)
    }
  }

  /// Puts a file in place of one with the same path, or deletes it.
  public mutating func put(_ path: AuxFilePath, content: [UInt8]?) {
    let position = files.firstPosition { !($0.path < path) }
    let isThere = position < files.count && files[position].path == path
    switch (isThere, content) {
    case (true, let content?): files[position].content = content
    case (true, nil): files.remove(at: position)
    case (false, let content?): files.insert(AuxFile(path, content: content), at: position)
    case (false, nil): break
    }
  }

  /// Applies a record that changes the value; any other than `auxFile` does not belong under the key.
  public mutating func apply(_ record: NeonRecord) throws(FormatError) {
    guard case .auxFile(let path, let content) = record else {
      throw FormatError(
        .badValue,
        field: "record",
        found: "\(record.tag)",
        expected: "auxFile, as the key holds aux files"
      )
    }
    put(AuxFilePath(path), content: content)
  }

  public func file(at path: AuxFilePath) -> AuxFile? {
    let position = files.firstPosition { !($0.path < path) }
    return position < files.count && files[position].path == path ? files[position] : nil
  }
}

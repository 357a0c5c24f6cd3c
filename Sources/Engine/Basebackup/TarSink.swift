import IndexFormat

/// A data directory as an archive, written to a file or a pipe as it comes. The same directory gives the same bytes.
public final class TarSink: BackupSink {
  private var writer: DescriptorWriter
  private let time: UInt64
  /// Bytes of the file that is written, and how many have come.
  private var expected: UInt64 = 0
  private var found: UInt64 = 0

  /// - Parameters:
  ///   - descriptor: is not closed here.
  ///   - path: for errors.
  ///   - time: when all files were changed, in seconds since 1970; negative ones become 0.
  public init(_ descriptor: Int32, path: String, time: Int64) {
    writer = DescriptorWriter(descriptor, path: path)
    self.time = UInt64(max(time, 0))
  }

  public func addFolder(_ path: BackupPath) throws(BackupError) {
    try add(TarHeader(path: path, byteCount: 0, isFolder: true, time: time))
  }

  public func beginFile(_ path: BackupPath, byteCount: UInt64) throws(BackupError) {
    try add(TarHeader(path: path, byteCount: byteCount, isFolder: false, time: time))
    expected = byteCount
    found = 0
  }

  public func append(_ bytes: RawSpan) throws(BackupError) {
    found &+= UInt64(bytes.byteCount)
    try writer.append(bytes)
  }

  public func endFile() throws(BackupError) {
    guard found == expected else {
      throw .unusable(
        .invalid,
        FormatError(.badValue, field: "file", found: "\(found) bytes", expected: "\(expected) bytes")
      )
    }
    let block = UInt64(TarHeader.byteCount)
    writer.append(zeros: Int((block - found % block) % block))
  }

  public func finish() throws(BackupError) {
    writer.append(zeros: 2 * TarHeader.byteCount)
    try writer.flush()
  }

  private func add(_ header: TarHeader) throws(BackupError) {
    guard let bytes = header.encode() else {
      throw .unusable(
        .invalid,
        FormatError(
          .badValue,
          field: "path",
          found: "\"\(header.path)\"",
          expected: "one that fits into an archive"
        )
      )
    }
    try writer.append(bytes.span.bytes)
  }
}

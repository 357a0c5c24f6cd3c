import IndexFormat

/// What a delta layer holds of a key at an LSN. (Blobs of image layers are the bare image.)
///
/// | offset | size | content |
/// |---|---|---|
/// | 0 | 4 | tag: 0 image, 1 record |
/// | 4 | | image: count of 8 bytes, bytes; record: `NeonRecord` |
///
/// Nothing may follow. Source: `libs/wal_decoder/src/models/value.rs`.
public enum LayerValue: Equatable, Sendable {
  case image([UInt8])
  case record(NeonRecord)

  static let imageTag: UInt32 = 0
  static let recordTag: UInt32 = 1

  /// Whether reading the key ends here: no value from before is needed. The index has this as a bit of each entry.
  public var willInit: Bool {
    switch self {
    case .image: true
    case .record(let record): record.willInit
    }
  }

  /// Reads a value that takes all of `bytes`.
  public init(parsing bytes: RawSpan) throws(FormatError) {
    var input = ByteReader(bytes)
    let tag = try input.uint32("value tag")
    switch tag {
    case Self.imageTag: self = .image(bytes.copy(try input.counted("image")))
    case Self.recordTag: self = .record(try NeonRecord(parsing: &input))
    default: throw FormatError(.badValue, field: "value tag", found: "\(tag)", expected: "0 or 1")
    }
    try input.end(of: "value")
  }

  public func encode(into bytes: inout [UInt8]) {
    switch self {
    case .image(let image):
      bytes.appendBigEndian(Self.imageTag)
      bytes.append(counted: image)
    case .record(let record):
      bytes.appendBigEndian(Self.recordTag)
      record.encode(into: &bytes)
    }
  }
}

import IndexFormat

/// What a stored value of a delta layer is, told without copying its image or its WAL record.
///
/// | offset | image | record of PostgreSQL |
/// |---|---|---|
/// | 0 | `00000000` | `00000001` |
/// | 4 | 8 bytes: length of the image | `00000000` |
/// | 8 | | will_init |
/// | 9 | | 8 bytes: length of the record |
/// | 12 | the image | |
/// | 17 | | the record |
///
/// Nearly all values are one of the two. Others are short, and are decoded whole to be checked.
public struct ValueOutline: Equatable, Sendable {
  public enum Form: Equatable, Sendable {
    case image
    case record(NeonRecord.Tag)
  }

  public let form: Form
  public let willInit: Bool
  /// Where the image or the record of PostgreSQL stands; of other records all behind both tags.
  public let body: Range<Int>

  static let imageStart = 12
  static let recordStart = 17

  /// Reads a value that takes all of `bytes`; what is refused is what `LayerValue` refuses.
  @inline(__always)
  public init(parsing bytes: RawSpan) throws(FormatError) {
    // The two common forms by their place; anything that does not fit them goes the long way, for its error too.
    if bytes.byteCount >= Self.imageStart, bytes.uint32(0) == LayerValue.imageTag,
      bytes.uint64(4) == UInt64(bytes.byteCount &- Self.imageStart)
    {
      form = .image
      willInit = true
      body = Self.imageStart..<bytes.byteCount
      return
    }
    if bytes.byteCount >= Self.recordStart, bytes.uint64(0) == UInt64(LayerValue.recordTag) << 32,
      bytes.byte(8) <= 1, bytes.uint64(9) == UInt64(bytes.byteCount &- Self.recordStart)
    {
      form = .record(.postgres)
      willInit = bytes.byte(8) == 1
      body = Self.recordStart..<bytes.byteCount
      return
    }
    self = try Self.decoded(bytes)
  }

  private init(form: Form, willInit: Bool, body: Range<Int>) {
    self.form = form
    self.willInit = willInit
    self.body = body
  }

  @inline(never)
  private static func decoded(_ bytes: RawSpan) throws(FormatError) -> ValueOutline {
    switch try LayerValue(parsing: bytes) {
    case .image: ValueOutline(form: .image, willInit: true, body: imageStart..<bytes.byteCount)
    case .record(let record):
      ValueOutline(form: .record(record.tag), willInit: record.willInit, body: 8..<bytes.byteCount)
    }
  }
}

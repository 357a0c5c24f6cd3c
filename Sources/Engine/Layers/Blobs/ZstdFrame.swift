import IndexFormat

/// The outer form of a zstd frame, read without decompressing: where it ends, and how much can come out of it.
///
/// | offset | size | field | check |
/// |---|---|---|---|
/// | 0 | 4 | magic `28 b5 2f fd` | compared: skippable and legacy frames are refused |
/// | 4 | 1 | descriptor: bits 6-7 size of the content size, 5 single segment, 2 checksum, 0-1 dictionary | bit 3 is 0 |
/// | 5 | 0 or 1 | window size: not in a single segment | |
/// | … | 0, 1, 2, 4 | dictionary identifier | none |
/// | … | 0, 1, 2, 4, 8 | content size | at most the limit |
/// | … | 3 and more | blocks: 3 bytes little-endian (bit 0 last, 1-2 kind, 3-23 size), then the bytes | kinds 0 to 2, inside the input |
/// | … | 0 or 4 | checksum | by the decompressor |
///
/// Page servers write one frame a blob, descriptor 00: no content size, no checksum, no dictionary. So nothing in a
/// compressed blob says that it still is what was written, but its form.
///
/// Source: RFC 8878.
public struct ZstdFrame: Equatable, Sendable {
  /// Bytes of the frame.
  public let byteCount: Int
  /// What the frame says of its content's length, if it does.
  public let contentByteCount: UInt64?
  public let hasChecksum: Bool
  /// The most that can come out.
  public let maximumContentByteCount: Int

  public static let magic: UInt32 = 0xfd2f_b528
  /// The largest content of one block.
  public static let maximumBlockByteCount = 128 * 1024

  /// Reads the frame at the start of `bytes`. Where the content is longer than `limit` for certain, this throws.
  public init(parsing bytes: RawSpan, limit: Int) throws(FormatError) {
    var walk = Walk(bytes: bytes, offset: 0)
    guard try walk.little(4, "magic") == UInt64(Self.magic) else {
      throw FormatError(.badValue, field: "zstd frame", found: "another magic number", expected: "28b52ffd")
    }
    let descriptor = UInt8(truncatingIfNeeded: try walk.little(1, "descriptor"))
    guard descriptor & 0b1000 == 0 else {
      throw FormatError(.badValue, offset: 4, field: "zstd frame", found: "a reserved bit", expected: "0")
    }
    let isSingleSegment = descriptor & 0b10_0000 != 0
    var windowByteCount = UInt64.max
    if !isSingleSegment {
      let window = try walk.little(1, "window size")
      let base = UInt64(1) << (10 + window >> 3)
      windowByteCount = base + base / 8 * (window & 7)
    }
    guard descriptor & 0b11 == 0 else {
      throw FormatError(.badValue, offset: 4, field: "zstd frame", found: "a dictionary", expected: "none")
    }
    contentByteCount = try Self.contentSize(descriptor, isSingleSegment, &walk)
    if let contentByteCount, contentByteCount > UInt64(limit) { throw Self.tooLong(contentByteCount, limit) }
    hasChecksum = descriptor & 0b100 != 0
    let blockLimit = Int(min(UInt64(Self.maximumBlockByteCount), windowByteCount, contentByteCount ?? .max))
    var least = 0
    var most = 0
    var isLast = false
    while !isLast {
      let header = Int(try walk.little(3, "block header"))
      isLast = header & 1 == 1
      let size = header >> 3
      switch header >> 1 & 3 {
      case 0, 1:
        // As it is, or one byte repeated: the size is that of the content.
        try walk.skip(header >> 1 & 3 == 0 ? size : 1)
        guard size <= Self.maximumBlockByteCount else { throw walk.badBlock("a block of \(size) bytes") }
        least &+= size
        most &+= size
      case 2:
        try walk.skip(size)
        most &+= blockLimit
      default: throw walk.badBlock("a block of the reserved kind")
      }
      if least > limit { throw Self.tooLong(UInt64(least), limit) }
    }
    if hasChecksum { try walk.skip(4) }
    byteCount = walk.offset
    maximumContentByteCount = most
  }

  private static func contentSize(
    _ descriptor: UInt8,
    _ isSingleSegment: Bool,
    _ walk: inout Walk
  ) throws(FormatError) -> UInt64? {
    switch descriptor >> 6 {
    case 0: isSingleSegment ? try walk.little(1, "content size") : nil
    case 1: try walk.little(2, "content size") + 256
    case 2: try walk.little(4, "content size")
    default: try walk.little(8, "content size")
    }
  }

  private static func tooLong(_ found: UInt64, _ limit: Int) -> FormatError {
    FormatError(
      .limitExceeded,
      field: "zstd frame",
      found: "\(found) bytes of content",
      expected: "\(limit) or less"
    )
  }
}

/// A forward reader of little-endian numbers.
private struct Walk: ~Escapable {
  let bytes: RawSpan
  var offset: Int

  @_lifetime(copy bytes)
  init(bytes: RawSpan, offset: Int) {
    self.bytes = bytes
    self.offset = offset
  }

  mutating func little(_ count: Int, _ what: String) throws(FormatError) -> UInt64 {
    guard bytes.byteCount &- offset >= count else {
      throw FormatError(.truncated, offset: offset, field: "zstd frame", found: "its end", expected: what)
    }
    var value: UInt64 = 0
    for index in 0..<count { value |= UInt64(bytes.byte(offset &+ index)) &<< UInt64(8 &* index) }
    offset &+= count
    return value
  }

  mutating func skip(_ count: Int) throws(FormatError) {
    guard bytes.byteCount &- offset >= count else {
      throw FormatError(
        .truncated,
        offset: offset,
        field: "zstd frame",
        found: "\(bytes.byteCount &- offset) bytes",
        expected: "\(count) bytes"
      )
    }
    offset &+= count
  }

  func badBlock(_ found: String) -> FormatError {
    FormatError(.badValue, offset: offset, field: "zstd frame", found: found, expected: "a block")
  }
}

/// The form of timeline metadata that index files had until June 2024: 512 bytes, big-endian.
///
/// | offset | size | field | check |
/// |---|---|---|---|
/// | 0 | 4 | CRC-32C of bytes 8 to `size` | compared |
/// | 4 | 2 | `size`: header and body | 8 to 512 |
/// | 6 | 2 | format version: 4, or 3 (no `pg_version`, which is then 14) | |
/// | 8 | 8 | disk_consistent_lsn | a multiple of 8 in format 4 |
/// | 16 | 1 or 9 | prev_record_lsn: 0, or 1 and the LSN | |
/// | … | 1 or 17 | ancestor_timeline: 0, or 1 and the identifier | |
/// | … | 8 | ancestor_lsn | |
/// | … | 8 | latest_gc_cutoff_lsn | |
/// | … | 8 | initdb_lsn | |
/// | … | 4 | pg_version (format 4) | |
/// | size | 512 - size | zeros | not checked |
///
/// Source: `pageserver/src/tenant/metadata.rs`.
extension TimelineMetadata {
  public static let binaryByteCount = 512
  /// The format versions of the binary form that can be read.
  public static let knownBinaryFormats: ClosedRange<UInt16> = 3...4
  private static let headerByteCount = 8

  /// Reads the binary form from exactly 512 bytes. Offsets of errors count from the first of them.
  public init(binary bytes: RawSpan) throws(FormatError) {
    guard bytes.byteCount == Self.binaryByteCount else {
      throw FormatError(.badValue, found: "\(bytes.byteCount) bytes", expected: "512 bytes")
    }
    let checksum = bytes.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt32.self).bigEndian
    let size = Int(bytes.unsafeLoadUnaligned(fromByteOffset: 4, as: UInt16.self).bigEndian)
    let format = bytes.unsafeLoadUnaligned(fromByteOffset: 6, as: UInt16.self).bigEndian
    guard (Self.headerByteCount...Self.binaryByteCount).contains(size) else {
      throw FormatError(.badValue, offset: 4, field: "size", found: "\(size)", expected: "8 to 512")
    }
    let computed = CRC32C.checksum(bytes.extracting(Self.headerByteCount..<size))
    guard computed == checksum else {
      throw FormatError(
        .checksumMismatch,
        field: "checksum",
        found: HexDigits.string(UInt64(checksum), count: 8, uppercase: false),
        expected: HexDigits.string(UInt64(computed), count: 8, uppercase: false)
      )
    }
    guard Self.knownBinaryFormats.contains(format) else {
      throw FormatError(.badValue, offset: 6, field: "format_version", found: "\(format)", expected: "3 or 4")
    }
    var body = BinaryBody(bytes: bytes.extracting(0..<size), offset: Self.headerByteCount)
    self.init(
      diskConsistentLsn: Lsn(try body.uint64("disk_consistent_lsn")),
      prevRecordLsn: try body.isPresent("prev_record_lsn") ? Lsn(try body.uint64("prev_record_lsn")) : nil,
      ancestorTimeline: try body.isPresent("ancestor_timeline")
        ? TimelineID(high: try body.uint64("ancestor_timeline"), low: try body.uint64("ancestor_timeline"))
        : nil,
      ancestorLsn: Lsn(try body.uint64("ancestor_lsn")),
      latestGcCutoffLsn: Lsn(try body.uint64("latest_gc_cutoff_lsn")),
      initdbLsn: Lsn(try body.uint64("initdb_lsn")),
      pgVersion: format == 3 ? 14 : try body.uint32("pg_version")
    )
    guard body.offset == size else {
      throw FormatError(
        .trailingBytes,
        offset: body.offset,
        found: "\(size - body.offset) more bytes",
        expected: "the end of the body"
      )
    }
    guard format == 3 || diskConsistentLsn.isAligned else {
      throw FormatError(
        .badValue,
        offset: Self.headerByteCount,
        field: "disk_consistent_lsn",
        found: "\(diskConsistentLsn)",
        expected: "a multiple of 8"
      )
    }
  }

  /// The binary form in format 4 (which has `pg_version`) or 3.
  public func binary(format: UInt16 = 4) -> [UInt8] {
    var body: [UInt8] = []
    func append(_ value: UInt64, to body: inout [UInt8], bytes: Int = 8) {
      for shift in stride(from: 8 * (bytes - 1), through: 0, by: -8) {
        body.append(UInt8(truncatingIfNeeded: value >> UInt64(shift)))
      }
    }
    append(diskConsistentLsn.value, to: &body)
    append(prevRecordLsn == nil ? 0 : 1, to: &body, bytes: 1)
    if let prevRecordLsn { append(prevRecordLsn.value, to: &body) }
    append(ancestorTimeline == nil ? 0 : 1, to: &body, bytes: 1)
    if let ancestorTimeline {
      append(ancestorTimeline.high, to: &body)
      append(ancestorTimeline.low, to: &body)
    }
    append(ancestorLsn.value, to: &body)
    append(latestGcCutoffLsn.value, to: &body)
    append(initdbLsn.value, to: &body)
    if format >= 4 { append(UInt64(pgVersion), to: &body, bytes: 4) }

    var result: [UInt8] = []
    append(UInt64(CRC32C.checksum(body.span.bytes)), to: &result, bytes: 4)
    append(UInt64(Self.headerByteCount + body.count), to: &result, bytes: 2)
    append(UInt64(format), to: &result, bytes: 2)
    result += body
    result += [UInt8](repeating: 0, count: Self.binaryByteCount - result.count)
    return result
  }
}

/// A forward reader over the body of the binary form.
private struct BinaryBody: ~Escapable {
  let bytes: RawSpan
  var offset: Int

  @_lifetime(copy bytes)
  init(bytes: RawSpan, offset: Int) {
    self.bytes = bytes
    self.offset = offset
  }

  mutating func uint64(_ field: String) throws(FormatError) -> UInt64 {
    try need(8, field)
    defer { offset += 8 }
    return bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self).bigEndian
  }

  mutating func uint32(_ field: String) throws(FormatError) -> UInt32 {
    try need(4, field)
    defer { offset += 4 }
    return bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self).bigEndian
  }

  /// The byte before an optional value.
  mutating func isPresent(_ field: String) throws(FormatError) -> Bool {
    try need(1, field)
    let byte = bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    guard byte <= 1 else {
      throw FormatError(.badValue, offset: offset, field: field, found: "\(byte)", expected: "0 or 1")
    }
    offset += 1
    return byte == 1
  }

  private func need(_ count: Int, _ field: String) throws(FormatError) {
    guard bytes.byteCount - offset >= count else {
      throw FormatError(
        .truncated,
        offset: offset,
        field: field,
        found: "\(bytes.byteCount - offset) bytes",
        expected: "\(count) bytes"
      )
    }
  }
}

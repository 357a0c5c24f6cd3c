import IndexFormat

/// What stands before the stored bytes of each value in a layer file.
///
/// | first byte | header | stored length | meaning |
/// |---|---|---|---|
/// | `00` to `7f` | 1 byte | that byte | as it is |
/// | `8x` | 4 bytes, big-endian | low 28 bits | as it is |
/// | `9x` | 4 bytes | low 28 bits, of the compressed form | one zstd frame |
/// | `ax` to `fx` | 4 bytes | low 28 bits | reserved: refused |
///
/// Writers choose the form by the length before compression: below 128 the short one, never compressed; else the long
/// one, compressed only if that is shorter. So a compressed value may have a stored length below 128 behind a header
/// of four bytes. Until 2024-07-02 the long form was `80000000` and a length of 31 bits; such a value of 256 MiB or
/// more reads as a compressed or reserved one now, here as with page servers, and is refused.
///
/// Source: `pageserver/src/tenant/blob_io.rs`.
public struct BlobHeader: Equatable, Sendable {
  public enum Compression: UInt8, Sendable {
    case none = 0x80
    case zstd = 0x90
  }

  public let compression: Compression
  /// Bytes behind the header.
  public let storedByteCount: Int
  /// 1 or 4.
  public let byteCount: Int

  /// Below this length a value has the short header.
  public static let longFormStart = 128
  public static let longByteCount = 4
  /// The longest value, compressed or not.
  public static let maximumByteCount = 0x0fff_ffff

  /// Header and stored bytes.
  public var totalByteCount: Int { byteCount &+ storedByteCount }

  /// The header of a value of `byteCount` bytes that is stored as `storedByteCount`; nil if it is too long.
  public init?(byteCount: Int, storedByteCount: Int, compression: Compression) {
    guard 0...Self.maximumByteCount ~= byteCount, 0...Self.maximumByteCount ~= storedByteCount else {
      return nil
    }
    let isShort = compression == .none && byteCount < Self.longFormStart
    self.byteCount = isShort ? 1 : Self.longByteCount
    self.storedByteCount = storedByteCount
    self.compression = compression
  }

  /// Reads the header at the start of `bytes`, of which there may be more; whether the stored bytes are there is not
  /// looked at.
  @inline(__always)
  public init(parsing bytes: RawSpan) throws(FormatError) {
    guard bytes.byteCount > 0 else { throw Self.truncated(0) }
    let first = bytes.byte(0)
    guard first >= 0x80 else {
      compression = .none
      storedByteCount = Int(first)
      byteCount = 1
      return
    }
    guard bytes.byteCount >= Self.longByteCount else { throw Self.truncated(bytes.byteCount) }
    guard let compression = Compression(rawValue: first & 0xf0) else { throw Self.reserved(first) }
    self.compression = compression
    storedByteCount = Int(bytes.uint32(0)) & Self.maximumByteCount
    byteCount = Self.longByteCount
  }

  /// Its bytes, of which the first `byteCount` count.
  @inline(__always)
  var encoded: InlineArray<4, UInt8> {
    let length = UInt32(truncatingIfNeeded: storedByteCount)
    if byteCount == 1 { return [UInt8(truncatingIfNeeded: length), 0, 0, 0] }
    let word = UInt32(compression.rawValue) << 24 | length
    return [
      UInt8(truncatingIfNeeded: word >> 24), UInt8(truncatingIfNeeded: word >> 16),
      UInt8(truncatingIfNeeded: word >> 8), UInt8(truncatingIfNeeded: word),
    ]
  }

  public func encode(into bytes: inout [UInt8]) {
    let encoded = encoded
    bytes.append(encoded.span.bytes.extracting(0..<byteCount))
  }

  private static func truncated(_ found: Int) -> FormatError {
    FormatError(.truncated, field: "blob header", found: "\(found) bytes", expected: "1 or 4 bytes")
  }

  private static func reserved(_ byte: UInt8) -> FormatError {
    FormatError(
      .badValue,
      field: "blob header",
      found: "compression byte \(String(byte & 0xf0, radix: 16))",
      expected: "80 or 90"
    )
  }
}

/// A SHA-256 digest. Text: 64 hex digits, lower case and no other.
public struct SHA256Digest: Hashable, Sendable {
  private let words: SIMD4<UInt64>

  public static let byteCount = 32

  /// Nil unless there are exactly 32 bytes.
  public init?(bytes: [UInt8]) {
    guard bytes.count == SHA256Digest.byteCount else { return nil }
    var words = SIMD4<UInt64>()
    for (index, byte) in bytes.enumerated() { words[index / 8] = words[index / 8] << 8 | UInt64(byte) }
    self.words = words
  }

  init?(text bytes: RawSpan) {
    guard bytes.byteCount == 64, !bytes.hasUpperCase(upTo: 64) else { return nil }
    var words = SIMD4<UInt64>()
    for index in 0..<4 {
      guard let word = HexDigits.decode16(bytes, at: index * 16) else { return nil }
      words[index] = word
    }
    self.words = words
  }
}

extension SHA256Digest: LosslessStringConvertible {
  public init?(_ text: String) { self.init(text: text.utf8Span.span.bytes) }

  public var description: String {
    var bytes: [UInt8] = []
    for index in 0..<4 { HexDigits.append(words[index], count: 16, uppercase: false, to: &bytes) }
    return String(decoding: bytes, as: UTF8.self)
  }
}

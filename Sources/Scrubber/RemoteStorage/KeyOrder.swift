/// In which order a store lists its keys.
///
/// | order | of `a/1`, `a b`, `a-1/x` | who |
/// |---|---|---|
/// | `bytes` | `a b`, `a-1/x`, `a/1` | S3, folders, memory |
/// | `path` | `a/1`, `a b`, `a-1/x` | SeaweedFS, which goes through folders by their names |
///
/// In both, all keys that begin with the same text up to a `/` stand together, and so do all that begin with a
/// tenant's identifier. Tenants come in the same order too, as identifiers are of one length.
enum KeyOrder: UInt8, Sendable {
  case bytes
  /// A `/` comes before every other byte (but NUL, which no key has: as the end of a border it is the least).
  case path

  func precedes(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
    let count = min(left.count, right.count)
    for index in 0..<count where left[index] != right[index] {
      return self == .bytes ? left[index] < right[index] : Self.rank(left[index]) < Self.rank(right[index])
    }
    return left.count < right.count
  }

  private static func rank(_ byte: UInt8) -> Int {
    byte == UInt8(ascii: "/") ? 1 : byte == 0 ? 0 : Int(byte) + 1
  }
}

import IndexFormat

/// A key of a layer's index: the bytes of a key, and of an LSN in delta layers, in front of zeros.
///
/// | bytes | image layers | delta layers |
/// |---|---|---|
/// | 0-17 | `Key` | `Key` |
/// | 18-25 | | LSN, big-endian |
///
/// Held as two numbers, so that comparing keys is comparing numbers. Source: `storage_layer/delta_layer.rs`.
public struct TreeKey: Hashable, Sendable, Comparable {
  /// Bytes 0 to 15.
  public var high: UInt128
  /// Bytes 16 to 31.
  public var low: UInt128

  /// The longest key that this can hold.
  public static let maximumByteCount = 32
  public static let imageByteCount = Key.byteCount
  public static let deltaByteCount = Key.byteCount + 8

  public static let min = TreeKey(high: 0, low: 0)
  public static let max = TreeKey(high: .max, low: .max)

  @inline(__always)
  public init(high: UInt128, low: UInt128) {
    self.high = high
    self.low = low
  }

  @inline(__always)
  public init(_ key: Key, _ lsn: Lsn = Lsn(0)) {
    high = UInt128(key.high) << 64 | UInt128(key.middle)
    low = UInt128(key.low) << 112 | UInt128(lsn.value) << 48
  }

  @inline(__always)
  public var key: Key {
    Key(
      high: UInt64(truncatingIfNeeded: high >> 64),
      middle: UInt64(truncatingIfNeeded: high),
      low: UInt16(truncatingIfNeeded: low >> 112)
    )
  }

  @inline(__always)
  public var lsn: Lsn { Lsn(UInt64(truncatingIfNeeded: low >> 48)) }

  /// The first `count` bytes of `bytes` from `offset` on, in front of zeros.
  @inline(__always)
  init(_ bytes: RawSpan, at offset: Int, count: Int) {
    high = 0
    low = 0
    // Whole words first; the rest byte by byte, so that nothing behind the key is touched.
    var index = 0
    while index < count {
      let word: UInt64
      if count &- index >= 8 {
        word = bytes.uint64(offset &+ index)
      } else {
        word = Self.partialWord(bytes, at: offset &+ index, count: count &- index)
      }
      switch index {
      case 0: high = UInt128(word) &<< 64
      case 8: high |= UInt128(word)
      case 16: low = UInt128(word) &<< 64
      default: low |= UInt128(word)
      }
      index &+= 8
    }
  }

  @inline(__always)
  private static func partialWord(_ bytes: RawSpan, at offset: Int, count: Int) -> UInt64 {
    var word: UInt64 = 0
    for index in 0..<count { word |= UInt64(bytes.byte(offset &+ index)) &<< UInt64(56 &- 8 &* index) }
    return word
  }

  /// The same bytes `count` places further back, behind zeros.
  @inline(__always)
  func shifted(by count: Int) -> TreeKey {
    let bits = UInt128(truncatingIfNeeded: count &* 8)
    if count == 0 { return self }
    if count >= 16 { return TreeKey(high: 0, low: high >> (bits &- 128)) }
    return TreeKey(high: high >> bits, low: low >> bits | high << (128 &- bits))
  }

  @inline(__always)
  static func | (left: TreeKey, right: TreeKey) -> TreeKey {
    TreeKey(high: left.high | right.high, low: left.low | right.low)
  }

  @inline(__always)
  public static func < (left: TreeKey, right: TreeKey) -> Bool {
    left.high == right.high ? left.low < right.low : left.high < right.high
  }

  /// How many bytes both begin with.
  @inline(__always)
  func commonByteCount(with other: TreeKey) -> Int {
    let difference = high ^ other.high
    if difference != 0 { return difference.leadingZeroBitCount / 8 }
    return 16 &+ (low ^ other.low).leadingZeroBitCount / 8
  }

  /// Appends some of its bytes.
  @inline(__always)
  func append(_ range: Range<Int>, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) {
      bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: $0[range]))
    }
  }
}

extension TreeKey: CustomStringConvertible {
  /// Key and LSN. Of an image layer's key the LSN is 0/0.
  public var description: String { "\(key) \(lsn)" }
}

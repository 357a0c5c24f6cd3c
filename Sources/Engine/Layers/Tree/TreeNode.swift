import IndexFormat

/// A node of a layer's index: one block.
///
/// | offset | size | field | check |
/// |---|---|---|---|
/// | 0 | 2 | count `n`, big-endian | 1 or more |
/// | 2 | 1 | level, 0 = leaf | at most 15 |
/// | 3 | 1 | prefix length `p` | `p + s` is the length of keys |
/// | 4 | 1 | suffix length `s` | |
/// | 5 | p | what all keys begin with | |
/// | 5+p | n·s | the rest of each key | ascending |
/// | 5+p+n·s | n·5 | values, big-endian | leaf: top bit 0. Other: `80` and the child's block number |
/// | … | | zeros | all of it ends at 8191 or before; `firstPaddingByte` |
///
/// The key of an internal entry is the first key of its child. Block numbers count from the index's first block. The
/// lengths make this a view without copies: an entry is found by arithmetic.
///
/// Source: `pageserver/src/tenant/disk_btree.rs`.
public struct TreeNode: ~Escapable {
  public let block: RawSpan
  public let count: Int
  public let level: UInt8
  public let suffixByteCount: Int
  public let prefixByteCount: Int
  private let prefix: TreeKey
  private let valuesStart: Int

  public static let blockByteCount = 8192
  public static let headerByteCount = 5
  public static let valueByteCount = 5
  /// One byte of a block always stays free.
  public static let maximumUsedByteCount = blockByteCount - 1
  public static let maximumValue: UInt64 = 0x7f_ffff_ffff
  /// Fan-outs are in the hundreds, so 4 levels hold more than a file can have.
  public static let maximumLevel: UInt8 = 15

  /// Reads the block's header and the values' kind. Offsets of errors count from the start of the block.
  @_lifetime(copy block)
  public init(_ block: RawSpan, keyByteCount: Int) throws(FormatError) {
    guard block.byteCount == Self.blockByteCount else {
      throw Self.bad(0, "block", "\(block.byteCount) bytes", "8192 bytes")
    }
    self.block = block
    count = Int(block.uint16(0))
    level = block.byte(2)
    prefixByteCount = Int(block.byte(3))
    suffixByteCount = Int(block.byte(4))
    guard count >= 1 else { throw Self.bad(0, "count", "0 entries", "1 or more") }
    guard level <= Self.maximumLevel else { throw Self.bad(2, "level", "\(level)", "15 or less") }
    guard prefixByteCount &+ suffixByteCount == keyByteCount else {
      throw Self.bad(3, "key length", "\(prefixByteCount) + \(suffixByteCount)", "\(keyByteCount) together")
    }
    valuesStart = Self.headerByteCount &+ prefixByteCount &+ count &* suffixByteCount
    let end = valuesStart &+ count &* Self.valueByteCount
    guard end <= Self.maximumUsedByteCount else {
      throw Self.bad(
        0,
        "count",
        "\(count) entries, \(end) bytes",
        "\(Self.maximumUsedByteCount) bytes or less"
      )
    }
    prefix = TreeKey(block, at: Self.headerByteCount, count: prefixByteCount)
  }

  /// Where the values end. Behind are zeros.
  public var usedByteCount: Int { valuesStart &+ count &* Self.valueByteCount }

  /// Where the first byte stands that should be zero and is not.
  public var firstPaddingByte: Int? { block.firstNonZero(in: usedByteCount..<Self.blockByteCount) }

  /// The key of entry `index`, which is less than `count`.
  @inline(__always)
  public func key(_ index: Int) -> TreeKey {
    let offset = suffixOffset(index)
    return prefix | TreeKey(block, at: offset, count: suffixByteCount).shifted(by: prefixByteCount)
  }

  /// Where in the block the rest of the key of entry `index` stands.
  @inline(__always)
  public func suffixOffset(_ index: Int) -> Int {
    Self.headerByteCount &+ prefixByteCount &+ index &* suffixByteCount
  }

  /// Where in the block the value of entry `index` stands.
  @inline(__always)
  public func valueOffset(_ index: Int) -> Int { valuesStart &+ index &* Self.valueByteCount }

  @inline(__always)
  private func rawValue(_ index: Int) -> UInt64 {
    let offset = valueOffset(index)
    return UInt64(block.byte(offset)) &<< 32 | UInt64(block.uint32(offset &+ 1))
  }

  /// The value of entry `index` of a leaf.
  @inline(__always)
  public func value(_ index: Int) throws(FormatError) -> UInt64 {
    let value = rawValue(index)
    guard value <= Self.maximumValue else {
      throw Self.bad(valueOffset(index), "value", hex(value), "a value without the top bit")
    }
    return value
  }

  /// The block number of child `index` of an internal node.
  @inline(__always)
  public func child(_ index: Int) throws(FormatError) -> UInt32 {
    let value = rawValue(index)
    guard value >> 32 == 0x80 else {
      throw Self.bad(valueOffset(index), "child", hex(value), "80 and a block number")
    }
    return UInt32(truncatingIfNeeded: value)
  }

  private func hex(_ value: UInt64) -> String { String(value, radix: 16) }

  /// That keys ascend. `index` of the first one that is not above the one before it, or nil.
  public func firstDisorder() -> Int? {
    var last = key(0)
    var index = 1
    while index < count {
      let next = key(index)
      if next <= last { return index }
      last = next
      index &+= 1
    }
    return nil
  }

  /// How many keys are less than `wanted`. Keys must be known to ascend.
  public func countBelow(_ wanted: TreeKey) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low &+ high) / 2
      if key(middle) < wanted { low = middle &+ 1 } else { high = middle }
    }
    return low
  }

  static func badBlock(_ number: UInt32, _ root: UInt32) -> FormatError {
    bad(0, "number", "block \(number)", "one up to the root, \(root)")
  }

  static func bad(_ offset: Int, _ field: String, _ found: String, _ expected: String) -> FormatError {
    FormatError(.badValue, offset: offset, field: "index node \(field)", found: found, expected: expected)
  }
}

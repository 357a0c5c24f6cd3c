import IndexFormat

/// How two values of a key differ, for people.
struct ValueDifference: Equatable {
  /// The first byte that differs, or where the shorter one ends.
  var firstByte: Int
  /// Bytes that differ, with those that only one of the two has.
  var byteCount: Int
  /// If one bit is all that differs, which one of its byte: 0 is the lowest.
  var singleBit: Int?
  private var seenBytes: [UInt8] = []
  private var expectedBytes: [UInt8] = []
  private var lengths: (seen: Int, expected: Int)

  /// Bytes from the first difference on that texts show.
  private static let shownByteCount = 16

  /// Nil for equal values.
  init?(seen: RawSpan, expected: RawSpan) {
    let common = min(seen.byteCount, expected.byteCount)
    var first: Int?
    var count = 0
    var bits = 0
    var difference: UInt8 = 0
    var offset = 0
    while offset < common {
      if offset &+ 8 <= common, seen.uint64(offset) == expected.uint64(offset) {
        offset &+= 8
        continue
      }
      let change = seen.byte(offset) ^ expected.byte(offset)
      if change != 0 {
        first = first ?? offset
        count &+= 1
        bits &+= change.nonzeroBitCount
        difference = change
      }
      offset &+= 1
    }
    let surplus = max(seen.byteCount, expected.byteCount) - common
    guard first != nil || surplus > 0 else { return nil }
    let start = first ?? common
    firstByte = start
    byteCount = count + surplus
    singleBit = bits == 1 && surplus == 0 ? difference.trailingZeroBitCount : nil
    lengths = (seen.byteCount, expected.byteCount)
    seenBytes = Self.shown(seen, from: start)
    expectedBytes = Self.shown(expected, from: start)
  }

  private static func shown(_ bytes: RawSpan, from start: Int) -> [UInt8] {
    let start = min(start, bytes.byteCount)
    return bytes.copy(start..<min(start + shownByteCount, bytes.byteCount))
  }

  /// Such as `from byte 4711 on, 3 bytes` or `bit 5 of byte 12 alone`.
  var place: String {
    if let singleBit { return "bit \(singleBit) of byte \(firstByte) alone" }
    if lengths.seen != lengths.expected {
      return "from byte \(firstByte) on, \(lengths.seen) bytes instead of \(lengths.expected)"
    }
    return "from byte \(firstByte) on, \(byteCount) byte\(byteCount == 1 ? "" : "s")"
  }

  var seen: String { Self.text(seenBytes) }
  var expected: String { Self.text(expectedBytes) }

  private static func text(_ bytes: [UInt8]) -> String {
    if bytes.isEmpty { return "nothing" }
    return bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
  }

  static func == (one: Self, other: Self) -> Bool {
    one.firstByte == other.firstByte && one.byteCount == other.byteCount && one.singleBit == other.singleBit
      && one.lengths == other.lengths && one.seenBytes == other.seenBytes
      && one.expectedBytes == other.expectedBytes
  }
}

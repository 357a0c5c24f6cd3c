/// Which bytes of a page tuples have taken: a bit for each 8 bytes, as tuples begin at multiples of 8.
struct PageRoom {
  private static let unit = 8
  private var words = InlineArray<16, UInt64>(repeating: 0)

  /// Takes the bytes of a tuple, which must lie in the page; false if another one has some of them.
  @inline(__always)
  mutating func take(_ offset: Int, _ byteCount: Int) -> Bool {
    var isFree = true
    var unit = offset / Self.unit
    let end = (offset &+ byteCount &+ Self.unit &- 1) / Self.unit
    while unit < end {
      let bit = unit & 63
      let count = min(64 &- bit, end &- unit)
      let mask = (UInt64.max >> UInt64(64 &- count)) << UInt64(bit)
      isFree = isFree && words[unit >> 6] & mask == 0
      words[unit >> 6] |= mask
      unit &+= count
    }
    return isFree
  }
}

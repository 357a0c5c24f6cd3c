/// Tuples of SP-GiST indexes, whose first two bits are their state.
///
/// | tuple | rule |
/// |---|---|
/// | each | its length is that of its line pointer, and a multiple of 8 |
/// | dead in any way | 16 bytes; a redirection leads to a tuple that is not in the first block |
/// | of an inner page | one node or more; header, prefix and nodes fill it, each a multiple of 8, or it has 16 bytes |
/// | node | leads to a tuple that is not in the first block, or nowhere yet |
/// | of a leaf | a row; the next one of its chain is in use, and no other leads there. In a root there are no chains |
///
/// | offset | size | field of a leaf's tuple |
/// |---|---|---|
/// | 0 | 4 | bits 0-1: state; the rest: length |
/// | 4 | 2 | bits 0-13: next tuple; bit 15: a bitmap of nulls follows |
/// | 6 | 6 | row |
///
/// Source: PostgreSQL `access/spgist_private.h`.
enum SPGiSTTupleCheck {
  static let live: UInt8 = 0
  private static let nextMask: UInt16 = 0x3fff
  private static let free: UInt16 = 0x4000

  static func checkDead(_ page: PageView, _ number: Int, _ pointer: LinePointer, _ state: UInt8)
    throws(PageFault)
  {
    let offset = pointer.offset
    try checkLength(page, number, pointer, Int(page.uint32(offset) >> 2), SPGiSTDeadTuple.byteCount)
    guard state == SPGiSTDeadTuple.State.redirect else { return }
    try checkTarget(page, number, offset &+ 6)
  }

  private static func checkLength(
    _ page: PageView,
    _ number: Int,
    _ pointer: LinePointer,
    _ length: Int,
    _ maximum: Int = PageView.byteCount
  ) throws(PageFault) {
    try page.require(
      length == pointer.length && length % 8 == 0 && length <= maximum,
      "length of the tuple",
      at: pointer.offset,
      number: number,
      length,
      "a multiple of 8, and that of the line pointer:",
      UInt64(pointer.length)
    )
  }

  private static func checkTarget(_ page: PageView, _ number: Int, _ place: Int) throws(PageFault) {
    let (block, position) = (page.blockOfPointer(place), page.uint16(place &+ 4))
    try page.require(
      block != 0 && block != PageView.noBlock,
      "block of the target",
      at: place,
      number: number,
      block,
      "another block than the first one"
    )
    try page.require(
      position >= 1 && position <= PageView.maximumNumber,
      "line pointer of the target",
      at: place &+ 4,
      number: number,
      position,
      "1 to",
      UInt64(PageView.maximumNumber)
    )
  }

  static func checkLeaf(
    _ page: PageView,
    _ number: Int,
    _ pointer: LinePointer,
    isRoot: Bool,
    _ chains: inout SPGiSTChains
  ) throws(PageFault) {
    let offset = pointer.offset
    try checkLength(page, number, pointer, Int(page.uint32(offset) >> 2))
    try page.requireRow(
      page.blockOfPointer(offset &+ 6),
      page.uint16(offset &+ 10),
      at: offset &+ 6,
      number: number
    )
    let info = page.uint16(offset &+ 4)
    let next = Int(info & nextMask)
    try page.require(
      info & free == 0 && (next == 0 || !isRoot && next <= page.itemCount && next != number),
      "next tuple of the chain",
      at: offset &+ 4,
      number: number,
      info,
      "none, or not in a root one up to",
      UInt64(page.itemCount)
    )
    guard next > 0 else { return }
    // All tuples lie in the page: that was looked at before any of them.
    let isLive = page.uint8(page.pointer(next).offset) & SPGiSTDeadTuple.State.mask == live
    let isFree = chains.take(next)
    try page.require(
      isLive && isFree,
      "next tuple of the chain",
      at: offset &+ 4,
      number: number,
      next,
      "one in use that is in no other chain"
    )
  }

  static func checkInner(_ page: PageView, _ number: Int, _ pointer: LinePointer) throws(PageFault) {
    let offset = pointer.offset
    let length = Int(page.uint16(offset &+ 4))
    try checkLength(page, number, pointer, length)
    let nodeCount = Int(page.uint16(offset) >> 3)
    try page.require(nodeCount >= 1, "nodes", at: offset, number: number, nodeCount, "at least", 1)
    let prefix = Int(page.uint16(offset &+ 2))
    let end = offset &+ length
    var place = offset &+ SPGiSTInnerTuple.headerByteCount &+ prefix
    for _ in 0..<nodeCount {
      try page.require(
        place % 8 == 0 && place &+ IndexTuple.headerByteCount <= end,
        "nodes",
        at: offset,
        number: number,
        nodeCount,
        "as many as fit into the tuple behind a prefix of bytes:",
        UInt64(prefix)
      )
      let nodeLength = Int(page.uint16(place &+ 6) & IndexTuple.lengthMask)
      try page.require(
        nodeLength >= IndexTuple.headerByteCount && nodeLength <= end &- place,
        "length of a node",
        at: place &+ 6,
        number: number,
        nodeLength,
        "8 up to",
        UInt64(max(0, end &- place))
      )
      let isUnset = page.blockOfPointer(place) == PageView.noBlock && page.uint16(place &+ 4) == 0
      if !isUnset { try checkTarget(page, number, place) }
      place &+= nodeLength
    }
    try page.require(
      place == end || length == SPGiSTDeadTuple.byteCount,
      "nodes",
      at: offset,
      number: number,
      place &- offset,
      "the end of the tuple, at byte",
      UInt64(length)
    )
  }
}

import IndexFormat

/// Line pointers, and tuples of indexes.
extension PageView {
  /// How many line pointers there are; those of a page where `lower` may be anything are never negative.
  var itemCount: Int { max(0, (lower &- Self.start) / RedoPage.linePointerByteCount) }

  @inline(__always)
  static func place(_ number: Int) -> Int { RedoPage.linePointerOffset(number) }

  /// The line pointer of a number from 1 to `itemCount`.
  @inline(__always)
  func pointer(_ number: Int) -> LinePointer { LinePointer(raw: uint32(Self.place(number))) }

  /// Throws unless `lower` is the end of whole line pointers.
  func requireLinePointers(atMost maximum: Int) throws(PageFault) {
    try require(
      lower >= Self.start && (lower &- Self.start) % RedoPage.linePointerByteCount == 0,
      "pd_lower",
      at: 12,
      lower,
      "24 and a multiple of 4"
    )
    try require(itemCount <= maximum, "line pointers", at: 12, itemCount, "at most", UInt64(maximum))
  }

  /// Which line pointers an access method makes beside those in use.
  struct ItemStates: OptionSet {
    let rawValue: UInt8
    /// Of tuples that a scan found to be dead; they stay where they are.
    static let dead = ItemStates(rawValue: 1)
    /// Of tuples that are gone.
    static let unused = ItemStates(rawValue: 2)
  }

  /// Throws unless line pointers lead to tuples that lie side by side and fill the page from `upper` to `special`, as
  /// they do in all indexes: what is deleted there is closed at once.
  ///
  /// - minimum: the fewest bytes of a tuple. At least as many as the caller reads of each.
  func requireItems(_ states: ItemStates, minimum: Int) throws(PageFault) {
    try requireLinePointers(atMost: RedoPage.maximumLinePointerCount)
    var room = PageRoom()
    var total = 0
    var number = 1
    let count = itemCount
    while number <= count {
      let pointer = pointer(number)
      let place = Self.place(number)
      if pointer.isUsed {
        let isRight = pointer.isNormal || pointer.state == LinePointer.State.dead && states.contains(.dead)
        try require(
          isRight,
          "lp_flags",
          at: place,
          number: number,
          pointer.state,
          "1, or 3 where that may be"
        )
        try requirePlace(pointer, number, minimum, &room)
        total &+= RedoPage.aligned(pointer.length)
      } else {
        try require(
          pointer.raw == 0 && states.contains(.unused),
          "line pointer",
          at: place,
          number: number,
          pointer.raw,
          "one in use"
        )
      }
      number &+= 1
    }
    try require(
      total == special &- upper,
      "pd_upper",
      at: 14,
      upper,
      "that tuples fill the page from there, which are so many bytes:",
      UInt64(total)
    )
  }

  /// Throws unless the tuple lies in its part of the page, and no other one has a byte of it.
  @inline(__always)
  func requirePlace(_ pointer: LinePointer, _ number: Int, _ minimum: Int, _ room: inout PageRoom)
    throws(PageFault)
  {
    let place = Self.place(number)
    let (offset, length) = (pointer.offset, pointer.length)
    try require(length >= minimum, "lp_len", at: place, number: number, length, "at least", UInt64(minimum))
    try require(
      offset >= upper && offset % 8 == 0,
      "lp_off",
      at: place,
      number: number,
      offset,
      "a multiple of 8 from pd_upper on, which is",
      UInt64(upper)
    )
    try require(
      offset &+ length <= special,
      "lp_len",
      at: place,
      number: number,
      length,
      "the end of the tuple before",
      UInt64(special)
    )
    try require(room.take(offset, length), "lp_off", at: place, number: number, offset, "bytes of its own")
  }

  /// The tuple of an index behind a line pointer of which `requireItems` has said nothing, with at least 8 bytes.
  @inline(__always)
  func indexItem(_ number: Int) -> IndexItem {
    let pointer = pointer(number)
    let offset = pointer.offset
    return IndexItem(
      number: number,
      offset: offset,
      length: pointer.length,
      block: blockOfPointer(offset),
      position: uint16(offset &+ 4),
      info: uint16(offset &+ 6)
    )
  }

  /// Throws unless the tuple says itself that it has as many bytes as its line pointer says.
  @inline(__always)
  func requireLength(_ item: IndexItem, atMost maximum: Int) throws(PageFault) {
    let length = Int(item.info & IndexTuple.lengthMask)
    try require(
      length == item.length && length % 8 == 0 && length <= maximum,
      "t_info",
      at: item.offset &+ 6,
      number: item.number,
      length,
      "a multiple of 8, and the length of the line pointer:",
      UInt64(item.length)
    )
  }

  @inline(__always)
  func requireRow(_ item: IndexItem) throws(PageFault) {
    try requireRow(item.block, item.position, at: item.offset, number: item.number)
  }

  @inline(__always)
  func requireLink(_ item: IndexItem) throws(PageFault) {
    try requireLink(item.block, "block of the child", at: item.offset, number: item.number)
  }
}

/// A tuple of an index: `IndexTuple`, to be looked at only.
struct IndexItem {
  var number: Int
  var offset: Int
  /// By the line pointer.
  var length: Int
  var block: UInt32
  var position: UInt16
  var info: UInt16
}

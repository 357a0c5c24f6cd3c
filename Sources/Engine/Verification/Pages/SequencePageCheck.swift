/// The page of a sequence: one row, that of the sequence.
///
/// | what | rule |
/// |---|---|
/// | block | the first one |
/// | special part | 8 bytes: 0x1717 and zeros |
/// | line pointers | one, in use |
/// | row | 41 bytes: header (24), value (8), how often it may rise without WAL (8), whether it was taken (1) |
///
/// Source: PostgreSQL `commands/sequence.c`.
enum SequencePageCheck {
  private static let rowByteCount = 41
  private static let headerByteCount = 24
  private static let columnCount: UInt16 = 3

  static func check(_ page: PageView) throws(PageFault) {
    try page.require(page.block == 0, "block", at: 0, page.block, "the only one of a sequence:", 0)
    try page.requireSpecial(SequenceRedo.specialByteCount + 4)
    let mark = page.uint64(page.special)
    try page.require(
      mark == UInt64(SequenceRedo.magic),
      "mark of a sequence",
      at: page.special,
      mark,
      "just",
      UInt64(SequenceRedo.magic)
    )
    try page.requireLinePointers(atMost: 1)
    try page.require(page.itemCount == 1, "line pointers", at: 12, page.itemCount, "just", 1)
    let pointer = page.pointer(1)
    let place = PageView.place(1)
    try page.require(pointer.isNormal, "lp_flags", at: place, number: 1, pointer.state, "just", 1)
    var room = PageRoom()
    try page.requirePlace(pointer, 1, rowByteCount, &room)
    let length = pointer.length
    try page.require(
      length == rowByteCount,
      "lp_len",
      at: place,
      number: 1,
      length,
      "just",
      UInt64(rowByteCount)
    )
    let offset = pointer.offset
    try page.require(
      offset == page.upper,
      "lp_off",
      at: place,
      number: 1,
      offset,
      "pd_upper,",
      UInt64(page.upper)
    )
    try checkRow(page, offset)
  }

  private static func checkRow(_ page: PageView, _ offset: Int) throws(PageFault) {
    let columns = page.uint16(offset + 18)
    try page.require(
      columns == columnCount,
      "columns",
      at: offset + 18,
      number: 1,
      columns,
      "just",
      UInt64(columnCount)
    )
    let begin = page.uint8(offset + 22)
    try page.require(begin == headerByteCount, "t_hoff", at: offset + 22, number: 1, begin, "just", 24)
    let left = Int64(bitPattern: page.uint64(offset + headerByteCount + 8))
    try page.require(
      left >= 0,
      "log_cnt",
      at: offset + headerByteCount + 8,
      number: 1,
      left,
      "no negative number"
    )
    let isTaken = page.uint8(offset + rowByteCount - 1)
    try page.require(
      isTaken <= 1,
      "is_called",
      at: offset + rowByteCount - 1,
      number: 1,
      isTaken,
      "at most",
      1
    )
  }
}

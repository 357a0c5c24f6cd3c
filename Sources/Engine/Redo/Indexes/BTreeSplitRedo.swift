import IndexFormat

/// Replay of splits.
///
/// | block | page |
/// |---|---|
/// | 0 | that is split: becomes the left one |
/// | 1 | the right one, made anew |
/// | 2 | the right one's right sibling, if any |
/// | 3 | child whose own split is complete now, above leaves |
///
/// | offset | size | main data |
/// |---|---|---|
/// | 0 | 4 | level |
/// | 4 | 2 | first old tuple that goes to the right |
/// | 6 | 2 | line pointer of the new tuple |
/// | 8 | 2 | place of the new row in the posting list before it; 0 if there is none |
///
/// Data of block 0: the new tuple if it goes to the left or a posting list changes, then the left page's upper bound.
/// Data of block 1: all tuples of the right page.
enum BTreeSplitRedo {
  private struct Split {
    var level: UInt32
    var firstRight: Int
    var newNumber: Int
    var position: Int

    init(_ data: RawSpan) throws(RedoFault) {
      var input = RecordBytes(data)
      level = try input.uint32()
      firstRight = Int(try input.uint16())
      newNumber = Int(try input.uint16())
      position = Int(try input.uint16())
    }
  }

  static func replay(
    _ record: borrowing WALRecord,
    _ target: RedoTarget,
    _ page: RedoPage,
    isNewOnLeft: Bool
  ) throws(RedoFault) {
    let split = try Split(record.mainData)
    guard let original = record.block(id: 0)?.block, let right = record.block(id: 1)?.block else {
      throw .blockNotNamed
    }
    let leaf = split.level == 0 ? BTreePage.Flags.leaf : 0
    switch target.reference.id {
    case 0:
      try target.require(isInitialized: false)
      try makeLeft(record.data(of: target.reference), split, page, isNewOnLeft)
      let left = try BTreePage(page)
      left.flags = BTreePage.Flags.incompleteSplit | leaf
      left.setRight(right.value)
      left.setCycle(0)
    case 1:
      try target.require(isInitialized: true)
      let sibling = BTreePage(
        initializing: page,
        left: original.value,
        right: record.block(id: 2)?.block.value ?? 0,
        level: split.level,
        flags: leaf
      )
      try sibling.addTuples(record.data(of: target.reference))
    case 2:
      try target.require(isInitialized: false)
      try BTreePage(page).setLeft(right.value)
    case 3: try BTreeRedo.clearIncompleteSplit(target, page)
    default: throw .blockNotNamed
    }
  }

  private static func makeLeft(
    _ data: RawSpan,
    _ split: Split,
    _ page: RedoPage,
    _ isNewOnLeft: Bool
  ) throws(RedoFault) {
    let first = try BTreePage(page).firstDataNumber
    let old = try page.startOver()
    var data = RecordBytes(data)
    var newTuple: IndexTuple?
    if isNewOnLeft || split.position != 0 {
      let tuple = try BTreeRedo.copy(try data.take(try tupleLength(data)), page)
      if split.position != 0 { try IndexTuple(old, split.newNumber &- 1).swap(tuple, at: split.position) }
      if isNewOnLeft { newTuple = tuple }
    }
    try page.addTuple(try data.take(try tupleLength(data)), at: 1)
    var next = 2
    var number = first
    while number < split.firstRight || number == split.newNumber {
      if let tuple = newTuple, number == split.newNumber {
        try page.addTuple(tuple.bytes, RedoPage.aligned(tuple.length), at: next, overwrites: false)
        next &+= 1
        newTuple = nil
      }
      guard number < split.firstRight else { break }
      let pointer = try old.indexTuplePointer(number)
      try page.addTuple(old.bytes + pointer.offset, pointer.length, at: next, overwrites: false)
      next &+= 1
      number &+= 1
    }
  }

  /// The length of the tuple that comes next, up to a multiple of 8.
  private static func tupleLength(_ data: borrowing RecordBytes) throws(RedoFault) -> Int {
    guard data.remaining >= IndexTuple.headerByteCount else {
      throw .dataTooShort(found: data.bytes.byteCount, expected: data.offset &+ IndexTuple.headerByteCount)
    }
    return RedoPage.aligned(Int(data.bytes.littleEndian16(data.offset &+ 6) & 0x1fff))
  }
}

import IndexFormat

/// Replay of space-partitioned search trees. Source: PostgreSQL, `access/spgist/spgxlog.c`.
enum SPGiSTRedo {
  private enum Operation {
    static let mask: UInt8 = 0xf0
    static let addLeaf: UInt8 = 0x10
    static let moveLeafs: UInt8 = 0x20
    static let addNode: UInt8 = 0x30
    static let splitTuple: UInt8 = 0x40
    static let pickSplit: UInt8 = 0x50
    static let vacuumLeaf: UInt8 = 0x60
    static let vacuumRoot: UInt8 = 0x70
    static let vacuumRedirect: UInt8 = 0x80
  }

  static func replay(_ record: borrowing WALRecord, _ target: RedoTarget, _ page: RedoPage) throws(RedoFault)
  {
    switch record.header.info & Operation.mask {
    case Operation.addLeaf: try addLeaf(record, target, page)
    case Operation.moveLeafs: try moveLeafs(record, target, page)
    case Operation.addNode: try addNode(record, target, page)
    case Operation.splitTuple: try splitTuple(record, target, page)
    case Operation.pickSplit: try SPGiSTPickSplitRedo.replay(record, target, page)
    case Operation.vacuumLeaf: try SPGiSTVacuumRedo.leaf(record.mainData, target, page)
    case Operation.vacuumRoot: try SPGiSTVacuumRedo.root(record.mainData, target, page)
    case Operation.vacuumRedirect: try SPGiSTVacuumRedo.redirect(record.mainData, target, page)
    default: throw .wrongKey
    }
    page.lsn = target.lsn
  }

  /// The number of the block with this id.
  static func block(_ id: UInt8, _ record: borrowing WALRecord) throws(RedoFault) -> BlockNumber {
    guard let block = record.block(id: id)?.block else { throw .blockNotNamed }
    return block
  }

  static func setLink(
    _ link: SPGiSTLink,
    _ block: BlockNumber,
    _ number: Int,
    _ target: RedoTarget,
    _ page: RedoPage
  ) throws(RedoFault) {
    try target.require(isInitialized: false)
    try SPGiSTPage(page).setLink(link, block, number)
  }

  /// Block 0 gets the tuple; block 1, if any, leads to it.
  ///
  /// | offset | size | main data |
  /// |---|---|---|
  /// | 0 | 1 | whether the page is made anew |
  /// | 1 | 1 | whether it is for nulls |
  /// | 2 | 2 | number of the tuple |
  /// | 4 | 2 | number of the chain's first tuple; that of the tuple if it replaces a dead one; 0 if none |
  /// | 6 | 2 | inner tuple that leads to it; 0 if none |
  /// | 8 | 2 | node |
  /// | 10 | | leaf tuple |
  private static func addLeaf(_ record: borrowing WALRecord, _ target: RedoTarget, _ page: RedoPage)
    throws(RedoFault)
  {
    var main = RecordBytes(record.mainData)
    let isNew = try main.bool()
    let storesNulls = try main.bool()
    let number = try main.uint16()
    let head = Int(try main.uint16())
    let link = SPGiSTLink(number: Int(try main.uint16()), node: Int(try main.uint16()))
    switch target.reference.id {
    case 0:
      let leaf = try SPGiSTPage(page, target, isNew: isNew, isLeaf: true, storesNulls: storesNulls)
      let tuple = try main.takeLeafTuple()
      if Int(number) == head {
        try leaf.replace(head, tuple)
      } else {
        try leaf.add(tuple, at: Int(number))
        if head != 0 { try leaf.setNext(of: head, number) }
      }
    case 1: try setLink(link, try block(0, record), Int(number), target, page)
    default: throw .blockNotNamed
    }
  }

  /// | block | page |
  /// |---|---|
  /// | 0 | that leaf tuples leave |
  /// | 1 | that they go to |
  /// | 2 | that leads to them |
  ///
  /// | offset | size | main data |
  /// |---|---|---|
  /// | 0 | 2 | count of tuples that leave |
  /// | 2 | 1 | whether the page that they go to is made anew |
  /// | 3 | 1 | whether the one that leaves is dead: only a new one comes then |
  /// | 4 | 1 | whether the page is for nulls |
  /// | 6 | 4 | inner tuple, node |
  /// | 12 | 8 | `SPGiSTOrigin` |
  /// | 20 | 2 each | old numbers of the tuples that leave |
  /// | | 2 each | new numbers, of them and of a new one |
  /// | | | leaf tuples |
  private static func moveLeafs(_ record: borrowing WALRecord, _ target: RedoTarget, _ page: RedoPage)
    throws(RedoFault)
  {
    var main = RecordBytes(record.mainData)
    let movedCount = Int(try main.uint16())
    let isNew = try main.bool()
    let newCount = try main.bool() ? 1 : movedCount &+ 1
    let storesNulls = try main.bool()
    try main.skip(1)
    let link = SPGiSTLink(number: Int(try main.uint16()), node: Int(try main.uint16()))
    try main.skip(2)
    let origin = try SPGiSTOrigin(&main)
    let oldNumbers = try main.takeNumbers(movedCount)
    let newNumbers = try main.takeNumbers(newCount)
    let last = Int(newNumbers.littleEndian16((newCount &- 1) &* 2))
    let destination = try block(1, record)
    switch target.reference.id {
    case 0:
      try target.require(isInitialized: false)
      try SPGiSTPage(page).replace(oldNumbers, first: .moved(destination, last, origin), others: .placeholder)
    case 1:
      let leaf = try SPGiSTPage(page, target, isNew: isNew, isLeaf: true, storesNulls: storesNulls)
      for position in 0..<newCount {
        try leaf.add(try main.takeLeafTuple(), at: Int(newNumbers.littleEndian16(position &* 2)))
      }
    case 2: try setLink(link, destination, last, target, page)
    default: throw .blockNotNamed
    }
  }

  /// | block | page |
  /// |---|---|
  /// | 0 | with the inner tuple that gets one more node |
  /// | 1 | that it goes to, if not the same |
  /// | 2 | that leads to it, if none of these |
  ///
  /// | offset | size | main data |
  /// |---|---|---|
  /// | 0 | 2 | number of the tuple |
  /// | 2 | 2 | number that it gets in block 1 |
  /// | 4 | 1 | whether block 1 is made anew |
  /// | 5 | 1 | block that leads to it; 255 if none |
  /// | 6 | 4 | inner tuple that leads to it, node |
  /// | 12 | 8 | `SPGiSTOrigin` |
  /// | 20 | | the tuple |
  private static func addNode(_ record: borrowing WALRecord, _ target: RedoTarget, _ page: RedoPage)
    throws(RedoFault)
  {
    var main = RecordBytes(record.mainData)
    let oldNumber = Int(try main.uint16())
    let newNumber = Int(try main.uint16())
    let isNew = try main.bool()
    let parentID = try main.uint8()
    let link = SPGiSTLink(number: Int(try main.uint16()), node: Int(try main.uint16()))
    try main.skip(2)
    let origin = try SPGiSTOrigin(&main)
    let tuple = try main.takeInnerTuple()
    let id = target.reference.id
    guard let destination = record.block(id: 1)?.block else {
      guard id == 0 else { throw .blockNotNamed }
      try target.require(isInitialized: false)
      try SPGiSTPage(page).replace(oldNumber, tuple)
      return
    }
    switch id {
    case 0:
      try target.require(isInitialized: false)
      let inner = try SPGiSTPage(page)
      try page.deleteIndexTuple(oldNumber)
      try inner.addDead(.moved(destination, newNumber, origin), at: oldNumber)
    case 1:
      let inner = try SPGiSTPage(page, target, isNew: isNew, isLeaf: false, storesNulls: false)
      try inner.add(tuple, at: newNumber)
    case 2 where parentID == 2: try target.require(isInitialized: false)
    default: throw .blockNotNamed
    }
    if parentID == id { try SPGiSTPage(page).setLink(link, destination, newNumber) }
  }

  /// An inner tuple is split in two: the prefix stays in block 0, the postfix goes there too or to block 1.
  ///
  /// | offset | size | main data |
  /// |---|---|---|
  /// | 0 | 2 | number of the prefix |
  /// | 2 | 2 | number of the postfix |
  /// | 4 | 1 | whether block 1 is made anew |
  /// | 5 | 1 | whether the postfix goes to block 0 |
  /// | 6 | | prefix, postfix |
  private static func splitTuple(_ record: borrowing WALRecord, _ target: RedoTarget, _ page: RedoPage)
    throws(RedoFault)
  {
    var main = RecordBytes(record.mainData)
    let prefixNumber = Int(try main.uint16())
    let postfixNumber = Int(try main.uint16())
    let isNew = try main.bool()
    let isSameBlock = try main.bool()
    let prefix = try main.takeInnerTuple()
    let postfix = try main.takeInnerTuple()
    switch target.reference.id {
    case 0:
      try target.require(isInitialized: false)
      let inner = try SPGiSTPage(page)
      try inner.replace(prefixNumber, prefix)
      if isSameBlock { try inner.add(postfix, at: postfixNumber) }
    case 1 where !isSameBlock:
      let inner = try SPGiSTPage(page, target, isNew: isNew, isLeaf: false, storesNulls: false)
      try inner.add(postfix, at: postfixNumber)
    default: throw .blockNotNamed
    }
  }
}

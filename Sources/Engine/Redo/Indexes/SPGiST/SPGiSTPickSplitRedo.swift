import IndexFormat

/// Replay of splits: leaf tuples are sorted under the nodes of a new inner tuple.
///
/// | block | page |
/// |---|---|
/// | 0 | that had the leaf tuples, unless it was the root |
/// | 1 | that gets others of them, if any |
/// | 2 | that gets the inner tuple |
/// | 3 | that leads to the inner tuple, if any and not the same |
///
/// | offset | size | main data |
/// |---|---|---|
/// | 0 | 1 | whether the root was split |
/// | 2 | 2 | count of tuples that leave block 0 |
/// | 4 | 2 | count of tuples that come to blocks 0 and 1 |
/// | 6 | 1 | whether block 0 is made anew |
/// | 7 | 1 | whether block 1 is made anew |
/// | 8 | 2 | number of the inner tuple |
/// | 10 | 1 | whether block 2 is made anew |
/// | 11 | 1 | whether the pages are for nulls |
/// | 12 | 1 | whether block 2 leads to the inner tuple |
/// | 14 | 4 | inner tuple that leads to it, node |
/// | 20 | 8 | `SPGiSTOrigin` |
/// | 28 | 2 each | numbers of tuples that leave |
/// | | 2 each | numbers of tuples that come |
/// | | 1 each | their blocks: 0, else 1 |
/// | | | inner tuple, leaf tuples |
struct SPGiSTPickSplitRedo: ~Escapable {
  private let deletedCount: Int
  private let newCount: Int
  private let isSourceNew: Bool
  private let isDestinationNew: Bool
  private let innerNumber: Int
  private let isInnerNew: Bool
  private let storesNulls: Bool
  private let isInnerParent: Bool
  private let isRoot: Bool
  private let link: SPGiSTLink
  private let origin: SPGiSTOrigin
  /// What follows: the numbers first.
  private var rest: RecordBytes

  @_lifetime(copy data)
  private init(_ data: RawSpan) throws(RedoFault) {
    rest = RecordBytes(data)
    isRoot = try rest.bool()
    try rest.skip(1)
    deletedCount = Int(try rest.uint16())
    newCount = Int(try rest.uint16())
    isSourceNew = try rest.bool()
    isDestinationNew = try rest.bool()
    innerNumber = Int(try rest.uint16())
    isInnerNew = try rest.bool()
    storesNulls = try rest.bool()
    isInnerParent = try rest.bool()
    try rest.skip(1)
    link = SPGiSTLink(number: Int(try rest.uint16()), node: Int(try rest.uint16()))
    try rest.skip(2)
    origin = try SPGiSTOrigin(&rest)
  }

  static func replay(_ record: borrowing WALRecord, _ target: RedoTarget, _ page: RedoPage) throws(RedoFault)
  {
    var split = try SPGiSTPickSplitRedo(record.mainData)
    try split.replay(target, page, try SPGiSTRedo.block(2, record))
  }

  private mutating func replay(_ target: RedoTarget, _ page: RedoPage, _ innerBlock: BlockNumber)
    throws(RedoFault)
  {
    let deleted = try rest.takeNumbers(deletedCount)
    let numbers = try rest.takeNumbers(newCount)
    let blocks = try rest.take(newCount)
    let tuple = try rest.takeInnerTuple()
    switch target.reference.id {
    case 0 where !isRoot:
      let leaf = try self.page(page, target, isNew: isSourceNew, isLeaf: true)
      if !isSourceNew {
        let first = SPGiSTDeadTuple.moved(innerBlock, innerNumber, origin)
        try leaf.replace(deleted, first: first, others: .placeholder)
      }
      try addLeafs(leaf, numbers, blocks, isDestination: false)
    case 1:
      let leaf = try self.page(page, target, isNew: isDestinationNew, isLeaf: true)
      try addLeafs(leaf, numbers, blocks, isDestination: true)
    case 2:
      let inner = try self.page(page, target, isNew: isInnerNew, isLeaf: false)
      try inner.add(tuple, at: innerNumber)
      if isInnerParent { try inner.setLink(link, innerBlock, innerNumber) }
    case 3: try SPGiSTRedo.setLink(link, innerBlock, innerNumber, target, page)
    default: throw .blockNotNamed
    }
  }

  private func page(_ page: RedoPage, _ target: RedoTarget, isNew: Bool, isLeaf: Bool) throws(RedoFault)
    -> SPGiSTPage
  {
    try SPGiSTPage(page, target, isNew: isNew, isLeaf: isLeaf, storesNulls: storesNulls)
  }

  private mutating func addLeafs(
    _ leaf: SPGiSTPage,
    _ numbers: RawSpan,
    _ blocks: RawSpan,
    isDestination: Bool
  ) throws(RedoFault) {
    for position in 0..<newCount {
      let tuple = try rest.takeLeafTuple()
      guard (blocks.byte(position) != 0) == isDestination else { continue }
      try leaf.add(tuple, at: Int(numbers.littleEndian16(position &* 2)))
    }
  }
}

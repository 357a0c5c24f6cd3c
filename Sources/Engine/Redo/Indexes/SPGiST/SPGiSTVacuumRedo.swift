import IndexFormat

/// Replay of what vacuum does to pages of SP-GiST indexes.
enum SPGiSTVacuumRedo {
  /// | offset | size | main data |
  /// |---|---|---|
  /// | 0 | 2 | count of tuples that become dead |
  /// | 2 | 2 | count of tuples that become placeholders |
  /// | 4 | 2 | count of tuples that move |
  /// | 6 | 2 | count of tuples whose chain changes |
  /// | 8 | 8 | `SPGiSTOrigin` |
  /// | 16 | 2 each | numbers of those that become dead, become placeholders |
  /// | | 2 each | old numbers of those that move; all their new ones, which were dead until then |
  /// | | 2 each | numbers of those whose chain changes; all the next ones of their chains |
  static func leaf(_ data: RawSpan, _ target: RedoTarget, _ page: RedoPage) throws(RedoFault) {
    try require(target)
    let leaf = try SPGiSTPage(page)
    var main = RecordBytes(data)
    let deadCount = Int(try main.uint16())
    let placeholderCount = Int(try main.uint16())
    let moveCount = Int(try main.uint16())
    let chainCount = Int(try main.uint16())
    _ = try SPGiSTOrigin(&main)
    try leaf.replace(try main.takeNumbers(deadCount), first: .dead, others: .dead)
    try leaf.replace(try main.takeNumbers(placeholderCount), first: .placeholder, others: .placeholder)
    let sources = try main.takeNumbers(moveCount)
    let destinations = try main.takeNumbers(moveCount)
    for position in 0..<moveCount {
      let source = Int(sources.littleEndian16(position &* 2))
      let destination = Int(destinations.littleEndian16(position &* 2))
      let pointer = try page.linePointer(source)
      try page.setLinePointer(source, try page.linePointer(destination))
      try page.setLinePointer(destination, pointer)
    }
    try leaf.replace(sources, first: .placeholder, others: .placeholder)
    let chained = try main.takeNumbers(chainCount)
    let next = try main.takeNumbers(chainCount)
    for offset in stride(from: 0, to: chainCount &* 2, by: 2) {
      try leaf.setNext(of: Int(chained.littleEndian16(offset)), next.littleEndian16(offset))
    }
  }

  /// Deletes tuples of a root that is a leaf: nothing leads to them, so numbers may change.
  ///
  /// | offset | size | main data |
  /// |---|---|---|
  /// | 0 | 2 | count of tuples |
  /// | 4 | 8 | `SPGiSTOrigin` |
  /// | 12 | 2 each | numbers, rising |
  static func root(_ data: RawSpan, _ target: RedoTarget, _ page: RedoPage) throws(RedoFault) {
    try require(target)
    var main = RecordBytes(data)
    let count = Int(try main.uint16())
    try main.skip(2)
    _ = try SPGiSTOrigin(&main)
    try page.deleteIndexTuples(count, &main)
  }

  /// Makes redirections placeholders that no transaction needs any more, and deletes those at the end.
  ///
  /// | offset | size | main data |
  /// |---|---|---|
  /// | 0 | 2 | count of redirections |
  /// | 2 | 2 | first placeholder that is deleted; 0 if none |
  /// | 4 | 4 | the last transaction that may have needed them |
  /// | 8 | 1 | since 16: whether the table is one of the catalog; 1 byte more |
  /// | | 2 each | numbers |
  static func redirect(_ data: RawSpan, _ target: RedoTarget, _ page: RedoPage) throws(RedoFault) {
    try require(target)
    let index = try SPGiSTPage(page)
    var main = RecordBytes(data)
    let count = try main.uint16()
    let first = Int(try main.uint16())
    try main.skip(target.rules.version >= .v16 ? 6 : 4)
    for _ in 0..<count { try index.makePlaceholder(Int(try main.uint16())) }
    index.redirectionCount &-= count
    index.placeholderCount &+= count
    guard first != 0 else { return }
    let last = page.linePointerCount
    guard first <= last &+ 1 else { throw .noLinePointer(first, count: last) }
    let numbers = page.workspace.tuple
    for number in first..<last &+ 1 {
      numbers.storeBytes(
        of: UInt16(truncatingIfNeeded: number).littleEndian,
        toByteOffset: (number &- first) &* 2,
        as: UInt16.self
      )
    }
    let deletedCount = last &+ 1 &- first
    index.placeholderCount &-= UInt16(truncatingIfNeeded: deletedCount)
    var deleted = RecordBytes(RawSpan(_unsafeStart: numbers, byteCount: deletedCount &* 2))
    try page.deleteIndexTuples(deletedCount, &deleted)
  }

  private static func require(_ target: RedoTarget) throws(RedoFault) {
    guard target.reference.id == 0 else { throw .blockNotNamed }
    try target.require(isInitialized: false)
  }
}

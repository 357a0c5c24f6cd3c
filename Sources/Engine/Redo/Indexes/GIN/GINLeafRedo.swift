import IndexFormat

/// Replay of changes of a leaf of a posting tree: lists are put in, taken out, replaced.
///
/// | size | data of the block |
/// |---|---|
/// | 2 | count of actions |
/// | | actions, by rising number of the list |
///
/// | size | action |
/// |---|---|
/// | 1 | number of the list in the page as it was, from 0 |
/// | 1 | kind |
/// | | insert, replace: a `GINPostingList` |
/// | | add rows: count (2), rows of 6 bytes each |
///
/// What was behind the lists stays there if they become shorter. Source: PostgreSQL, `ginRedoRecompress`.
struct GINLeafRedo: ~Escapable {
  private enum Kind {
    static let delete: UInt8 = 1
    static let insert: UInt8 = 2
    static let replace: UInt8 = 3
    static let addRows: UInt8 = 4
  }

  private let page: RedoPage
  /// The lists as they were.
  private let old: RawSpan
  private var number = 0
  private var readOffset = 0
  /// In the page.
  private var writeOffset = GINPage.dataStart

  static func replay(_ data: RawSpan, _ page: RedoPage) throws(RedoFault) {
    let leaf = try GINPage(page)
    if leaf.flags & GINPage.Flags.compressed == 0 { try compress(leaf) }
    guard page.lower >= GINPage.dataStart, page.lower <= GINPage.start else {
      throw .badPageBounds(lower: page.lower, upper: page.upper, special: page.special)
    }
    let count = page.lower &- GINPage.dataStart
    let copy = page.workspace.scratch
    copy.copyMemory(from: page.bytes + GINPage.dataStart, byteCount: count)
    var actions = RecordBytes(data)
    let actionCount = Int(try actions.uint16())
    var redo = GINLeafRedo(page, RawSpan(_unsafeStart: copy, byteCount: count))
    for _ in 0..<actionCount { try redo.apply(&actions) }
    // Without any action PostgreSQL leaves no lists.
    if actionCount > 0 { try redo.keepRest() }
    page.lower = redo.writeOffset
  }

  @_lifetime(copy old)
  private init(_ page: RedoPage, _ old: RawSpan) {
    self.page = page
    self.old = old
  }

  private mutating func apply(_ actions: inout RecordBytes) throws(RedoFault) {
    let wanted = Int(try actions.uint8())
    let kind = try actions.uint8()
    guard wanted >= number else { throw .badField(found: UInt64(wanted), limit: UInt64(number)) }
    while number < wanted { try keep() }
    switch kind {
    case Kind.delete: try drop()
    case Kind.insert: try put(try Self.takeList(&actions))
    case Kind.replace:
      try drop()
      try put(try Self.takeList(&actions))
    case Kind.addRows:
      let count = Int(try actions.uint16())
      try addRows(try actions.take(count &* GINPostingList.rowByteCount))
    default: throw .badField(found: UInt64(kind), limit: UInt64(Kind.addRows))
    }
  }

  @_lifetime(copy actions)
  private static func takeList(_ actions: inout RecordBytes) throws(RedoFault) -> RawSpan {
    try actions.take(try GINPostingList.byteCount(actions.bytes, at: actions.offset))
  }

  private mutating func drop() throws(RedoFault) {
    readOffset &+= try GINPostingList.byteCount(old, at: readOffset)
    number &+= 1
  }

  private mutating func put(_ list: RawSpan) throws(RedoFault) {
    guard list.byteCount <= GINPage.start &- writeOffset else {
      throw .noRoom(found: GINPage.start &- writeOffset, expected: list.byteCount)
    }
    try page.store(list, writeOffset)
    writeOffset &+= list.byteCount
  }

  /// Keeps the next list as it is.
  private mutating func keep() throws(RedoFault) {
    let start = readOffset
    try drop()
    try put(old.extracting(start..<readOffset))
  }

  private mutating func keepRest() throws(RedoFault) {
    try put(old.extracting(readOffset..<old.byteCount))
  }

  /// Puts the rows of the next list and those of the record together; what both have stays once.
  private mutating func addRows(_ rows: RawSpan) throws(RedoFault) {
    let start = readOffset
    try drop()
    let bytes = page.workspace.tuple
    var writer = GINPostingList.Writer(bytes)
    var left = GINPostingList.PlainReader(rows)
    var right = GINPostingList.Reader(old.extracting(start..<readOffset))
    var (next, other) = (try left.next(), try right.next())
    while next != nil || other != nil {
      let row = min(next ?? .max, other ?? .max)
      try writer.append(row)
      if next == row { next = try left.next() }
      if other == row { other = try right.next() }
    }
    try put(RawSpan(_unsafeStart: bytes, byteCount: writer.finish()))
  }

  /// Makes one list of rows of 6 bytes each, as versions before 9.4 have left them.
  private static func compress(_ leaf: GINPage) throws(RedoFault) {
    let page = leaf.page
    let count = leaf.count &* GINPostingList.rowByteCount
    let room = GINPage.start &- GINPage.dataStart
    guard count <= room else { throw .noRoom(found: room, expected: count) }
    var rows = GINPostingList.PlainReader(
      RawSpan(_unsafeStart: page.bytes + GINPage.dataStart, byteCount: count)
    )
    var writer = GINPostingList.Writer(page.workspace.tuple)
    while let row = try rows.next() { try writer.append(row) }
    let length = writer.finish()
    guard length <= room else { throw .noRoom(found: room, expected: length) }
    (page.bytes + GINPage.dataStart).copyMemory(from: page.workspace.tuple, byteCount: length)
    page.lower = GINPage.dataStart &+ length
    leaf.flags |= GINPage.Flags.compressed
    leaf.count = 0
  }
}

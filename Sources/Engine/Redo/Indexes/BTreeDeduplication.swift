import IndexFormat

/// Replay of merging tuples with the same key into posting lists.
///
/// | offset | size | data of block 0, repeated |
/// |---|---|---|
/// | 0 | 2 | line pointer of the first tuple |
/// | 2 | 2 | tuples that are merged |
///
/// The page is written anew, one tuple after the other. Source: PostgreSQL, `access/nbtree/nbtdedup.c`.
struct BTreeDeduplication: ~Escapable {
  /// The longest posting list.
  private static let maximumByteCount = 2704

  private let page: RedoPage
  private var intervals: RecordBytes
  private var intervalsLeft: Int
  /// Those of the interval that is next.
  private var intervalStart = 0
  private var intervalCount = 0

  /// The tuple that others are merged into.
  private var base: IndexTuple?
  private var baseNumber = 0
  private var tupleCount = 0
  private var keyLength = 0
  private var rowCount = 0

  static func replay(_ data: RawSpan, _ intervalCount: Int, _ page: RedoPage) throws(RedoFault) {
    let first = try BTreePage(page).firstDataNumber
    let count = page.linePointerCount
    guard first <= count else { throw .noLinePointer(first, count: count) }
    let old = try page.startOver()
    var state = try BTreeDeduplication(page, data, intervalCount)
    if first > 1 {
      let pointer = try old.indexTuplePointer(1)
      try page.addTuple(old.bytes + pointer.offset, pointer.length, at: 1, overwrites: false)
    }
    for number in first...count {
      let tuple = try IndexTuple(old, number)
      if number > first, state.takesMore {
        try state.merge(tuple)
      } else {
        if number > first { try state.finish() }
        try state.start(tuple, number)
      }
    }
    try state.finish()
    guard state.intervalsLeft == 0 else {
      throw .badField(found: UInt64(intervalCount), limit: UInt64(count))
    }
    try BTreePage(page).flags &= ~BTreePage.Flags.hasGarbage
  }

  @_lifetime(copy data)
  private init(_ page: RedoPage, _ data: RawSpan, _ count: Int) throws(RedoFault) {
    self.page = page
    intervals = RecordBytes(data)
    intervalsLeft = count
    try readInterval()
  }

  private mutating func readInterval() throws(RedoFault) {
    guard intervalsLeft > 0 else { return }
    intervalStart = Int(try intervals.uint16())
    intervalCount = Int(try intervals.uint16())
  }

  private var takesMore: Bool {
    intervalsLeft > 0 && baseNumber == intervalStart && tupleCount < intervalCount
  }

  private mutating func start(_ tuple: IndexTuple, _ number: Int) throws(RedoFault) {
    base = tuple
    baseNumber = number
    tupleCount = 1
    keyLength = try tuple.keyLength()
    rowCount = 0
    page.workspace.tuple.copyMemory(from: tuple.bytes, byteCount: keyLength)
    try append(tuple, limit: RedoPage.byteCount)
  }

  private mutating func merge(_ tuple: IndexTuple) throws(RedoFault) {
    try append(tuple, limit: Self.maximumByteCount)
    tupleCount &+= 1
  }

  private mutating func append(_ tuple: IndexTuple, limit: Int) throws(RedoFault) {
    let size = IndexTuple.rowByteCount
    let (start, count) = try tuple.rows()
    let end = keyLength &+ rowCount &* size
    let length = RedoPage.aligned(end &+ count &* size)
    guard length <= limit else { throw .badTupleLength(found: length, expected: limit) }
    (page.workspace.tuple + end).copyMemory(from: tuple.bytes + start, byteCount: count &* size)
    rowCount &+= count
  }

  /// Adds the tuple, or the posting list that it has become.
  private mutating func finish() throws(RedoFault) {
    guard let base else { return }
    let next = page.linePointerCount &+ 1
    guard tupleCount > 1 else {
      try page.addTuple(base.bytes, base.length, at: next, overwrites: false)
      return
    }
    let end = keyLength &+ rowCount &* IndexTuple.rowByteCount
    let length = RedoPage.aligned(end)
    let target = page.workspace.tuple
    (target + end).initializeMemory(as: UInt8.self, repeating: 0, count: length &- end)
    let tuple = try IndexTuple(target, room: RedoPage.byteCount)
    tuple.setPosting(keyLength: keyLength, count: rowCount, length: length)
    try page.addTuple(target, length, at: next, overwrites: false)
    intervalsLeft &-= 1
    try readInterval()
  }
}

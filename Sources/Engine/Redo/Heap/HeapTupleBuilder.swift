import IndexFormat

/// Puts a new tuple together in the page's workspace, and adds it to the page.
struct HeapTupleBuilder {
  private let page: RedoPage
  private let header: HeapTupleHeader
  private let xmin: UInt32
  private let xmax: UInt32
  private(set) var byteCount = HeapTuple.headerByteCount

  init(_ page: RedoPage, _ header: HeapTupleHeader, xmin: UInt32, xmax: UInt32 = 0) {
    self.page = page
    self.header = header
    self.xmin = xmin
    self.xmax = xmax
  }

  private mutating func reserve(_ count: Int) throws(RedoFault) -> UnsafeMutableRawPointer {
    let limit = HeapTuple.maximumByteCount
    guard count <= limit &- byteCount else {
      throw .badTupleLength(found: byteCount &+ count, expected: limit)
    }
    defer { byteCount &+= count }
    return page.workspace.scratch + byteCount
  }

  /// Adds bytes of the record.
  mutating func append(_ source: RawSpan) throws(RedoFault) {
    let target = try reserve(source.byteCount)
    source.withUnsafeBytes { source in
      if let start = source.baseAddress { target.copyMemory(from: start, byteCount: source.count) }
    }
  }

  /// Adds bytes of the page.
  mutating func append(pageBytes offset: Int, _ count: Int) throws(RedoFault) {
    try page.check(offset, count)
    try reserve(count).copyMemory(from: page.bytes + offset, byteCount: count)
  }

  /// Adds the tuple, as its own successor.
  func add(_ block: BlockNumber, _ number: UInt16) throws(RedoFault) {
    let scratch = page.workspace.scratch
    scratch.initializeMemory(as: UInt8.self, repeating: 0, count: HeapTuple.headerByteCount)
    func store<Number: FixedWidthInteger>(_ value: Number, _ offset: Int) {
      scratch.storeBytes(of: value.littleEndian, toByteOffset: offset, as: Number.self)
    }
    store(xmin, 0)
    store(xmax, 4)
    store(header.command, 8)
    store(UInt16(truncatingIfNeeded: block.value >> 16), 12)
    store(UInt16(truncatingIfNeeded: block.value), 14)
    store(number, 16)
    store(header.infomask2, 18)
    store(header.infomask, 20)
    store(header.columnsOffset, 22)
    try page.addTuple(
      scratch,
      byteCount,
      at: Int(number),
      overwrites: true,
      limit: RedoPage.maximumHeapTupleCount
    )
  }
}

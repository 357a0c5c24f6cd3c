import IndexFormat

/// The page that records are replayed on, and room to work in. Fields as in `PageHeader`.
///
/// Offsets given to its loads and stores must have been compared with the page; `check` does that.
struct RedoPage {
  let bytes: UnsafeMutableRawPointer
  let workspace: RedoWorkspace

  static let byteCount = PageHeader.pageByteCount
  static let headerByteCount = PageHeader.byteCount
  static let linePointerByteCount = 4
  static let maximumLinePointerCount = (byteCount - headerByteCount) / linePointerByteCount

  enum Flags {
    static let hasFreeLinePointers: UInt16 = 1
    static let isAllVisible: UInt16 = 4
  }

  // MARK: Bytes

  @inline(__always)
  func uint8(_ offset: Int) -> UInt8 { bytes.load(fromByteOffset: offset, as: UInt8.self) }

  @inline(__always)
  func uint16(_ offset: Int) -> UInt16 {
    UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
  }

  @inline(__always)
  func uint32(_ offset: Int) -> UInt32 {
    UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }

  @inline(__always)
  func store8(_ value: UInt8, _ offset: Int) {
    bytes.storeBytes(of: value, toByteOffset: offset, as: UInt8.self)
  }

  @inline(__always)
  func store16(_ value: UInt16, _ offset: Int) {
    bytes.storeBytes(of: value.littleEndian, toByteOffset: offset, as: UInt16.self)
  }

  @inline(__always)
  func store32(_ value: UInt32, _ offset: Int) {
    bytes.storeBytes(of: value.littleEndian, toByteOffset: offset, as: UInt32.self)
  }

  /// Takes over a page as it is.
  func fill(_ source: [UInt8]) {
    source.withUnsafeBytes { source in
      guard let start = source.baseAddress else { return }
      bytes.copyMemory(from: start, byteCount: min(source.count, Self.byteCount))
    }
  }

  /// Copies bytes of a record to `offset`.
  func store(_ source: RawSpan, _ offset: Int) throws(RedoFault) {
    try check(offset, source.byteCount)
    source.withUnsafeBytes { source in
      guard let start = source.baseAddress else { return }
      (bytes + offset).copyMemory(from: start, byteCount: source.count)
    }
  }

  /// Moves bytes within the page, as if they did not overlap.
  func move(_ count: Int, from source: Int, to target: Int) throws(RedoFault) {
    try check(source, count)
    try check(target, count)
    (bytes + target).copyMemory(from: bytes + source, byteCount: count)
  }

  func clear(_ offset: Int, _ count: Int) throws(RedoFault) {
    try check(offset, count)
    (bytes + offset).initializeMemory(as: UInt8.self, repeating: 0, count: count)
  }

  /// Throws if not all of the bytes are within the page.
  @inline(__always)
  func check(_ offset: Int, _ count: Int) throws(RedoFault) {
    guard offset >= 0, count >= 0, offset <= Self.byteCount, count <= Self.byteCount &- offset else {
      throw .noRoom(found: max(0, Self.byteCount &- max(0, offset)), expected: count)
    }
  }

  // MARK: Header

  var lsn: Lsn {
    get { Lsn(UInt64(uint32(0)) << 32 | UInt64(uint32(4))) }
    nonmutating set {
      store32(UInt32(truncatingIfNeeded: newValue.value >> 32), 0)
      store32(UInt32(truncatingIfNeeded: newValue.value), 4)
    }
  }

  var flags: UInt16 {
    get { uint16(10) }
    nonmutating set { store16(newValue, 10) }
  }

  var lower: Int {
    get { Int(uint16(12)) }
    nonmutating set { store16(UInt16(truncatingIfNeeded: newValue), 12) }
  }

  var upper: Int {
    get { Int(uint16(14)) }
    nonmutating set { store16(UInt16(truncatingIfNeeded: newValue), 14) }
  }

  var special: Int {
    get { Int(uint16(16)) }
    nonmutating set { store16(UInt16(truncatingIfNeeded: newValue), 16) }
  }

  var pruneTransaction: UInt32 {
    get { uint32(20) }
    nonmutating set { store32(newValue, 20) }
  }

  /// Whether nothing was stored in it yet.
  var isNew: Bool { upper == 0 }

  func setAllVisible() { flags |= Flags.isAllVisible }
  func clearAllVisible() { flags &= ~Flags.isAllVisible }

  /// Notes that `transaction` left something to prune, if it is the oldest one to have done so.
  func setPrunable(_ transaction: UInt32) {
    let known = pruneTransaction
    if known == 0 || TransactionOrder.precedes(transaction, known) { pruneTransaction = transaction }
  }

  /// Makes it an empty page that ends in `specialByteCount` bytes for an access method.
  func initialize(specialByteCount: Int = 0) {
    bytes.initializeMemory(as: UInt8.self, repeating: 0, count: Self.byteCount)
    lower = Self.headerByteCount
    special = Self.byteCount &- RedoPage.aligned(specialByteCount)
    upper = special
    store16(PageHeader.knownSizeAndVersion, 18)
  }

  /// The page as it was, copied to the workspace, and this one made empty but for the special part. What is read from
  /// the copy may be added to this one.
  func startOver() throws(RedoFault) -> RedoPage {
    try checkBounds()
    let old = RedoPage(bytes: workspace.scratch, workspace: workspace)
    old.bytes.copyMemory(from: bytes, byteCount: Self.byteCount)
    let place = special
    initialize(specialByteCount: Self.byteCount &- place)
    (bytes + place).copyMemory(from: old.bytes + place, byteCount: Self.byteCount &- place)
    return old
  }

  /// Rounded up to what tuples are aligned to.
  @inline(__always)
  static func aligned(_ count: Int) -> Int { (count &+ 7) & ~7 }
}

/// Memory that replay needs beside the page.
struct RedoWorkspace {
  /// A page's worth of bytes.
  let scratch: UnsafeMutableRawPointer
  /// Another one, for a tuple.
  let tuple: UnsafeMutableRawPointer
  /// Places of as many tuples as a page has line pointers at the most.
  let places: UnsafeMutablePointer<TuplePlace>

  static func allocate() -> RedoWorkspace {
    RedoWorkspace(
      scratch: .allocate(byteCount: RedoPage.byteCount, alignment: 8),
      tuple: .allocate(byteCount: RedoPage.byteCount, alignment: 8),
      places: .allocate(capacity: RedoPage.maximumLinePointerCount)
    )
  }

  func deallocate() {
    scratch.deallocate()
    tuple.deallocate()
    places.deallocate()
  }
}

/// The order of transactions, which are counted in a circle.
enum TransactionOrder {
  /// The lowest number of those that are counted; those below are special, and older than all.
  private static let firstNormal: UInt32 = 3

  static func precedes(_ left: UInt32, _ right: UInt32) -> Bool {
    guard left >= firstNormal, right >= firstNormal else { return left < right }
    return Int32(bitPattern: left &- right) < 0
  }
}

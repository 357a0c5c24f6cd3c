import IndexFormat

/// What the first page of a hash index holds.
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 4 | 0x06440640 |
/// | 4 | 4 | version: 4 |
/// | 8 | 8 | tuples of the index, a floating-point number |
/// | 16 | 2 | tuples wanted in a bucket |
/// | 18 | 2 | bytes of a page without header and special part |
/// | 20 | 2 | bytes of a bitmap: a power of 2 |
/// | 22 | 2 | binary logarithm of the bits of a bitmap |
/// | 24 | 4 | highest bucket |
/// | 28 | 4 | mask for all buckets |
/// | 32 | 4 | mask for the lower half |
/// | 36 | 4 | split point that overflow pages are allocated at |
/// | 40 | 4 | lowest overflow page that may be free |
/// | 44 | 4 | count of bitmaps |
/// | 48 | 4 | hash function |
/// | 52 | 392 | for each split point, overflow pages before it |
/// | 444 | 4096 | blocks of the bitmaps |
///
/// Source: PostgreSQL, `access/hash.h`.
struct HashMeta {
  static let start = RedoPage.headerByteCount
  /// With what aligns it to a multiple of 8.
  static let byteCount = 4544
  static let magic: UInt32 = 0x0644_0640
  static let version: UInt32 = 4
  static let pageByteCount: UInt16 = 8152
  static let bitmapShift: UInt16 = 12
  static let splitPointCount: UInt32 = 98
  static let bitmapCount: UInt32 = 1024
  static let spares = 52
  static let bitmaps = 444

  private let page: RedoPage

  /// A page that is there already.
  init(_ page: RedoPage) { self.page = page }

  /// Makes the page of an index that `tupleCount` tuples are expected in.
  init(
    making page: RedoPage,
    tupleCount: Double,
    function: UInt32,
    tuplesPerBucket: UInt16
  ) throws(RedoFault) {
    self.page = page
    let bucketCount = try Self.bucketCount(tupleCount / Double(tuplesPerBucket))
    let splitPoint = Self.splitPoint(bucketCount)
    _ = HashPage(initializing: page, flags: HashPage.Flags.meta)
    store(Self.magic, 0)
    store(Self.version, 4)
    page.store16(tuplesPerBucket, Self.start + 16)
    page.store16(Self.pageByteCount, Self.start + 18)
    page.store16(1 << Self.bitmapShift, Self.start + 20)
    page.store16(Self.bitmapShift + 3, Self.start + 22)
    highestBucket = bucketCount &- 1
    // The power of 2 above the count of buckets, less one: there are at most 2^30 of them.
    let highMask = UInt32.max >> UInt32(bucketCount.leadingZeroBitCount)
    setMasks(low: highMask >> 1, high: highMask)
    store(function, 48)
    try setSpares(1, splitPoint)
    store(splitPoint, 36)
    page.lower = Self.start + Self.byteCount
  }

  private func load(_ offset: Int) -> UInt32 { page.uint32(Self.start &+ offset) }
  private func store(_ value: UInt32, _ offset: Int) { page.store32(value, Self.start &+ offset) }

  /// How many buckets an index begins with: as many as there are up to the end of a split point.
  private static func bucketCount(_ wanted: Double) throws(RedoFault) -> UInt32 {
    guard !wanted.isNaN else { throw .badField(found: wanted.bitPattern, limit: UInt64(UInt32.max)) }
    if wanted <= 2 { return 2 }
    if wanted >= 0x4000_0000 { return 0x4000_0000 }
    return bucketCount(through: splitPoint(UInt32(wanted)))
  }

  /// From the 10th doubling on, buckets are allocated in four steps.
  private static let singleStepCount: UInt32 = 10

  /// The split point that the last of some buckets is allocated at.
  static func splitPoint(_ bucketCount: UInt32) -> UInt32 {
    let group = bucketCount < 2 ? 0 : UInt32(UInt32.bitWidth &- (bucketCount &- 1).leadingZeroBitCount)
    guard group >= singleStepCount else { return group }
    let step = (bucketCount &- 1) >> (group &- 3) & 3
    return singleStepCount &+ (group &- singleStepCount) &* 4 &+ step
  }

  private static func bucketCount(through splitPoint: UInt32) -> UInt32 {
    guard splitPoint >= singleStepCount else { return 1 << splitPoint }
    let half: UInt32 = 1 << (singleStepCount &+ (splitPoint &- singleStepCount) / 4 &- 1)
    return half &+ half / 4 &* ((splitPoint &- singleStepCount) % 4 &+ 1)
  }

  var tupleCount: Double {
    get { Double(bitPattern: UInt64(load(8)) | UInt64(load(12)) << 32) }
    nonmutating set {
      store(UInt32(truncatingIfNeeded: newValue.bitPattern), 8)
      store(UInt32(truncatingIfNeeded: newValue.bitPattern >> 32), 12)
    }
  }

  var highestBucket: UInt32 {
    get { load(24) }
    nonmutating set { store(newValue, 24) }
  }

  func setMasks(low: UInt32, high: UInt32) {
    store(high, 28)
    store(low, 32)
  }

  func setFirstFree(_ bit: UInt32) { store(bit, 40) }

  /// Begins a split point, which so many overflow pages come before.
  func setSplitPoint(_ splitPoint: UInt32, spares: UInt32) throws(RedoFault) {
    try setSpares(spares, splitPoint)
    store(splitPoint, 36)
  }

  private func sparesPlace(_ splitPoint: UInt32) throws(RedoFault) -> Int {
    guard splitPoint < Self.splitPointCount else {
      throw .badField(found: UInt64(splitPoint), limit: UInt64(Self.splitPointCount - 1))
    }
    return Self.spares &+ Int(splitPoint) &* 4
  }

  private func setSpares(_ count: UInt32, _ splitPoint: UInt32) throws(RedoFault) {
    store(count, try sparesPlace(splitPoint))
  }

  /// Counts one more overflow page at the split point that is current.
  func addSpare() throws(RedoFault) {
    let place = try sparesPlace(load(36))
    store(load(place) &+ 1, place)
  }

  func addBitmap(_ block: UInt32) throws(RedoFault) {
    let count = load(44)
    guard count < Self.bitmapCount else {
      throw .badField(found: UInt64(count), limit: UInt64(Self.bitmapCount - 1))
    }
    store(block, Self.bitmaps &+ Int(count) &* 4)
    store(count &+ 1, 44)
  }
}

import IndexFormat

/// A page whose header is right, for the checks: fields in it, line pointers, and what they lead to.
///
/// Offsets given to its loads must lie within the page: where they come from the page, they have been compared before.
struct PageView: ~Escapable {
  /// 8192.
  let bytes: RawSpan
  let block: UInt32
  /// `lower <= upper <= special <= 8192`, `special` at a multiple of 8: `PageHeader.problem(of:)` has seen to that.
  let lower: Int
  let upper: Int
  let special: Int

  static let byteCount = PageHeader.pageByteCount
  static let start = PageHeader.byteCount
  /// No relation has so many blocks.
  static let noBlock = UInt32.max
  /// The most line pointers that have a number.
  static let maximumNumber: UInt16 = 2048

  @_lifetime(copy bytes)
  init(_ bytes: RawSpan, _ block: UInt32) {
    self.bytes = bytes
    self.block = block
    lower = Int(bytes.littleEndian16(12))
    upper = Int(bytes.littleEndian16(14))
    special = Int(bytes.littleEndian16(16))
  }

  var lsn: UInt64 { UInt64(uint32(0)) << 32 | UInt64(uint32(4)) }

  @inline(__always)
  func uint8(_ offset: Int) -> UInt8 { bytes.byte(offset) }

  @inline(__always)
  func uint16(_ offset: Int) -> UInt16 { bytes.littleEndian16(offset) }

  @inline(__always)
  func uint32(_ offset: Int) -> UInt32 { bytes.littleEndian32(offset) }

  @inline(__always)
  func uint64(_ offset: Int) -> UInt64 { bytes.littleEndian64(offset) }

  // MARK: Faults

  /// Throws unless something holds.
  ///
  /// - number: the line pointer that it is about; 0 if none.
  @inline(__always)
  func require(
    _ holds: Bool,
    _ field: StaticString,
    at offset: Int,
    number: Int = 0,
    _ found: some BinaryInteger,
    _ expected: StaticString,
    _ limit: UInt64? = nil
  ) throws(PageFault) {
    if holds { return }
    throw Self.fault(field, offset, number, UInt64(truncatingIfNeeded: found), expected, limit)
  }

  @inline(never)
  private static func fault(
    _ field: StaticString,
    _ offset: Int,
    _ number: Int,
    _ found: UInt64,
    _ expected: StaticString,
    _ limit: UInt64?
  ) -> PageFault {
    PageFault(
      field: field,
      offset: offset,
      number: number,
      found: found,
      expected: expected,
      limit: limit
    )
  }

  /// Throws unless the access method's part at the end of the page has this many bytes.
  func requireSpecial(_ byteCount: Int) throws(PageFault) {
    let expected = Self.byteCount - byteCount
    try require(special == expected, "pd_special", at: 16, special, "just", UInt64(expected))
  }

  /// Throws unless the flags of the header are among these.
  func requireFlags(_ known: UInt16) throws(PageFault) {
    let flags = uint16(10)
    try require(flags & ~known == 0, "pd_flags", at: 10, flags, "no bits but", UInt64(known))
  }

  /// Throws unless bytes up to `pd_upper` are zeros, as they stay in a page that holds nothing but a structure.
  func requireZeros(from start: Int) throws(PageFault) {
    guard let offset = bytes.firstNonZero(in: min(start, upper)..<upper) else { return }
    throw Self.fault("free room", offset, 0, UInt64(uint8(offset)), "zeros from byte", UInt64(start))
  }

  /// Throws if a link to another block leads to the first one of the relation, to itself, or nowhere.
  func requireLink(_ link: UInt32, _ field: StaticString, at offset: Int, number: Int = 0) throws(PageFault) {
    try require(
      link != 0 && link != block && link != Self.noBlock,
      field,
      at: offset,
      number: number,
      link,
      "another block than the first one and block",
      UInt64(block)
    )
  }

  /// Throws unless block and line pointer name a row of a table.
  @inline(__always)
  func requireRow(_ block: UInt32, _ position: UInt16, at offset: Int, number: Int) throws(PageFault) {
    try require(block != Self.noBlock, "block of the row", at: offset, number: number, block, "a block")
    try require(
      position >= 1 && position <= Self.maximumNumber,
      "line pointer of the row",
      at: offset &+ 4,
      number: number,
      position,
      "1 to",
      UInt64(Self.maximumNumber)
    )
  }

  /// A block as pointers to rows have it: the upper half comes first.
  @inline(__always)
  func blockOfPointer(_ offset: Int) -> UInt32 { UInt32(uint16(offset)) << 16 | UInt32(uint16(offset &+ 2)) }
}

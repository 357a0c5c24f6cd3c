import IndexFormat

/// A row version in a page of a table.
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 4 | xmin: transaction that made it |
/// | 4 | 4 | xmax: transaction that deleted or locked it |
/// | 8 | 4 | command id |
/// | 12 | 6 | ctid: block (high half, low half) and line pointer of its successor, or its own |
/// | 18 | 2 | infomask2 |
/// | 20 | 2 | infomask |
/// | 22 | 1 | where the columns begin |
/// | 23 | | bitmap of nulls, columns |
///
/// Source: PostgreSQL, `access/htup_details.h`.
struct HeapTuple {
  static let headerByteCount = 23
  /// The longest tuple with its header.
  static let maximumByteCount = 8160

  let page: RedoPage
  let number: Int
  let offset: Int
  let length: Int

  /// The tuple behind a line pointer that leads to one.
  init(_ page: RedoPage, _ number: Int) throws(RedoFault) {
    let pointer = try page.linePointer(number)
    guard pointer.isNormal else { throw .noTuple(number) }
    guard pointer.length >= Self.headerByteCount, pointer.offset >= RedoPage.headerByteCount,
      pointer.offset &+ pointer.length <= RedoPage.byteCount
    else { throw .badLinePointer(number, offset: pointer.offset, length: pointer.length) }
    self.page = page
    self.number = number
    offset = pointer.offset
    length = pointer.length
  }

  enum Mask {
    static let hasNulls: UInt16 = 0x0001
    static let hasVariableWidth: UInt16 = 0x0002
    static let hasExternal: UInt16 = 0x0004
    /// Versions before 12 made such rows: 4 bytes more before the columns.
    static let hasObjectID: UInt16 = 0x0008
    static let xminCommitted: UInt16 = 0x0100
    static let xminInvalid: UInt16 = 0x0200
    /// Both.
    static let xminFrozen: UInt16 = 0x0300
    static let xmaxCommitted: UInt16 = 0x0400
    static let xmaxInvalid: UInt16 = 0x0800
    static let updated: UInt16 = 0x2000
    static let keyShareLock: UInt16 = 0x0010
    static let comboCommand: UInt16 = 0x0020
    static let exclusiveLock: UInt16 = 0x0040
    static let lockOnly: UInt16 = 0x0080
    /// How xmax locks the row.
    static let locks: UInt16 = exclusiveLock | keyShareLock
    static let isMulti: UInt16 = 0x1000
    /// All that says something of xmax.
    static let xmaxBits: UInt16 = 0x1cd0
    static let moved: UInt16 = 0xc000
  }

  enum Mask2 {
    static let columns: UInt16 = 0x07ff
    /// No version has a meaning for these.
    static let free: UInt16 = 0x1800
    static let keysUpdated: UInt16 = 0x2000
    static let hotUpdated: UInt16 = 0x4000
    static let heapOnly: UInt16 = 0x8000
  }

  /// Bits by which records tell about xmax.
  enum InfoBits {
    static let isMulti: UInt8 = 0x01
    static let lockOnly: UInt8 = 0x02
    static let exclusiveLock: UInt8 = 0x04
    static let keyShareLock: UInt8 = 0x08
    static let keysUpdated: UInt8 = 0x10
    /// Neon's alone.
    static let comboCommand: UInt8 = 0x20
  }

  var infomask2: UInt16 {
    get { page.uint16(offset &+ 18) }
    nonmutating set { page.store16(newValue, offset &+ 18) }
  }

  var infomask: UInt16 {
    get { page.uint16(offset &+ 20) }
    nonmutating set { page.store16(newValue, offset &+ 20) }
  }

  var columnsOffset: Int { Int(page.uint8(offset &+ 22)) }

  func setXmin(_ transaction: UInt32) { page.store32(transaction, offset) }
  func setXmax(_ transaction: UInt32) { page.store32(transaction, offset &+ 4) }
  func setCommand(_ command: UInt32) { page.store32(command, offset &+ 8) }

  func setSuccessor(_ block: BlockNumber, _ number: UInt16) {
    page.store16(UInt16(truncatingIfNeeded: block.value >> 16), offset &+ 12)
    page.store16(UInt16(truncatingIfNeeded: block.value), offset &+ 14)
    page.store16(number, offset &+ 16)
  }

  /// Forgets what was known of xmax, and takes over what a record tells.
  ///
  /// - keepsCombo: whether bit 0x20 tells of the command id; else its mark stays as it is.
  func setXmaxBits(_ bits: UInt8, tellsCombo: Bool) {
    var mask = infomask & ~(Mask.xmaxBits | Mask.moved)
    var mask2 = infomask2 & ~Mask2.keysUpdated
    if tellsCombo { mask &= ~Mask.comboCommand }
    if bits & InfoBits.isMulti != 0 { mask |= Mask.isMulti }
    if bits & InfoBits.lockOnly != 0 { mask |= Mask.lockOnly }
    if bits & InfoBits.exclusiveLock != 0 { mask |= Mask.exclusiveLock }
    if bits & InfoBits.keyShareLock != 0 { mask |= Mask.keyShareLock }
    if bits & InfoBits.keysUpdated != 0 { mask2 |= Mask2.keysUpdated }
    if tellsCombo, bits & InfoBits.comboCommand != 0 { mask |= Mask.comboCommand }
    infomask = mask
    infomask2 = mask2
  }

  /// Whether xmax only locked it, by the bits.
  var isOnlyLocked: Bool {
    let mask = infomask
    return mask & Mask.lockOnly != 0
      || mask & (Mask.isMulti | Mask.exclusiveLock | Mask.keyShareLock) == Mask.exclusiveLock
  }
}

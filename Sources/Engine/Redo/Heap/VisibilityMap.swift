import IndexFormat

/// A page of the visibility map: two bits for each page of a table, all visible (1) and all frozen (2).
///
/// | offset | size | content |
/// |---|---|---|
/// | 0 | 24 | `PageHeader` |
/// | 24 | 8168 | bits of 32,672 pages, four in a byte, from the lowest bits on |
///
/// Source: PostgreSQL, `access/heap/visibilitymap.c`.
struct VisibilityMap {
  static let bits: UInt8 = 3
  static let frozenBit: UInt8 = 2
  static let pagesPerMapPage: UInt32 = 32_672
  static let mapByteCount = 8168

  let page: RedoPage

  init(_ page: RedoPage) { self.page = page }

  /// The page of the map that has the bits of a table's page.
  static func mapBlock(of block: UInt32) -> BlockNumber { BlockNumber(block / pagesPerMapPage) }

  private static func place(_ block: UInt32) -> (offset: Int, shift: UInt8) {
    let inPage = block % pagesPerMapPage
    return (RedoPage.headerByteCount &+ Int(inPage / 4), UInt8(inPage % 4) &* 2)
  }

  /// - Returns: whether one of the bits was set.
  @discardableResult
  func clear(_ bits: UInt8, of block: UInt32) -> Bool {
    let (offset, shift) = Self.place(block)
    let old = page.uint8(offset)
    page.store8(old & ~(bits << shift), offset)
    return old & bits << shift != 0
  }

  /// Sets bits, and the page's LSN, unless the page has just these bits.
  func set(_ bits: UInt8, of block: UInt32, _ lsn: Lsn) {
    let (offset, shift) = Self.place(block)
    let old = page.uint8(offset)
    guard old >> shift & Self.bits != bits else { return }
    page.store8(old | bits << shift, offset)
    page.lsn = lsn
  }
}

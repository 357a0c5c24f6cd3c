import IndexFormat

/// What of a page may change without a record: two pages of the same content are equal behind it.
///
/// | part | why |
/// |---|---|
/// | LSN, checksum | set when the page is logged or written |
/// | hints of free room, and the oldest transaction that may be pruned | set without WAL |
/// | all visible | set with another page's record |
/// | bytes between line pointers and rows | of nobody; images leave them out |
/// | line pointers that are marked as dead | a hint in indexes |
/// | hint bits of rows, if it is a page of a table | set without WAL |
///
/// It is enough that what it leaves is really the same: that pages differ behind it says nothing.
///
/// Source: PostgreSQL `access/common/bufmask.c`, `heap_mask` in `access/heap/heapam.c`.
enum PageMask {
  private static let flagsOffset = 10
  private static let pruneOffset = 20
  /// Hints of who made and removed a row: bits 8 to 11.
  private static let hintMask: UInt8 = 0x0f
  private static let hintOffset = 21

  static func apply(to page: inout [UInt8]) {
    // What has no header is compared as it is.
    guard page.count == PageHeader.pageByteCount, let header = try? PageHeader(parsing: page.span.bytes),
      !header.isNew, header.lower <= header.upper, Int(header.upper) <= page.count
    else { return }
    for offset in 0..<flagsOffset { page[offset] = 0 }
    page[flagsOffset] = 0
    page[flagsOffset + 1] = 0
    for offset in pruneOffset..<pruneOffset + 4 { page[offset] = 0 }
    let lower = max(Int(header.lower), PageHeader.byteCount)
    if lower < Int(header.upper) {
      page.replaceSubrange(
        lower..<Int(header.upper),
        with: repeatElement(0, count: Int(header.upper) - lower)
      )
    }
    let isTable = Int(header.special) == page.count
    var offset = PageHeader.byteCount
    while offset + 4 <= lower {
      let pointer = page.span.bytes.littleEndian32(offset)
      let (start, length) = (Int(pointer & 0x7fff), Int(pointer >> 17))
      if length > 0 {
        // Flags 1 (in use) and 3 (dead) are told apart by bit 16.
        page[offset + 2] &= ~1
        if isTable, start + hintOffset < page.count, start >= lower { page[start + hintOffset] &= ~hintMask }
      }
      offset += 4
    }
  }
}

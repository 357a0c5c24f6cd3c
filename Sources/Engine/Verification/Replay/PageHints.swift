import IndexFormat

/// What servers change in pages without telling the WAL, and what replay does not restore: taken out of a page, so that
/// two pages can be compared but for it.
///
/// | in | what |
/// |---|---|
/// | all | LSN, checksum, what may be pruned, flags, room between `lower` and `upper` |
/// | rows of tables | states of transactions but frozen ones, command numbers, where a speculative row stands, padding |
/// | B-tree leaves | states of line pointers; garbage, end of a split, number of the vacuum |
/// | hash | states of line pointers; dead tuples |
/// | GiST | states of line pointers; garbage, following to the right |
/// | BRIN | being evacuated |
/// | SP-GiST | on the first page: where there was room of late |
///
/// The LSN is among it as where the cluster has checksums some records move it that do not elsewhere. Deleted pages of
/// B-trees are compared by their last part alone. `PageMask` leaves out more: there a difference proves nothing, here
/// it does.
///
/// Sources: PostgreSQL `src/backend/access/common/bufmask.c`, `heap_mask`, `btree_mask`, `hash_mask`, `gist_mask`,
/// `brin_mask`; `SpGistUpdateMetaPage`.
enum PageHints {
  private static let pageByteCount = PageHeader.pageByteCount

  /// Whether two pages of a relation's main fork, or of an init fork, are equal but for hints.
  static func areEqual(_ left: RawSpan, _ right: RawSpan) -> Bool {
    guard left.byteCount == pageByteCount, right.byteCount == pageByteCount else { return false }
    var pages = (left.copy(0..<pageByteCount), right.copy(0..<pageByteCount))
    // A page that was never written: the server made the relation longer.
    guard isWhole(&pages.0), isWhole(&pages.1) else { return false }
    mask(&pages.0)
    mask(&pages.1)
    return pages.0 == pages.1
  }

  /// Whether a page is that of a sequence: its row runs behind what the WAL says.
  static func isSequence(_ page: RawSpan) -> Bool {
    guard page.byteCount == pageByteCount else { return false }
    let special = Int(page.littleEndian16(16))
    guard special == pageByteCount - 8 else { return false }
    return page.littleEndian32(special) == SequenceRedo.magic
  }

  private static func isWhole(_ page: inout [UInt8]) -> Bool {
    let (lower, upper, special) = (word(page, 12), word(page, 14), word(page, 16))
    return lower >= PageHeader.byteCount && lower <= upper && upper <= special && special <= pageByteCount
      && special % 8 == 0
  }

  private static func word(_ page: [UInt8], _ offset: Int) -> Int {
    Int(page[offset]) | Int(page[offset + 1]) << 8
  }

  private static func clear(_ page: inout [UInt8], _ range: Range<Int>) {
    for index in range { page[index] = 0 }
  }

  private static func mask(_ page: inout [UInt8]) {
    // LSN, checksum, flags; the oldest transaction that may be pruned.
    clear(&page, 0..<12)
    clear(&page, 20..<24)
    let special = word(page, 16)
    // Some pages of GIN and BRIN have their content behind a header that says nothing of it.
    if pageByteCount - special != 8 || word(page, 12) > PageHeader.byteCount {
      clear(&page, word(page, 12)..<word(page, 14))
    }
    switch pageByteCount - special {
    case 0: maskRows(&page)
    case 16:
      switch word(page, special + 14) {
      case Mark.hash:
        maskLinePointers(&page)
        page[special + 12] &= ~0x80
      case Mark.gist:
        maskLinePointers(&page)
        page[special + 12] &= ~0x18
      default: maskBTree(&page, special)
      }
    case 8 where Mark.brin.contains(word(page, special + 6)): page[special + 4] &= ~1
    // Eight blocks and the room in them, behind the magic number.
    case 8 where word(page, special + 6) == Mark.spgist && page[special] & 1 != 0: clear(&page, 28..<92)
    default: break
    }
  }

  /// The last two bytes of pages.
  private enum Mark {
    static let hash = 0xff80
    static let gist = 0xff81
    static let spgist = 0xff82
    static let brin = 0xf091...0xf093
  }

  private static func maskBTree(_ page: inout [UInt8], _ special: Int) {
    let (isLeaf, isDeleted) = (page[special + 12] & 1 != 0, page[special + 12] & 4 != 0)
    if isLeaf { maskLinePointers(&page) }
    page[special + 12] &= ~0x60
    clear(&page, special + 14..<special + 16)
    if isDeleted { clear(&page, 0..<special) }
  }

  /// Calls with the places of line pointers.
  private static func linePointers(_ page: [UInt8]) -> StrideTo<Int> {
    stride(from: PageHeader.byteCount, to: word(page, 12) & ~3, by: 4)
  }

  private static func pointer(_ page: [UInt8], _ place: Int) -> (offset: Int, state: Int, length: Int) {
    let raw = word(page, place) | word(page, place + 2) << 16
    return (raw & 0x7fff, raw >> 15 & 3, raw >> 17)
  }

  /// Of those in use: whether a scan found a tuple dead.
  private static func maskLinePointers(_ page: inout [UInt8]) {
    for place in linePointers(page) where pointer(page, place).state != 0 {
      page[place + 1] &= 0x7f
      page[place + 2] &= 0xfe
    }
  }

  private static func maskRows(_ page: inout [UInt8]) {
    for place in linePointers(page) {
      let (offset, state, length) = pointer(page, place)
      guard state == 1, length >= Row.headerByteCount, offset + length <= pageByteCount else { continue }
      let flags = word(page, offset + Row.flags)
      let isFrozen = flags & Row.frozen == Row.frozen
      // Of a frozen row what is known of the transaction that deleted it, else of both, with locks.
      let kept = isFrozen ? flags & ~Row.deleterIsKnown : flags & ~Row.transactionBits
      page[offset + Row.flags] = UInt8(truncatingIfNeeded: kept)
      page[offset + Row.flags + 1] = UInt8(truncatingIfNeeded: kept >> 8)
      clear(&page, offset + Row.command..<offset + Row.command + 4)
      // The number of a speculative row stands where otherwise the row's own place does.
      if word(page, offset + Row.place + 4) == Row.speculative {
        clear(&page, offset + Row.place..<offset + Row.place + 6)
      }
      clear(&page, offset + length..<min(pageByteCount, offset + (length + 7) / 8 * 8))
    }
  }

  private enum Row {
    static let headerByteCount = 23
    static let command = 8
    static let place = 12
    static let flags = 20
    /// Inserted by a transaction that is known to have ended both ways.
    static let frozen = 0x0300
    static let deleterIsKnown = 0x0c00
    static let transactionBits = 0xfff0
    static let speculative = 0xfffe
  }
}

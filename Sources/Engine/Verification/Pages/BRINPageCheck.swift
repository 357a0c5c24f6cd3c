/// A page of a block range index.
///
/// | what | rule |
/// |---|---|
/// | last 8 bytes | zeros (4); 1 if the page is to be emptied (2); the kind of page (2) |
/// | first block | the meta page, and no other block is one |
/// | meta page | 0xA8109CFA, version 1; 1 to 131,072 pages in a range; `pd_lower` behind it; then zeros |
/// | map | of each range a tuple's block, which is not the first one or this one, and line pointer, or none; then zeros |
/// | other pages | line pointers in use or empty; tuples side by side, of multiples of 8 bytes |
/// | tuple | its values begin at 8, 16 or 24 within it |
///
/// Sources: PostgreSQL `access/brin_page.h`, `access/brin_tuple.h`, `access/brin/brin_revmap.c`.
enum BRINPageCheck {
  private typealias Kind = BRINRedo.Kind

  private static let special = PageView.byteCount - BRINRedo.specialByteCount
  private static let isEmptied: UInt16 = 1
  private static let version: UInt32 = 1
  private static let maximumRange: UInt32 = 131_072
  private static let valuesMask: UInt8 = 0x1f
  private static let hasFreeLinePointers: UInt16 = 1

  static func check(_ page: PageView) throws(PageFault) {
    try page.requireSpecial(BRINRedo.specialByteCount)
    try page.requireFlags(hasFreeLinePointers)
    let zeros = page.uint32(special)
    try page.require(zeros == 0, "start of the special part", at: special, zeros, "just", 0)
    let flags = page.uint16(special + 4)
    try page.require(flags & ~isEmptied == 0, "flags", at: special + 4, flags, "no bits but", 1)
    let kind = page.uint16(special + 6)
    try page.require(
      kind == Kind.meta || kind == Kind.map || kind == Kind.regular,
      "kind of the page",
      at: special + 6,
      kind,
      "one of 3 kinds from",
      UInt64(Kind.meta)
    )
    try page.require(
      (kind == Kind.meta) == (page.block == 0),
      "kind of the page",
      at: special + 6,
      kind,
      "the meta page just in the first block:",
      UInt64(Kind.meta)
    )
    switch kind {
    case Kind.meta: try checkMeta(page)
    case Kind.map: try checkMap(page)
    default: try checkTuples(page)
    }
  }

  private static func checkMeta(_ page: PageView) throws(PageFault) {
    let start = PageView.start
    let lower = start + BRINRedo.metaByteCount
    try page.require(page.lower == lower, "pd_lower", at: 12, page.lower, "just", UInt64(lower))
    try checkBare(page)
    let magic = page.uint32(start)
    try page.require(
      magic == BRINRedo.metaMagic,
      "brinMagic",
      at: start,
      magic,
      "just",
      UInt64(BRINRedo.metaMagic)
    )
    let found = page.uint32(start + 4)
    try page.require(found == version, "brinVersion", at: start + 4, found, "just", UInt64(version))
    let range = page.uint32(start + 8)
    try page.require(
      range >= 1 && range <= maximumRange,
      "pagesPerRange",
      at: start + 8,
      range,
      "1 to",
      UInt64(maximumRange)
    )
    let last = page.uint32(start + 12)
    try page.require(last != PageView.noBlock, "lastRevmapPage", at: start + 12, last, "a block")
    try page.requireZeros(from: lower)
  }

  /// Throws unless no tuples are stored.
  private static func checkBare(_ page: PageView) throws(PageFault) {
    let isBare = page.upper == page.special
    try page.require(isBare, "pd_upper", at: 14, page.upper, "pd_special,", UInt64(page.special))
  }

  private static func checkMap(_ page: PageView) throws(PageFault) {
    try checkBare(page)
    var place = PageView.start
    for _ in 0..<BRINRedo.mapEntryCount {
      let (block, position) = (page.blockOfPointer(place), page.uint16(place &+ 4))
      if position == 0 {
        let isNone = block == 0 || block == PageView.noBlock
        try page.require(isNone, "entry of the map", at: place, block, "a line pointer, or no block")
      } else {
        try page.requireLink(block, "entry of the map", at: place)
        let maximum = PageView.maximumNumber
        try page.require(
          position <= maximum,
          "entry of the map",
          at: place &+ 4,
          position,
          "a line pointer up to",
          UInt64(maximum)
        )
      }
      place &+= BRINRedo.mapEntryByteCount
    }
    try page.requireZeros(from: place)
  }

  private static func checkTuples(_ page: PageView) throws(PageFault) {
    try page.requireItems(.unused, minimum: 8)
    var number = 1
    let count = page.itemCount
    while number <= count {
      let pointer = page.pointer(number)
      if pointer.isUsed {
        try page.require(
          pointer.length % 8 == 0,
          "lp_len",
          at: PageView.place(number),
          number: number,
          pointer.length,
          "a multiple of",
          8
        )
        let values = Int(page.uint8(pointer.offset &+ 4) & valuesMask)
        try page.require(
          values >= 8 && values % 8 == 0 && values <= pointer.length,
          "start of the values",
          at: pointer.offset &+ 4,
          number: number,
          values,
          "a multiple of 8 within the tuple of bytes:",
          UInt64(pointer.length)
        )
        let block = page.uint32(pointer.offset)
        try page.require(
          block != PageView.noBlock,
          "first block of the range",
          at: pointer.offset,
          number: number,
          block,
          "a block"
        )
      }
      number &+= 1
    }
  }
}

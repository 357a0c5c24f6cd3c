import IndexFormat

/// Pages of free space maps and visibility maps: a header, and bytes up to the end.
///
/// | what | rule |
/// |---|---|
/// | header | no line pointers, nothing stored, no special part, no flags |
/// | free space map | where the search goes on (i32 at 24) is one of 4,069 places, or behind the last |
/// | visibility map | what is all frozen is all visible; since version 16 |
///
/// What a free space map tells is not looked at: nothing keeps it up to date, and PostgreSQL repairs it when it meets a
/// wrong number. Before version 16, VACUUM could set the bit for frozen pages alone, where the other one had been
/// cleared in the meantime.
///
/// Sources: PostgreSQL `storage/freespace/fsmpage.c`, `storage/fsm_internals.h`, `access/heap/visibilitymap.c`.
enum MapPageCheck {
  /// Places of a free space map's page that stand for pages below it, as against its inner ones.
  private static let leafCount: UInt32 = 4069

  static func checkFreeSpaceMap(_ page: PageView) throws(PageFault) {
    try checkShape(page)
    let next = page.uint32(PageView.start)
    try page.require(
      next <= leafCount,
      "fp_next_slot",
      at: PageView.start,
      next,
      "at most",
      UInt64(leafCount)
    )
  }

  static func checkVisibilityMap(_ page: PageView, _ version: PostgresVersion) throws(PageFault) {
    try checkShape(page)
    guard version >= .v16 else { return }
    var offset = PageView.start
    while offset < PageView.byteCount {
      let bits = page.uint64(offset)
      let frozenOnly = bits >> 1 & ~bits & 0x5555_5555_5555_5555
      try page.require(
        frozenOnly == 0,
        "bits of 32 pages",
        at: offset,
        bits,
        "no page that is frozen and not visible"
      )
      offset &+= 8
    }
  }

  private static func checkShape(_ page: PageView) throws(PageFault) {
    try page.requireSpecial(0)
    try page.requireFlags(0)
    try page.require(page.lower == PageView.start, "pd_lower", at: 12, page.lower, "just", 24)
    try page.require(page.upper == page.special, "pd_upper", at: 14, page.upper, "pd_special,", 8192)
  }
}

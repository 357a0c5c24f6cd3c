/// The first page of a B-tree. From offset 24 of the page on:
///
/// | offset | size | field | rule |
/// |---|---|---|---|
/// | 0 | 4 | mark | 0x053162 |
/// | 4 | 4 | version | 2 to 4 |
/// | 8 | 4 | root | 0 in an empty tree |
/// | 12 | 4 | its level | 0 in an empty tree; below 64 |
/// | 16 | 4 | lowest page that has its level alone, where searches begin | 0 just where there is no root |
/// | 20 | 4 | its level | at most that of the root; if it is that of the root, so is the page |
/// | 24 | 4 | pages that the last vacuum deleted | |
/// | 32 | 8 | rows then, a floating-point number | -1, or not negative |
/// | 40 | 1 | whether equal keys have equal bytes | 0 or 1 |
///
/// `pd_lower` ends the structure; older versions end it sooner. Source: PostgreSQL `access/nbtree.h`.
enum BTreeMetaCheck {
  private static let start = PageView.start
  private static let versions: ClosedRange<UInt32> = 2...4
  private static let maximumLevel: UInt32 = 63
  private static let byteCount = BTreeRedo.metaByteCount

  static func check(_ page: PageView) throws(PageFault) {
    let length = page.lower - start
    try page.require(
      length == byteCount || length == 24 || length == 40,
      "pd_lower",
      at: 12,
      page.lower,
      "the end of the structure,",
      UInt64(start + byteCount)
    )
    try page.require(
      page.upper == page.special,
      "pd_upper",
      at: 14,
      page.upper,
      "pd_special,",
      UInt64(page.special)
    )
    let siblings = page.uint64(BTreePage.start)
    try page.require(siblings == 0, "btpo_prev", at: BTreePage.start, siblings, "no siblings")
    let found = page.uint32(start)
    try page.require(
      found == BTreeRedo.metaMagic,
      "btm_magic",
      at: start,
      found,
      "just",
      UInt64(BTreeRedo.metaMagic)
    )
    let version = page.uint32(start + 4)
    try page.require(versions.contains(version), "btm_version", at: start + 4, version, "2 to", 4)
    try checkRoot(page)
    // Of older structures what follows is not a part.
    guard length == byteCount else { return }
    let rows = Double(bitPattern: page.uint64(start + 32))
    try page.require(
      rows == -1 || rows >= 0 && rows.isFinite,
      "btm_last_cleanup_num_heap_tuples",
      at: start + 32,
      page.uint64(start + 32),
      "-1, or no negative number"
    )
    let flag = page.uint8(start + 40)
    try page.require(flag <= 1, "btm_allequalimage", at: start + 40, flag, "at most", 1)
  }

  private static func checkRoot(_ page: PageView) throws(PageFault) {
    let (root, level) = (page.uint32(start + 8), page.uint32(start + 12))
    let (fastRoot, fastLevel) = (page.uint32(start + 16), page.uint32(start + 20))
    try page.require(
      level <= maximumLevel && (root != 0 || level == 0),
      "btm_level",
      at: start + 12,
      level,
      "0 without a root, and at most",
      UInt64(maximumLevel)
    )
    try page.require(
      fastLevel <= level && (fastLevel < level || fastRoot == root),
      "btm_fastlevel",
      at: start + 20,
      fastLevel,
      "less than that of the root, or the root itself:",
      UInt64(level)
    )
    try page.require(
      (fastRoot == 0) == (root == 0) && (fastLevel == level || fastRoot != root),
      "btm_fastroot",
      at: start + 16,
      fastRoot,
      "a page if there is a root, and the root just at its level:",
      UInt64(root)
    )
  }
}

import Engine
import IndexFormat
import Testing

/// Each rule for pages of indexes, with a page that breaks it alone.
struct IndexPageRuleTests {
  private typealias Change = (number: Int, offset: Int, byteCount: Int, field: String)

  private static func field(_ draft: PageDraft, _ kind: PageKind, _ block: UInt32) -> String? {
    PageCheck(version: .v17).problem(of: draft.bytes.span.bytes, as: kind, block: BlockNumber(block))?.field
  }

  private static func expect(_ draft: PageDraft, _ kind: PageKind, block: UInt32 = 7, _ changes: [Change]) {
    #expect(field(draft, kind, block) == nil)
    for change in changes {
      var changed = draft
      changed.put(change.number, change.offset, change.byteCount)
      #expect(field(changed, kind, block) == change.field, "\(change)")
    }
  }

  // MARK: B-tree

  /// - right: the right sibling.
  private static func btree(right: Int, level: Int, flags: Int) -> PageDraft {
    var draft = PageDraft(special: 8176)
    draft.put(right, 8180, 4)
    draft.put(level, 8184, 4)
    draft.put(flags, 8188, 2)
    return draft
  }

  @Test func leavesOfTrees() {
    var draft = Self.btree(right: 9, level: 0, flags: 1)
    let bound = draft.addIndexTuple(0, 1, info: 0x2000)
    let row = draft.addIndexTuple(3, 5)
    let list = draft.addIndexTuple(16, 0x2002, info: 0x2000, 32)
    draft.put(1, list + 20, 2)
    draft.put(2, list + 26, 2)
    Self.expect(
      draft,
      .btree,
      [
        (0x201, 8188, 2, "btpo_flags"), (9, 8188, 2, "btpo_flags"), (3, 8188, 2, "btpo_next"),
        (0x101, 8188, 2, "btpo_flags"), (7, 8180, 4, "btpo_next"), (7, 8176, 4, "btpo_prev"),
        (9, 8176, 4, "btpo_next"), (1, 8184, 4, "btpo_level"), (0xff80, 8190, 2, "btpo_cycleid"),
        (24, 12, 2, "line pointers"), (16 << 17 | 3 << 15 | 8160, 24, 4, "line pointer 1: lp_flags"),
        (8104, 14, 2, "pd_upper"), (0x2018, bound + 6, 2, "line pointer 1: t_info"),
        (33, bound + 4, 2, "line pointer 1: columns of the key"),
        (0, row + 4, 2, "line pointer 2: line pointer of the row"),
        (0xffff_ffff, row, 4, "line pointer 2: block of the row"),
        (0x6002, list + 4, 2, "line pointer 3: line pointer of the row"),
        (0x2001, list + 4, 2, "line pointer 3: rows of the posting list"),
        (8, list + 2, 2, "line pointer 3: start of the posting list"),
        (2, list + 20, 2, "line pointer 3: row of the posting list"),
      ]
    )
  }

  @Test func innerPagesOfTrees() {
    var draft = Self.btree(right: 0, level: 1, flags: 2)
    let first = draft.addIndexTuple(3, 0, info: 0x2000, 8)
    let second = draft.addIndexTuple(4, 1, info: 0x2000)
    Self.expect(
      draft,
      .btree,
      [
        (0, 8184, 4, "btpo_level"), (64, 8184, 4, "btpo_level"),
        (0, first + 2, 2, "line pointer 1: block of the child"),
        (7, second + 2, 2, "line pointer 2: block of the child"),
        (0x2001, second + 4, 2, "line pointer 2: columns of the key"),
        (16 << 17 | 3 << 15 | second, 28, 4, "line pointer 2: lp_flags"),
      ]
    )
    draft.put(24, 12, 2)
    #expect(Self.field(draft, .btree, 7) == "line pointers")
  }

  @Test func dyingPagesOfTrees() {
    var draft = Self.btree(right: 9, level: 0, flags: 0x11)
    draft.addIndexTuple(0, 0, info: 0x2000, 8)
    Self.expect(
      draft,
      .btree,
      [(0x10, 8188, 2, "btpo_flags"), (0, 8180, 4, "btpo_next"), (24, 12, 2, "line pointers")]
    )
    draft = Self.btree(right: 9, level: 0, flags: 0x105)
    draft.put(32, 12, 2)
    Self.expect(
      draft,
      .btree,
      [(28, 12, 2, "pd_lower"), (0x115, 8188, 2, "btpo_flags"), (8168, 14, 2, "pd_upper")]
    )
    // Made ready and not used yet.
    #expect(Self.field(Self.btree(right: 0, level: 0, flags: 0), .btree, 7) == nil)
  }

  @Test func metaPagesOfTrees() {
    var draft = Self.btree(right: 0, level: 0, flags: 8)
    for (index, number) in [0x53162, 4, 3, 1, 3, 1].enumerated() { draft.put(number, 24 + 4 * index, 4) }
    draft.put(72, 12, 2)
    Self.expect(
      draft,
      .btree,
      block: 0,
      [
        (0x53163, 24, 4, "btm_magic"), (5, 28, 4, "btm_version"), (0, 32, 4, "btm_level"),
        (64, 36, 4, "btm_level"),
        (2, 44, 4, "btm_fastlevel"), (0, 40, 4, "btm_fastlevel"), (2, 64, 1, "btm_allequalimage"),
        (0xfff8, 62, 2, "btm_last_cleanup_num_heap_tuples"), (76, 12, 2, "pd_lower"),
        (1, 8188, 2, "btpo_flags"),
      ]
    )
    #expect(Self.field(draft, .btree, 1) == "btpo_flags")
  }

  // MARK: Others

  @Test func bucketsOfHashIndexes() {
    var draft = PageDraft(special: 8176)
    // Bucket 5 of 8 when it was last split.
    for (place, number) in [(8176, 7), (8180, 0xffff_ffff), (8184, 5)] { draft.put(number, place, 4) }
    draft.put(0xff80_0002, 8188, 4)
    let first = draft.addIndexTuple(3, 1)
    draft.put(13, first + 8, 4)
    let second = draft.addIndexTuple(3, 2, info: 0x2000)
    draft.put(29, second + 8, 4)
    Self.expect(
      draft,
      .hash,
      [
        (0xff81, 8190, 2, "hasho_page_id"), (3, 8188, 2, "hasho_flag"), (0x32, 8188, 2, "hasho_flag"),
        (8, 8188, 2, "hasho_flag"), (4, 8176, 4, "hasho_prevblkno"), (0, 8180, 4, "hasho_nextblkno"),
        (7, 8180, 4, "hasho_nextblkno"), (0xffff_ffff, 8184, 4, "hasho_bucket"),
        (37, first + 8, 4, "line pointer 2: hash code"), (17, first + 8, 4, "line pointer 1: hash code"),
        (24, first + 6, 2, "line pointer 1: t_info"),
        (0, second + 4, 2, "line pointer 2: line pointer of the row"),
      ]
    )
    // What stands there in a first page is no block.
    draft.put(7, 8180, 4)
    #expect(Self.field(draft, .hash, 8) == nil)
    var bitmap = PageDraft(special: 8176)
    for place in [8176, 8180, 8184] { bitmap.put(0xffff_ffff, place, 4) }
    bitmap.put(0xff80_0004, 8188, 4)
    bitmap.put(4120, 12, 2)
    Self.expect(
      bitmap,
      .hash,
      [(4124, 12, 2, "pd_lower"), (1, 8184, 4, "hasho_bucket"), (0x44, 8188, 2, "hasho_flag")]
    )
  }

  /// An index is made by a record for its first page, and one for its first bitmap: between them it has none.
  @Test func firstPagesOfHashIndexes() {
    var draft = PageDraft(special: 8176)
    for place in [8176, 8180, 8184] { draft.put(0xffff_ffff, place, 4) }
    draft.put(0xff80_0008, 8188, 4)
    for (place, number) in [(0, 0x644_0640), (4, 4), (24, 1), (28, 1), (32, 0), (36, 1), (56, 1)] {
      draft.put(number, 24 + place, 4)
    }
    for (place, number) in [(16, 307), (18, 8152), (20, 4096), (22, 15)] { draft.put(number, 24 + place, 2) }
    draft.put(24 + 4544, 12, 2)
    draft.put(8176, 14, 2)
    #expect(Self.field(draft, .hash, 0) == nil)
    var first = draft
    first.put(1, 24 + 44, 4)
    first.put(3, 24 + 444, 4)
    Self.expect(
      first,
      .hash,
      block: 0,
      [
        (0x644_0641, 24, 4, "hashm_magic"), (0, 24 + 16, 2, "hashm_ffactor"),
        (5, 24 + 36, 4, "hashm_ovflpoint"),
        (2, 24 + 40, 4, "hashm_firstfree"), (1025, 24 + 44, 4, "hashm_nmaps"), (2, 24 + 44, 4, "hashm_mapp"),
        (0, 24 + 44, 4, "hashm_mapp"), (0, 24 + 444, 4, "hashm_mapp"),
      ]
    )
  }

  @Test func pagesOfGINIndexes() {
    var leaf = PageDraft(special: 8184)
    leaf.put(0xffff_ffff, 8184, 4)
    leaf.put(2, 8190, 2)
    let tree = leaf.addIndexTuple(9, 0xffff)
    // Two rows: (0,3) and, a distance of 4, (0,7).
    let list = leaf.addIndexTuple(1 << 31 | 16, 2, 32)
    for (place, byte) in [(20, 3), (22, 1), (24, 4)] { leaf.put(byte, list + place, 1) }
    Self.expect(
      leaf,
      .gin,
      [
        (0x102, 8190, 2, "flags"), (6, 8190, 2, "flags"), (0, 8184, 4, "rightlink"),
        (7, 8184, 4, "rightlink"),
        (0x42, 8190, 2, "rightlink"), (7, tree + 2, 2, "line pointer 1: root of the posting tree"),
        (3, list + 4, 2, "line pointer 2: rows"), (9, list + 22, 1, "line pointer 2: rows"),
        (0, list + 24, 1, "line pointer 2: row of a posting list"),
        (17, list + 2, 2, "line pointer 2: start of the rows"),
      ]
    )
    var posting = PageDraft(special: 8184)
    posting.put(0xffff_ffff, 8184, 4)
    posting.put(0x83, 8190, 2)
    for (place, byte) in [(36, 3), (38, 2), (40, 4), (41, 1), (12, 42)] { posting.put(byte, place, 1) }
    Self.expect(
      posting,
      .gin,
      [
        (41, 12, 1, "posting list"), (0x80, 41, 1, "row of a posting list"), (8176, 14, 2, "pd_upper"),
        (8, 12, 1, "pd_lower"),
      ]
    )
    // With a right sibling, the last row is up to the bound.
    posting.put(9, 8184, 4)
    #expect(Self.field(posting, .gin, 7) == "bound of the page")
    posting.put(8, 28, 1)
    #expect(Self.field(posting, .gin, 7) == nil)
  }

  @Test func pagesOfGiSTIndexes() {
    var draft = PageDraft(special: 8176)
    draft.put(0xffff_ffff, 8184, 4)
    draft.put(0xff81_0000, 8188, 4)
    let child = draft.addIndexTuple(9, 0xffff)
    Self.expect(
      draft,
      .gist,
      [
        (0xff82, 8190, 2, "gist_page_id"), (0x20, 8188, 2, "flags"), (8, 8188, 2, "rightlink"),
        (0, 8184, 4, "rightlink"), (9, 8176, 4, "nsn"),
        (7, child + 2, 2, "line pointer 1: block of the child"),
        (5, child + 4, 2, "line pointer 1: mark of a child"),
        (1, 8188, 2, "line pointer 1: line pointer of the row"),
        (2, 8188, 2, "pd_lower"),
      ]
    )
  }

  @Test func pagesOfSPGiSTIndexes() {
    var inner = PageDraft(special: 8184)
    inner.put(0xff82 << 48 | 1 << 16, 8184, 8)
    // A redirection, and a tuple of two nodes.
    let dead = inner.add([UInt8](repeating: 0, count: 16))
    for (place, number) in [(0, 16 << 2 | 1), (8, 9), (10, 1)] { inner.put(number, dead + place, 2) }
    let tuple = inner.add([UInt8](repeating: 0, count: 40))
    for (place, number) in [(0, 2 << 3), (2, 8), (4, 40), (18, 9), (20, 1), (22, 16)] {
      inner.put(number, tuple + place, 2)
    }
    for (place, number) in [(32, 0xffff_ffff), (36, 8 << 16)] { inner.put(number, tuple + place, 4) }
    Self.expect(
      inner,
      .spgist,
      [
        (0xff83, 8190, 2, "spgist_page_id"), (0x10, 8184, 2, "flags"), (1, 8184, 2, "flags"),
        (2, 8186, 2, "nRedirection"),
        (1, 8188, 2, "nPlaceholder"), (0, dead + 8, 2, "line pointer 1: block of the target"),
        (24 << 2 | 1, dead, 2, "line pointer 1: length of the tuple"),
        (3 << 3, tuple, 2, "line pointer 2: nodes"),
        (0, tuple, 2, "line pointer 2: nodes"), (16, tuple + 2, 2, "line pointer 2: length of a node"),
        (48, tuple + 22, 2, "line pointer 2: length of a node"),
        (0, tuple + 20, 2, "line pointer 2: line pointer of the target"),
      ]
    )
    var leaf = PageDraft(special: 8184)
    leaf.put(0xff82 << 48 | 4, 8184, 8)
    let places = (0..<3).map { _ in leaf.add([UInt8](repeating: 0, count: 16)) }
    for place in places {
      leaf.put(16 << 2, place, 2)
      leaf.put(1, place + 10, 2)
    }
    leaf.put(2, places[0] + 4, 2)
    Self.expect(
      leaf,
      .spgist,
      [
        (4, places[0] + 4, 2, "line pointer 1: next tuple of the chain"),
        (2, places[2] + 4, 2, "line pointer 3: next tuple of the chain"),
        (0x4000, places[2] + 4, 2, "line pointer 3: next tuple of the chain"),
        (16 << 2 | 2, places[1], 2, "line pointer 1: next tuple of the chain"),
        (0, places[1] + 10, 2, "line pointer 2: line pointer of the row"),
      ]
    )
    // A root has no chains.
    #expect(Self.field(leaf, .spgist, 1) == "line pointer 1: next tuple of the chain")
  }

  @Test func pagesOfBlockRanges() {
    var meta = PageDraft(special: 8184)
    meta.put(0xf091 << 48, 8184, 8)
    for (index, number) in [0xa810_9cfa, 1, 128, 1].enumerated() { meta.put(number, 24 + 4 * index, 4) }
    meta.put(40, 12, 2)
    Self.expect(
      meta,
      .brin,
      block: 0,
      [
        (0xf094, 8190, 2, "kind of the page"), (0xf092, 8190, 2, "kind of the page"), (2, 8188, 2, "flags"),
        (1, 24, 4, "brinMagic"), (2, 28, 4, "brinVersion"), (0, 32, 4, "pagesPerRange"),
        (131_073, 32, 4, "pagesPerRange"), (1, 8183, 1, "free room"), (8176, 14, 2, "pd_upper"),
      ]
    )
    var map = PageDraft(special: 8184)
    map.put(0xf092 << 48, 8184, 8)
    map.put(2, 32, 2)
    map.put(1, 34, 2)
    Self.expect(
      map,
      .brin,
      block: 1,
      [(1, 32, 2, "entry of the map"), (0, 34, 2, "entry of the map"), (2049, 34, 2, "entry of the map")]
    )
    var tuples = PageDraft(special: 8184)
    tuples.put(0xf093 << 48, 8184, 8)
    let tuple = tuples.add([UInt8](repeating: 0, count: 24))
    tuples.put(8, tuple + 4, 1)
    tuples.addPointer(0)
    Self.expect(
      tuples,
      .brin,
      [
        (9, tuple + 4, 1, "line pointer 1: start of the values"),
        (0xffff_ffff, tuple, 4, "line pointer 1: first block of the range"),
        (1, 28, 4, "line pointer 2: line pointer"),
      ]
    )
  }
}

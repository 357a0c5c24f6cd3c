import Engine
import IndexFormat
import Testing

/// Each rule, with a page that breaks it alone: a whole page, one number changed, and the field that is named.
struct PageRuleTests {
  private struct Change {
    var number: Int
    var offset: Int
    var byteCount: Int
    var field: String

    init(_ number: Int, at offset: Int, _ byteCount: Int, _ field: String) {
      self.number = number
      self.offset = offset
      self.byteCount = byteCount
      self.field = field
    }
  }

  private static let limits = PageCheck.Limits(nextTransaction: 1000, nextMultixact: 50, lsn: Lsn(0x100))

  private static func field(_ draft: PageDraft, _ kind: PageKind, _ block: UInt32) -> String? {
    PageCheck(version: .v17, limits: limits)
      .problem(of: draft.bytes.span.bytes, as: kind, block: BlockNumber(block))?.field
  }

  private static func expect(_ draft: PageDraft, _ kind: PageKind, block: UInt32 = 7, _ changes: [Change]) {
    #expect(field(draft, kind, block) == nil)
    for change in changes {
      var changed = draft
      changed.put(change.number, change.offset, change.byteCount)
      #expect(field(changed, kind, block) == change.field, "\(change)")
    }
  }

  @Test func newPagesAreWholeInEveryRelation() {
    let kinds: [PageKind] = [
      .table, .sequence, .btree, .hash, .gin, .gist, .spgist, .brin, .other, .freeSpaceMap, .visibilityMap,
    ]
    let check = PageCheck(version: .v17)
    var page = [UInt8](repeating: 0, count: 8192)
    for kind in kinds { #expect(check.problem(of: page.span.bytes, as: kind, block: BlockNumber(0)) == nil) }
    // Page servers stamped such pages once.
    page[3] = 9
    for kind in kinds { #expect(check.problem(of: page.span.bytes, as: kind, block: BlockNumber(0)) == nil) }
    page[9] = 9
    for kind in kinds { #expect(check.problem(of: page.span.bytes, as: kind, block: BlockNumber(0)) != nil) }
  }

  @Test func headersOfAllKinds() {
    Self.expect(
      PageDraft(special: 8000),
      .other,
      [
        Change(0x2003, at: 18, 2, "pd_pagesize_version"), Change(0x200, at: 4, 4, "pd_lsn"),
        Change(8, at: 10, 2, "pd_flags"),
      ]
    )
  }

  @Test func tables() {
    var draft = PageDraft()
    // The first row was updated within the page by transaction 20, the third one leads to the fourth.
    let first = draft.addRow(xmin: 10, xmax: 20, to: 2, mask: 0x0100, mask2: 0x4000)
    draft.put(7, first + 14, 2)
    let second = draft.addRow(xmin: 20, to: 2, mask: 0x2800, mask2: 0x8000)
    draft.addPointer(2 << 15 | 4)
    let fourth = draft.addRow(xmin: 30, to: 4, mask: 0x2800, mask2: 0x8000)
    draft.addPointer(3 << 15)
    draft.addPointer(0)
    Self.expect(
      draft,
      .table,
      [
        Change(8184, at: 16, 2, "pd_special"), Change(50, at: 12, 2, "pd_lower"),
        Change(1000, at: 20, 4, "pd_prune_xid"),
        Change(2 << 15 | 9, at: 32, 4, "line pointer 3: redirection"),
        Change(2 << 15 | 1, at: 32, 4, "line pointer 3: redirection"),
        Change(2 << 15 | 5, at: 32, 4, "line pointer 3: redirection"),
        Change(2 << 15 | 4, at: 44, 4, "line pointer 6: redirection"),
        Change(3 << 15 | 8, at: 40, 4, "line pointer 5: line pointer"),
        Change(32 << 17 | 1 << 15 | 8152, at: 44, 4, "line pointer 6: lp_off"),
        Change(16, at: first + 22, 1, "line pointer 1: t_hoff"),
        Change(1601, at: first + 18, 2, "line pointer 1: columns"),
        Change(0x5003, at: first + 18, 2, "line pointer 1: t_infomask2"),
        Change(0x0c00, at: first + 20, 2, "line pointer 1: t_infomask"),
        Change(0x1400, at: first + 20, 2, "line pointer 1: t_infomask"),
        Change(0x0104, at: first + 20, 2, "line pointer 1: t_infomask"),
        Change(0x0800, at: second + 20, 2, "line pointer 2: t_infomask"),
        Change(0, at: first + 4, 4, "line pointer 1: t_xmax"),
        Change(1000, at: first, 4, "line pointer 1: t_xmin"),
        Change(1000, at: first + 4, 4, "line pointer 1: t_xmax"),
        Change(292, at: first + 16, 2, "line pointer 1: t_ctid"),
        Change(0xfffd, at: first + 16, 2, "line pointer 1: t_ctid"),
        Change(3, at: first + 18, 2, "line pointer 1: t_infomask2"),
        Change(0x1900, at: fourth + 20, 2, "line pointer 4: t_infomask"),
      ]
    )
  }

  @Test func sequences() {
    var draft = PageDraft(special: 8184)
    draft.put(0x1717, 8184, 4)
    let row = draft.add([UInt8](repeating: 0, count: 41))
    draft.put(3, row + 18, 2)
    draft.put(24, row + 22, 1)
    Self.expect(
      draft,
      .sequence,
      block: 0,
      [
        Change(0x1718, at: 8184, 4, "mark of a sequence"), Change(28 + 4, at: 12, 2, "line pointers"),
        Change(4, at: row + 18, 2, "line pointer 1: columns"),
        Change(32, at: row + 22, 1, "line pointer 1: t_hoff"),
        Change(-1, at: row + 32, 8, "line pointer 1: log_cnt"),
        Change(2, at: row + 40, 1, "line pointer 1: is_called"),
      ]
    )
  }

  @Test func maps() {
    var draft = PageDraft()
    Self.expect(
      draft,
      .freeSpaceMap,
      [Change(4070, at: 24, 4, "fp_next_slot"), Change(28, at: 12, 2, "pd_lower")]
    )
    draft.put(0b11_01_00_11, 5000, 1)
    Self.expect(
      draft,
      .visibilityMap,
      [Change(0b10, at: 5001, 1, "bits of 32 pages"), Change(4, at: 10, 2, "pd_flags")]
    )
    draft.put(0b10, 5001, 1)
    let old = PageCheck(version: .v15)
    #expect(old.problem(of: draft.bytes.span.bytes, as: .visibilityMap, block: BlockNumber(0)) == nil)
  }

  @Test func transactionsAndMultixacts() {
    func problem(_ page: [UInt8], _ kind: SLRUKind) -> String? {
      PageCheck(version: .v17).problem(of: page.span.bytes, as: .slru(kind), block: BlockNumber(0))?.field
    }
    var page = [UInt8](repeating: 0xff, count: 8192)
    #expect(problem(page, .transactionStatus) == nil)
    #expect(problem(page + [0, 2, 0, 0, 0, 0, 0, 0], .transactionStatus) == nil)
    #expect(problem(page + [0x80, 0, 0, 0, 0, 0, 0, 0], .transactionStatus) == "commit time")
    #expect(problem(page + [0], .transactionStatus) == "page")
    #expect(problem(page + [0, 2, 0, 0, 0, 0, 0, 0], .multixactOffsets) == "page")
    page = [UInt8](repeating: 0, count: 8192)
    (page[0], page[8]) = (5, 9)
    #expect(problem(page, .multixactOffsets) == nil)
    page[4] = 5
    #expect(problem(page, .multixactOffsets) == "offset of a multixact")
    page = [UInt8](repeating: 0, count: 8192)
    (page[21], page[28]) = (5, 77)
    #expect(problem(page, .multixactMembers) == nil)
    page[21] = 6
    #expect(problem(page, .multixactMembers) == "state of a member")
    (page[21], page[28]) = (5, 0)
    #expect(problem(page, .multixactMembers) == "state of a member")
    (page[21], page[28]) = (0, 2)
    #expect(problem(page, .multixactMembers) == "member of a multixact")
    (page[28], page[8181]) = (0, 1)
    #expect(problem(page, .multixactMembers) == "end of the page")
  }

  @Test func kindsAreToldFromTheCatalog() {
    #expect(PageKind(relationKind: UInt8(ascii: "r"), accessMethod: 2) == .table)
    #expect(PageKind(relationKind: UInt8(ascii: "S"), accessMethod: 0) == .sequence)
    #expect(PageKind(relationKind: UInt8(ascii: "i"), accessMethod: 403) == .btree)
    #expect(PageKind(relationKind: UInt8(ascii: "i"), accessMethod: 403, fork: .initial) == .btree)
    #expect(PageKind(relationKind: UInt8(ascii: "i"), accessMethod: 16_500) == .other)
    #expect(
      PageKind(relationKind: UInt8(ascii: "r"), accessMethod: 2, fork: .visibilityMap) == .visibilityMap
    )
    #expect(PageKind(relationKind: UInt8(ascii: "r"), accessMethod: 2, fork: .freeSpaceMap) == .freeSpaceMap)
  }
}

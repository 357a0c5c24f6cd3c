@testable import Engine
import IndexFormat

/// What a whole page looks like, for tests that have no catalog: its kind by the part at its end.
struct PageSignature {
  var kind: PageKind
  /// The kind and what the page is in it, such as `btree leaf`.
  var name: String

  /// Nil for a page that nothing was stored in.
  init?(_ page: [UInt8], _ fork: RelationFork, _ block: BlockNumber) {
    guard page.count == PageHeader.pageByteCount, page[14...15].contains(where: { $0 != 0 }) else {
      return nil
    }
    let number = { (offset: Int) in UInt16(page[offset]) | UInt16(page[offset + 1]) << 8 }
    let (last, special) = (number(8190), number(16))
    func named(_ name: String, _ detail: String) -> String { "\(name) \(detail)" }
    switch (fork, special) {
    case (.freeSpaceMap, _): (kind, name) = (.freeSpaceMap, "free space map")
    case (.visibilityMap, _): (kind, name) = (.visibilityMap, "visibility map")
    case (_, 8192): (kind, name) = (.table, "table")
    case (_, 8176) where last == HashPage.identity:
      (kind, name) = (.hash, named("hash", Self.hash(number(8188))))
    case (_, 8176) where last == GiSTPage.mark: (kind, name) = (.gist, named("gist", Self.gist(number(8188))))
    case (_, 8176): (kind, name) = (.btree, named("btree", Self.btree(number(8188))))
    case (_, 8184) where last == SPGiSTPage.mark:
      (kind, name) = (.spgist, named("spgist", Self.spgist(number(8184))))
    case (_, 8184) where last & 0xfff0 == 0xf090: (kind, name) = (.brin, named("brin", Self.brin(last)))
    case (_, 8184) where number(8184) == 0x1717 && block.value == 0: (kind, name) = (.sequence, "sequence")
    // Bloom filters are of an extension.
    case (_, 8184) where last == 0xff83: (kind, name) = (.other, "other")
    case (_, 8184): (kind, name) = (.gin, named("gin", Self.gin(last)))
    default: (kind, name) = (.other, "other")
    }
  }

  private static func btree(_ flags: UInt16) -> String {
    typealias Flags = BTreePage.Flags
    if flags & Flags.meta != 0 { return "meta" }
    if flags & Flags.deleted != 0 { return "deleted" }
    if flags & Flags.halfDead != 0 { return "half-dead" }
    return flags & Flags.leaf != 0 ? "leaf" : "inner"
  }

  private static func hash(_ flags: UInt16) -> String {
    switch flags & 0x0f {
    case HashPage.Flags.meta: "meta"
    case HashPage.Flags.bitmap: "bitmap"
    case HashPage.Flags.bucket: "bucket"
    case HashPage.Flags.overflow: "overflow"
    default: "unused"
    }
  }

  private static func gist(_ flags: UInt16) -> String {
    flags & GiSTPage.Flags.deleted != 0 ? "deleted" : flags & GiSTPage.Flags.leaf != 0 ? "leaf" : "inner"
  }

  private static func spgist(_ flags: UInt16) -> String {
    flags & SPGiSTPage.Flags.meta != 0 ? "meta" : flags & SPGiSTPage.Flags.leaf != 0 ? "leaf" : "inner"
  }

  private static func brin(_ kind: UInt16) -> String {
    switch kind {
    case BRINRedo.Kind.meta: "meta"
    case BRINRedo.Kind.map: "map"
    default: "tuples"
    }
  }

  private static func gin(_ flags: UInt16) -> String {
    typealias Flags = GINPage.Flags
    if flags & Flags.meta != 0 { return "meta" }
    if flags & Flags.deleted != 0 { return "deleted" }
    if flags & Flags.list != 0 { return "pending list" }
    let level = flags & Flags.leaf != 0 ? "leaf" : "inner"
    return flags & Flags.data != 0 ? "posting \(level)" : "entry \(level)"
  }
}

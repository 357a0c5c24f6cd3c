import IndexFormat

/// Records of B-trees and of block range indexes.
extension WALDescription {
  private var colon: String { isLabelled ? ":" : "" }
  private var separator: String { isLabelled ? "," : ";" }

  mutating func describeBTree(_ record: borrowing WALRecord) throws(RedoFault) {
    var main = RecordBytes(record.mainData)
    switch record.header.info & 0xf0 {
    case 0x00, 0x10, 0x20, 0x50: add("off\(colon) \(try main.uint16())")
    case 0x30, 0x40:
      add("level\(colon) \(try main.uint32()), firstrightoff\(colon) \(try main.uint16()), ")
      add("newitemoff\(colon) \(try main.uint16()), postingoff\(colon) \(try main.uint16())")
    case 0x60: add("nintervals\(colon) \(try main.uint16())")
    case 0x70:
      add("\(isLabelled ? "snapshotConflictHorizon:" : "latestRemovedXid") \(try main.uint32())\(separator) ")
      try describeDeletion(record, &main)
    case 0x80, 0x90: try describeUnlinking(&main)
    case 0xa0:
      try main.skip(4)
      add("\(isLabelled ? "level:" : "lev") \(try main.uint32())")
    case 0xb0: try describeHalfDead(&main)
    case 0xc0: try describeDeletion(record, &main)
    case 0xd0: try describeReuse(&main)
    case 0xe0:
      guard let block = record.block(id: 0) else { throw .blockNotNamed }
      var data = RecordBytes(record.data(of: block))
      try data.skip(20)
      add("last_cleanup_num_delpages\(colon) \(try data.uint32())")
    default: break
    }
  }

  private mutating func describeDeletion(
    _ record: borrowing WALRecord,
    _ main: inout RecordBytes
  ) throws(RedoFault) {
    let (deleted, updated) = (Int(try main.uint16()), Int(try main.uint16()))
    add("ndeleted\(colon) \(deleted)\(separator) nupdated\(colon) \(updated)")
    guard isLabelled else { return }
    if version >= .v17, record.header.info & 0xf0 == 0x70 { add(", isCatalogRel: \(try main.truth())") }
    try addDeleted(record, deleted, updated)
  }

  private mutating func describeUnlinking(_ main: inout RecordBytes) throws(RedoFault) {
    add("left\(colon) \(try main.uint32())\(separator) right\(colon) \(try main.uint32())\(separator) ")
    add("level\(colon) \(try main.uint32())\(separator) ")
    try main.align(8)
    add("safexid\(colon) \(Self.full(try main.uint64()))\(separator) ")
    add(
      "leafleft\(colon) \(try main.uint32())\(separator) leafright\(colon) \(try main.uint32())\(separator) "
    )
    add("leaftopparent\(colon) \(try main.uint32())")
  }

  private mutating func describeHalfDead(_ main: inout RecordBytes) throws(RedoFault) {
    try main.skip(4)
    let (leaf, left, right) = (try main.uint32(), try main.uint32(), try main.uint32())
    add("topparent\(colon) \(try main.uint32())\(separator) leaf\(colon) \(leaf)\(separator) ")
    add("left\(colon) \(left)\(separator) right\(colon) \(right)")
  }

  private mutating func describeReuse(_ main: inout RecordBytes) throws(RedoFault) {
    add("rel\(colon) \(try main.relationText())\(separator) ")
    try main.skip(4)
    add("\(isLabelled ? "snapshotConflictHorizon:" : "latestRemovedXid") \(Self.full(try main.uint64()))")
    if version >= .v17 { add(", isCatalogRel: \(try main.uint8() != 0 ? "T" : "F")") }
  }

  mutating func describeBRIN(_ record: borrowing WALRecord) throws(RedoFault) {
    var main = RecordBytes(record.mainData)
    switch record.header.info & 0x70 {
    case 0x00:
      let pages = try main.uint32()
      add("v\(try main.uint16()) pagesPerRange \(pages)")
    case 0x10:
      let (block, pages) = (try main.uint32(), try main.uint32())
      add("heapBlk \(block) pagesPerRange \(pages) offnum \(try main.uint16())")
    case 0x20:
      let old = try main.uint16()
      try main.align(4)
      let (block, pages) = (try main.uint32(), try main.uint32())
      add("heapBlk \(block) pagesPerRange \(pages) old offnum \(old), new offnum \(try main.uint16())")
    case 0x30: add("offnum \(try main.uint16())")
    case 0x40: add("targetBlk \(try main.uint32())")
    case 0x50:
      let (pages, block) = (try main.uint32(), try main.uint32())
      add("pagesPerRange \(pages), heapBlk \(block), page offset \(try main.uint16())")
    default: break
    }
  }
}

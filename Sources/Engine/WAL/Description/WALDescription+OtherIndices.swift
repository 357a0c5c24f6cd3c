import IndexFormat

/// Records of hash, GiST, SP-GiST and GIN indexes.
extension WALDescription {
  // MARK: Hash

  mutating func describeHash(_ record: borrowing WALRecord) throws(RedoFault) {
    var main = RecordBytes(record.mainData)
    switch record.header.info & 0xf0 {
    case 0x00:
      let count = try main.float()
      try main.skip(4)
      add("num_tuples \(Self.general(count)), fillfactor \(try main.uint16())")
    case 0x10: add("bmsize \(try main.uint16())")
    case 0x20: add("off \(try main.uint16())")
    case 0x30: add("bmsize \(try main.uint16()), bmpage_found \(try main.truth())")
    case 0x40:
      let bucket = try main.uint32()
      try main.skip(4)
      let flags = try main.uint8()
      add("new_bucket \(bucket), meta_page_masks_updated \(Self.truth(flags & 0x01 != 0)), ")
      add("issplitpoint_changed \(Self.truth(flags & 0x02 != 0))")
    case 0x60: add("old_bucket_flag \(try main.uint16()), new_bucket_flag \(try main.uint16())")
    case 0x70: add("ntups \(try main.uint16()), is_primary \(try main.truth())")
    case 0x80:
      add("prevblkno \(try main.uint32()), nextblkno \(try main.uint32()), ")
      add("ntups \(try main.uint16()), is_primary \(try main.truth())")
    case 0x90: add("clear_dead_marking \(try main.truth()), is_primary \(try main.truth())")
    case 0xb0: add("ntuples \(Self.general(try main.float()))")
    case 0xc0:
      let horizon = try main.uint32()
      if isLabelled {
        add("ntuples \(try main.uint16()), snapshotConflictHorizon \(horizon)")
        if version >= .v17 { add(", isCatalogRel \(try main.truth())") }
      } else {
        add("ntuples \(try main.count()), latestRemovedXid \(horizon)")
      }
    default: break
    }
  }

  /// Counts are whole numbers, and written as such below a million.
  private static func general(_ number: Double) -> String {
    abs(number) < 1_000_000 ? Int32(exactly: number).map { "\($0)" } ?? "\(number)" : "\(number)"
  }

  static func truth(_ value: Bool) -> String { value ? "T" : "F" }

  // MARK: GiST

  mutating func describeGiST(_ record: borrowing WALRecord) throws(RedoFault) {
    var main = RecordBytes(record.mainData)
    let horizonName = isLabelled ? "snapshotConflictHorizon" : "latestRemovedXid"
    switch record.header.info & 0xf0 {
    case 0x10:
      add("delete: \(horizonName) \(try main.uint32()), nitems: \(try main.uint16())")
      if version >= .v17 { add(", isCatalogRel \(try main.truth())") }
    case 0x20:
      add("rel \(try main.relationText()); blk \(try main.uint32()); ")
      add("\(horizonName) \(Self.full(try main.uint64()))")
      if version >= .v17 { add(", isCatalogRel \(try main.truth())") }
    case 0x30:
      try main.skip(18)
      add("page_split: splits to \(try main.uint16()) pages")
    case 0x60: add("deleteXid \(Self.full(try main.uint64())); downlink \(try main.uint16())")
    default: break
    }
  }

  // MARK: SP-GiST

  mutating func describeSPGiST(_ record: borrowing WALRecord) throws(RedoFault) {
    var main = RecordBytes(record.mainData)
    switch record.header.info & 0xf0 {
    case 0x10:
      let (isNew, isNull) = (try main.uint8() != 0, try main.uint8() != 0)
      add("off: \(try main.uint16()), headoff: \(try main.uint16()), ")
      add("parentoff: \(try main.uint16()), nodeI: \(try main.uint16())")
      addMarks([("newpage", isNew), ("nulls", isNull)])
    case 0x20:
      let count = try main.uint16()
      let (isNew, isReplaced, isNull) = (try main.uint8() != 0, try main.uint8() != 0, try main.uint8() != 0)
      try main.align(2)
      add("nmoves: \(count), parentoff: \(try main.uint16()), nodeI: \(try main.uint16())")
      addMarks([("newpage", isNew), ("replacedead", isReplaced), ("nulls", isNull)])
    case 0x30:
      let (old, new) = (try main.uint16(), try main.uint16())
      let (isNew, parent) = (try main.uint8() != 0, Int8(bitPattern: try main.uint8()))
      add("off: \(old), newoff: \(new), parentBlk: \(parent), ")
      add("parentoff: \(try main.uint16()), nodeI: \(try main.uint16())")
      addMarks([("newpage", isNew)])
    case 0x40:
      add("prefixoff: \(try main.uint16()), postfixoff: \(try main.uint16())")
      addMarks([("newpage", try main.uint8() != 0), ("same", try main.uint8() != 0)])
    case 0x50: try describePickSplit(&main)
    case 0x60:
      add("ndead: \(try main.uint16()), nplaceholder: \(try main.uint16()), ")
      add("nmove: \(try main.uint16()), nchain: \(try main.uint16())")
    case 0x70: add("ndelete: \(try main.uint16())")
    case 0x80:
      add("ntoplaceholder: \(try main.uint16()), firstplaceholder: \(try main.uint16()), ")
      add("\(isLabelled ? "snapshotConflictHorizon" : "newestredirectxid"): \(try main.uint32())")
      if version >= .v17 { add(", isCatalogRel: \(try main.truth())") }
    default: break
    }
  }

  private mutating func describePickSplit(_ main: inout RecordBytes) throws(RedoFault) {
    let isRoot = try main.uint8() != 0
    try main.align(2)
    add("ndelete: \(try main.uint16()), ninsert: \(try main.uint16()), ")
    try main.skip(2)
    add("inneroff: \(try main.uint16()), ")
    try main.skip(1)
    let (isNull, isParent) = (try main.uint8() != 0, try main.uint8() != 0)
    try main.align(2)
    add("parentoff: \(try main.uint16()), nodeI: \(try main.uint16())")
    addMarks([("innerIsParent", isParent), ("nulls", isNull), ("isRootSplit", isRoot)])
  }

  private mutating func addMarks(_ marks: [(name: String, isSet: Bool)]) {
    for mark in marks where mark.isSet { add(" (\(mark.name))") }
  }

  // MARK: GIN

  private enum GIN {
    static let isData: UInt16 = 0x01
    static let isLeaf: UInt16 = 0x02
    static let isRoot: UInt16 = 0x04
  }

  mutating func describeGIN(_ record: borrowing WALRecord) throws(RedoFault) {
    var main = RecordBytes(record.mainData)
    switch record.header.info & 0xf0 {
    case 0x20:
      let flags = try main.uint16()
      addKind(flags)
      if flags & GIN.isLeaf == 0 {
        let (left, right) = (try main.blockID(), try main.blockID())
        add(" children: \(left)/\(right)")
      }
      try describeInsertion(record, flags)
    case 0x30:
      try main.skip(24)
      let flags = try main.uint16()
      add("isrootsplit: \(Self.truth(flags & GIN.isRoot != 0)) ")
      addKind(flags)
    case 0x90: if !addImage(record) { try describeSegments(record) }
    case 0x80:
      try main.skip(56)
      add("ndeleted: \(try main.count())")
    default: break
    }
  }

  private mutating func addKind(_ flags: UInt16) {
    add("isdata: \(Self.truth(flags & GIN.isData != 0)) isleaf: \(Self.truth(flags & GIN.isLeaf != 0))")
  }

  /// Whether the block has an image, so that there are no data of it.
  private mutating func addImage(_ record: borrowing WALRecord) -> Bool {
    guard let image = record.block(id: 0)?.image else { return false }
    add(image.isApplied ? " (full page image)" : " (full page image, for WAL verification)")
    return true
  }

  private mutating func describeInsertion(_ record: borrowing WALRecord, _ flags: UInt16) throws(RedoFault) {
    if addImage(record) { return }
    guard flags & GIN.isData == 0 || flags & GIN.isLeaf == 0 else {
      try describeSegments(record)
      return
    }
    guard let block = record.block(id: 0) else { throw .blockNotNamed }
    var data = RecordBytes(record.data(of: block))
    try data.skip(2)
    if flags & GIN.isData == 0 {
      add(" isdelete: \(try data.truth())")
    } else {
      let (child, key) = (try data.blockID(), try data.blockID())
      add(" pitem: \(child)-\(key)/\(try data.uint16())")
    }
  }

  /// What is done with each segment of a leaf: delete, insert, replace, or add items to it.
  private mutating func describeSegments(_ record: borrowing WALRecord) throws(RedoFault) {
    guard let block = record.block(id: 0) else { throw .blockNotNamed }
    var data = RecordBytes(record.data(of: block))
    let count = Int(try data.uint16())
    add(" \(count) segments:")
    for _ in 0..<count {
      let (segment, action) = (try data.uint8(), try data.uint8())
      switch action {
      case 1: add(" \(segment) (delete)")
      case 2, 3:
        try data.skip(6)
        let length = Int(try data.uint16())
        try data.skip(length + length % 2)
        add(" \(segment) (\(action == 2 ? "insert" : "replace"))")
      case 4:
        let items = Int(try data.uint16())
        try data.skip(items * 6)
        add(" \(segment) (add \(items) items)")
      default:
        add(" \(segment) unknown action \(action) ???")
        return
      }
    }
  }
}

extension RecordBytes {
  mutating func truth() throws(RedoFault) -> String { WALDescription.truth(try uint8() != 0) }

  mutating func float() throws(RedoFault) -> Double { Double(bitPattern: try uint64()) }

  /// A block number in two halves, the high one first.
  mutating func blockID() throws(RedoFault) -> UInt32 { UInt32(try uint16()) << 16 | UInt32(try uint16()) }
}

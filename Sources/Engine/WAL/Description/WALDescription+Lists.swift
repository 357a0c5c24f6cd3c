import IndexFormat

/// Lists of line pointers, which 16 and 17 write.
extension WALDescription {
  /// ` [1, 2, 3]`.
  mutating func addArray(_ count: Int, _ item: () throws(RedoFault) -> String) throws(RedoFault) {
    add(" [")
    var separator = ""
    try addList(count, separator: "") { () throws(RedoFault) in
      defer { separator = ", " }
      return separator + (try item())
    }
    add("]")
  }

  private mutating func addNumbers(
    _ name: String,
    _ count: Int,
    _ data: inout RecordBytes
  ) throws(RedoFault) {
    add(", \(name):")
    try addArray(count) { () throws(RedoFault) in "\(try data.uint16())" }
  }

  private mutating func addRedirections(_ count: Int, _ data: inout RecordBytes) throws(RedoFault) {
    add(", redirected:")
    try addArray(count) { () throws(RedoFault) in "\(try data.uint16())->\(try data.uint16())" }
  }

  /// Plans of 12 bytes; their line pointers stand elsewhere.
  private mutating func addPlans(
    _ count: Int,
    _ data: inout RecordBytes,
    _ numbers: inout RecordBytes
  ) throws(RedoFault) {
    add(", plans:")
    try addArray(count) { () throws(RedoFault) in
      let (xmax, mask2, mask) = (try data.uint32(), try data.uint16(), try data.uint16())
      try data.skip(2)
      let pointers = Int(try data.uint16())
      var inner = WALDescription(version: .v17)
      try inner.addArray(pointers) { () throws(RedoFault) in "\(try numbers.uint16())" }
      return
        "{ xmax: \(xmax), infomask: \(mask), infomask2: \(mask2), ntuples: \(pointers), offsets:\(inner.text) }"
    }
  }

  // MARK: Tables

  /// 16: pruned, vacuumed, frozen.
  mutating func describeCleaning16(
    _ record: borrowing WALRecord,
    _ main: inout RecordBytes,
    _ operation: UInt8
  ) throws(RedoFault) {
    var data = RecordBytes(record.dataOfFirstBlock)
    let hasData = data.remaining > 0
    switch operation {
    case 0x10:
      let (horizon, redirected, dead) = (try main.uint32(), Int(try main.uint16()), Int(try main.uint16()))
      add("snapshotConflictHorizon: \(horizon), nredirected: \(redirected), ndead: \(dead)")
      guard hasData else { return }
      let unused = data.remaining / 2 - redirected * 2 - dead
      add(", nunused: \(unused)")
      try addRedirections(redirected, &data)
      try addNumbers("dead", dead, &data)
      try addNumbers("unused", unused, &data)
    case 0x20:
      let count = Int(try main.uint16())
      add("nunused: \(count)")
      if hasData { try addNumbers("unused", count, &data) }
    default:
      let (horizon, count) = (try main.uint32(), Int(try main.uint16()))
      add("snapshotConflictHorizon: \(horizon), nplans: \(count)")
      guard hasData else { return }
      var numbers = data
      try numbers.skip(count * 12)
      try addPlans(count, &data, &numbers)
    }
  }

  /// 17: all three in one record, whose flags say what there is.
  mutating func describeCleaning17(
    _ record: borrowing WALRecord,
    _ main: inout RecordBytes
  ) throws(RedoFault) {
    try main.skip(1)
    let flags = try main.uint8()
    // The structure ends here; the horizon is not aligned.
    if flags & 0x08 != 0 { add("snapshotConflictHorizon: \(try main.uint32())") }
    add(", isCatalogRel: \(Self.truth(flags & 0x02 != 0))")
    var data = RecordBytes(record.dataOfFirstBlock)
    guard data.remaining > 0 else { return }
    var counts = [0, 0, 0, 0]
    var lists = (data, data, data, data)
    if flags & 0x10 != 0 {
      counts[0] = Int(try data.uint16())
      try data.skip(2)
      lists.0 = data
      try data.skip(counts[0] * 12)
    }
    if flags & 0x20 != 0 {
      counts[1] = Int(try data.uint16())
      lists.1 = data
      try data.skip(counts[1] * 4)
    }
    if flags & 0x40 != 0 {
      counts[2] = Int(try data.uint16())
      lists.2 = data
      try data.skip(counts[2] * 2)
    }
    if flags & 0x80 != 0 {
      counts[3] = Int(try data.uint16())
      lists.3 = data
      try data.skip(counts[3] * 2)
    }
    add(", nplans: \(counts[0]), nredirected: \(counts[1]), ndead: \(counts[2]), nunused: \(counts[3])")
    if counts[0] > 0 { try addPlans(counts[0], &lists.0, &data) }
    if counts[1] > 0 { try addRedirections(counts[1], &lists.1) }
    if counts[2] > 0 { try addNumbers("dead", counts[2], &lists.2) }
    if counts[3] > 0 { try addNumbers("unused", counts[3], &lists.3) }
  }

  // MARK: B-trees

  /// What a record deletes from a leaf, and which of the tuples there lose some of their row pointers.
  mutating func addDeleted(
    _ record: borrowing WALRecord,
    _ deleted: Int,
    _ updated: Int
  ) throws(RedoFault) {
    var data = RecordBytes(record.dataOfFirstBlock)
    guard data.remaining > 0 else { return }
    try addNumbers("deleted", deleted, &data)
    var updates = data
    try updates.skip(updated * 2)
    add(", updated:")
    try addArray(updated) { () throws(RedoFault) in
      let (number, count) = (try data.uint16(), Int(try updates.uint16()))
      var inner = WALDescription(version: .v17)
      try inner.addArray(count) { () throws(RedoFault) in "\(try updates.uint16())" }
      return "{ off: \(number), nptids: \(count), ptids:\(inner.text) }"
    }
  }
}

extension WALRecord {
  /// Empty if there are none, as with an image.
  fileprivate var dataOfFirstBlock: RawSpan {
    @_lifetime(copy self) get {
      guard let block = block(id: 0) else { return bytes.extracting(0..<0) }
      return data(of: block)
    }
  }
}

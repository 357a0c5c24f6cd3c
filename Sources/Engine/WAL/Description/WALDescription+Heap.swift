import IndexFormat

/// Records of tables.
///
/// | operation | 14, 15 | 16, 17 |
/// |---|---|---|
/// | insert | line pointer, flags | the same |
/// | delete | line pointer, flags, bits | xmax, line pointer, bits, flags |
/// | update | old line pointer, xmax, flags, bits; new line pointer, xmax | old xmax, line pointer, bits, flags; new |
/// | lock | line pointer, xid, flags, bits | xmax, line pointer, bits, flags |
extension WALDescription {
  mutating func describeHeap(_ record: borrowing WALRecord) throws(RedoFault) {
    var main = RecordBytes(record.mainData)
    switch record.header.info & 0x70 {
    case 0x00: try describeInsert(&main)
    case 0x10: try describeDelete(record.mainData, dialect(record.mainData, stock: 8))
    case 0x20, 0x40: try describeUpdate(record.mainData, dialect(record.mainData, stock: 14))
    case 0x30: try describeTruncate(&main)
    case 0x50, 0x70: add("off\(colon) \(try main.uint16())")
    case 0x60: try describeLock(record.mainData, dialect(record.mainData, stock: 8))
    default: break
    }
  }

  /// Only 14 and 15 of Neon write longer records under PostgreSQL's own resource manager.
  private func dialect(_ data: RawSpan, stock: Int) -> HeapDialect {
    version <= .v15 && data.byteCount > stock ? .embedded : .stock
  }

  mutating func describeNeonHeap(_ record: borrowing WALRecord) throws(RedoFault) {
    var main = RecordBytes(record.mainData)
    switch record.header.info & 0x70 {
    case 0x00: try describeInsert(&main)
    case 0x10: try describeDelete(record.mainData, .neon)
    case 0x20, 0x30: try describeUpdate(record.mainData, .neon)
    case 0x40: try describeLock(record.mainData, .neon)
    case 0x50: try describeMultiInsert(record, .neon)
    default: break
    }
  }

  mutating func describeHeap2(_ record: borrowing WALRecord) throws(RedoFault) {
    var main = RecordBytes(record.mainData)
    switch record.header.info & 0x70 {
    case 0x10, 0x20, 0x30: try describeCleaning(record, &main, record.header.info & 0x70)
    case 0x40:
      let (horizon, flags) = (try main.uint32(), try main.uint8())
      add(
        isLabelled
          ? "snapshotConflictHorizon: \(horizon), flags: \(Self.hex(flags))"
          : "cutoff xid \(horizon) flags \(Self.hex(flags))"
      )
    case 0x50: try describeMultiInsert(record, .stock)
    case 0x60:
      let change = try HeapXmaxChange(stock: record.mainData)
      if isLabelled {
        addChange(change)
      } else {
        add(
          "off \(change.number): xmax \(change.xmax): flags \(Self.hex(change.flags)) \(Self.bits(change.bits))"
        )
      }
    case 0x70: try describeNewCommand(&main)
    default: break
    }
  }

  private var colon: String { isLabelled ? ":" : "" }

  private mutating func describeInsert(_ main: inout RecordBytes) throws(RedoFault) {
    let (number, flags) = (try main.uint16(), try main.uint8())
    add(
      isLabelled ? "off: \(number), flags: \(Self.hex(flags))" : "off \(number) flags \(Self.hex(flags))"
    )
  }

  private mutating func describeDelete(_ data: RawSpan, _ dialect: HeapDialect) throws(RedoFault) {
    let change = try HeapXmaxChange(delete: data, dialect)
    if isLabelled {
      addChange(change)
    } else {
      add("off \(change.number) flags \(Self.hex(change.flags)) \(Self.bits(change.bits))")
    }
  }

  private mutating func describeLock(_ data: RawSpan, _ dialect: HeapDialect) throws(RedoFault) {
    let change = try HeapXmaxChange(lock: data, dialect)
    if isLabelled {
      addChange(change)
    } else {
      add(
        "off \(change.number): xid \(change.xmax): flags \(Self.hex(change.flags)) \(Self.bits(change.bits))"
      )
    }
  }

  private mutating func addChange(_ change: HeapXmaxChange) {
    add(
      "xmax: \(change.xmax), off: \(change.number), infobits: \(Self.bitList(change.bits)), "
        + "flags: \(Self.hex(change.flags))"
    )
  }

  private mutating func describeUpdate(_ data: RawSpan, _ dialect: HeapDialect) throws(RedoFault) {
    let update = try HeapUpdate(data, dialect)
    if isLabelled {
      add(
        "old_xmax: \(update.oldXmax), old_off: \(update.oldNumber), "
          + "old_infobits: \(Self.bitList(update.oldBits)), flags: \(Self.hex(update.flags)), "
          + "new_xmax: \(update.newXmax), new_off: \(update.newNumber)"
      )
    } else {
      add(
        "off \(update.oldNumber) xmax \(update.oldXmax) flags \(Self.hex(update.flags)) "
          + "\(Self.bits(update.oldBits)); new off \(update.newNumber) xmax \(update.newXmax)"
      )
    }
  }

  private mutating func describeTruncate(_ main: inout RecordBytes) throws(RedoFault) {
    try main.skip(4)
    let count = try main.count()
    let flags = try main.uint8()
    try main.skip(3)
    let (cascades, restarts) = (flags & 0x01 != 0, flags & 0x02 != 0)
    if isLabelled {
      let names = (cascades ? ["CASCADE"] : []) + (restarts ? ["RESTART_SEQS"] : [])
      add("flags: [\(names.joined(separator: ", "))], nrelids: \(count), relids: [")
    } else {
      add("\(cascades ? "cascade " : "")\(restarts ? "restart_seqs " : "")nrelids \(count) relids")
    }
    let isLabelled = isLabelled
    try addList(count, separator: isLabelled ? "" : " ") { () throws(RedoFault) in
      let relation = try main.uint32()
      return isLabelled && main.remaining > 0 ? "\(relation), " : "\(relation)"
    }
    if isLabelled { add("]") }
  }

  private mutating func describeMultiInsert(
    _ record: borrowing WALRecord,
    _ dialect: HeapDialect
  ) throws(RedoFault) {
    var main = RecordBytes(record.mainData)
    let flags = try main.uint8()
    try main.skip(1)
    let count = Int(try main.uint16())
    guard isLabelled else {
      add("\(count) tuples flags \(Self.hex(flags))")
      return
    }
    add("ntuples: \(count), flags: \(Self.hex(flags))")
    let hasData = record.block(id: 0)?.data.isEmpty == false
    guard record.header.info & 0x80 == 0, hasData else { return }
    if dialect == .neon { try main.skip(4) }
    add(", offsets:")
    try addArray(count) { () throws(RedoFault) in "\(try main.uint16())" }
  }

  /// Pruning, vacuuming, freezing.
  private mutating func describeCleaning(
    _ record: borrowing WALRecord,
    _ main: inout RecordBytes,
    _ operation: UInt8
  ) throws(RedoFault) {
    switch (version, operation) {
    case (.v17, _): try describeCleaning17(record, &main)
    case (.v16, _): try describeCleaning16(record, &main, operation)
    case (_, 0x10):
      add("latestRemovedXid \(try main.uint32()) nredirected \(try main.uint16()) ndead \(try main.uint16())")
    case (_, 0x20): add("nunused \(try main.uint16())")
    default: add("cutoff xid \(try main.uint32()) ntuples \(try main.uint16())")
    }
  }

  private mutating func describeNewCommand(_ main: inout RecordBytes) throws(RedoFault) {
    let (_, first, last, combined) = (
      try main.uint32(), try main.uint32(), try main.uint32(), try main.uint32()
    )
    let relation = try main.relationText()
    let block = UInt32(try main.uint16()) << 16 | UInt32(try main.uint16())
    let number = try main.uint16()
    add(
      isLabelled
        ? "rel: \(relation), tid: \(block)/\(number), " : "rel \(relation); tid \(block)/\(number); "
    )
    add("cmin: \(first), cmax: \(last), combo: \(combined)")
  }

  // MARK: Bits of a tuple's header

  private static let bitNames = [
    (UInt8(0x01), "IS_MULTI"), (0x02, "LOCK_ONLY"), (0x04, "EXCL_LOCK"), (0x08, "KEYSHR_LOCK"),
    (0x10, "KEYS_UPDATED"),
  ]

  private static func names(_ bits: UInt8) -> [String] { bitNames.filter { bits & $0.0 != 0 }.map(\.1) }

  private static func bits(_ bits: UInt8) -> String { names(bits).map { "\($0) " }.joined() }

  private static func bitList(_ bits: UInt8) -> String { "[\(names(bits).joined(separator: ", "))]" }
}

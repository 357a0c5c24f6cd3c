import IndexFormat

/// Replay of pruning and vacuuming a table's page.
///
/// 14 to 16:
///
/// | record | main data | data of block 0: numbers of line pointers, 2 bytes each |
/// |---|---|---|
/// | prune | transaction 4, redirections 2, dead 2 | pairs of redirections (from, to); dead; the rest unused |
/// | vacuum | unused 2 | unused |
///
/// 17: main data are a reason (1) and flags (1), which say what the data of block 0 are, in this order:
///
/// | flag | data |
/// |---|---|
/// | 0x10 | plans for freezing: count 2, pad 2, 12 each; their line pointers stand behind everything else |
/// | 0x20 | redirections: count 2, pairs |
/// | 0x40 | dead: count 2, numbers |
/// | 0x80 | unused: count 2, numbers |
///
/// Sources: PostgreSQL, `heap_xlog_prune`, `heap_xlog_vacuum`, `heap_xlog_prune_freeze`, `access/heapam_xlog.h`.
enum HeapPruneRedo {
  private enum Flags {
    /// No one else used the page, so that tuples could be moved.
    static let cleanupLock: UInt8 = 0x04
    static let hasFreezePlans: UInt8 = 0x10
    static let hasRedirections: UInt8 = 0x20
    static let hasDead: UInt8 = 0x40
    static let hasUnused: UInt8 = 0x80
  }

  static func prune(
    _ record: borrowing WALRecord,
    _ target: RedoTarget,
    _ page: RedoPage
  ) throws(RedoFault) {
    var main = RecordBytes(record.mainData)
    try main.skip(4)
    let redirectionCount = Int(try main.uint16())
    let deadCount = Int(try main.uint16())
    var data = RecordBytes(record.data(of: target.reference))
    try redirect(redirectionCount, &data, page)
    try set(.dead, deadCount, &data, page)
    let unusedCount = data.remaining / 2
    try set(.unused, unusedCount, &data, page)
    try page.repairFragmentation(cutsLinePointers: target.rules.version >= .v15)
  }

  static func vacuum(
    _ record: borrowing WALRecord,
    _ target: RedoTarget,
    _ page: RedoPage
  ) throws(RedoFault) {
    var main = RecordBytes(record.mainData)
    let count = Int(try main.uint16())
    var data = RecordBytes(record.data(of: target.reference))
    try set(.unused, count, &data, page)
    page.truncateLinePointers()
  }

  static func pruneAndFreeze(
    _ record: borrowing WALRecord,
    _ target: RedoTarget,
    _ page: RedoPage
  ) throws(RedoFault) {
    var main = RecordBytes(record.mainData)
    try main.skip(1)
    let flags = try main.uint8()
    var data = RecordBytes(record.data(of: target.reference))
    // Plans come first and are used last: another reader goes back to them.
    var plans = RecordBytes(record.data(of: target.reference))
    var planCount = 0
    if flags & Flags.hasFreezePlans != 0 {
      planCount = Int(try plans.uint16())
      try plans.skip(2)
      try data.skip(4)
      try data.skip(planCount * FreezePlan.byteCount)
    }
    var changeCount = 0
    if flags & Flags.hasRedirections != 0 {
      let count = Int(try data.uint16())
      try redirect(count, &data, page)
      changeCount &+= count
    }
    if flags & Flags.hasDead != 0 {
      let count = Int(try data.uint16())
      try set(.dead, count, &data, page)
      changeCount &+= count
    }
    if flags & Flags.hasUnused != 0 {
      let count = Int(try data.uint16())
      try set(.unused, count, &data, page)
      changeCount &+= count
    }
    if changeCount > 0 {
      if flags & Flags.cleanupLock != 0 {
        try page.repairFragmentation(cutsLinePointers: true)
      } else {
        page.truncateLinePointers()
      }
    }
    for _ in 0..<planCount {
      let plan = try FreezePlan(&plans)
      for _ in 0..<plan.tupleCount { plan.freeze(try HeapTuple(page, Int(try data.uint16()))) }
    }
    try data.end()
  }

  private static func redirect(_ count: Int, _ data: inout RecordBytes, _ page: RedoPage) throws(RedoFault) {
    for _ in 0..<count {
      let number = Int(try data.uint16())
      try page.setLinePointer(number, .redirect(to: Int(try data.uint16())))
    }
  }

  private static func set(
    _ pointer: LinePointer,
    _ count: Int,
    _ data: inout RecordBytes,
    _ page: RedoPage
  ) throws(RedoFault) {
    for _ in 0..<count { try page.setLinePointer(Int(try data.uint16()), pointer) }
  }
}

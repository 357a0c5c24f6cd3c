import IndexFormat

/// Ends of transactions, and what standbys are told.
///
/// Main data of a commit or abort: the time (8); if bit 0x80 of `xl_info` is set, flags (4), and behind them what they
/// name, in this order:
///
/// | flag | content |
/// |---|---|
/// | 0x001 | database, its tablespace: 4 each |
/// | 0x002 | subtransactions: count, 4 each |
/// | 0x004 | relations to remove: count, 12 each |
/// | 0x100 | statistics to drop: count; kind 4, database 4, object 4, in 18 and later 8 |
/// | 0x008 | invalidations: count, 16 each (commit only) |
/// | 0x010 | the prepared transaction: 4; with 0x080 its name, which ends in a zero |
/// | 0x020 | where it came from: LSN, time |
///
/// Sources: PostgreSQL, `access/xact.h`, `ParseCommitRecord`, `ParsePrepareRecord`; `storage/sinval.h`.
extension WALDescription {
  private enum Flags {
    static let database: UInt32 = 1 << 0
    static let subtransactions: UInt32 = 1 << 1
    static let relations: UInt32 = 1 << 2
    static let invalidations: UInt32 = 1 << 3
    static let prepared: UInt32 = 1 << 4
    static let origin: UInt32 = 1 << 5
    static let name: UInt32 = 1 << 7
    static let statistics: UInt32 = 1 << 8
    static let appliesFeedback: UInt32 = 1 << 29
    static let renewsCacheFile: UInt32 = 1 << 30
    static let waits: UInt32 = 1 << 31
  }

  mutating func describeTransaction(_ record: borrowing WALRecord) throws(RedoFault) {
    let info = record.header.info
    var main = RecordBytes(record.mainData)
    switch info & 0x70 {
    case 0x00, 0x20, 0x30, 0x40:
      let isCommit = info & 0x70 == 0x00 || info & 0x70 == 0x30
      try describeEnd(&main, isCommit: isCommit, hasFlags: info & 0x80 != 0, origin: record.origin ?? 0)
    case 0x10: try describePrepare(&main, record.origin ?? 0)
    case 0x50:
      add("xtop \(try main.uint32()): subxacts:")
      try addList(try main.count()) { () throws(RedoFault) in "\(try main.uint32())" }
    case 0x60: try addInvalidations(try main.count(), &main)
    default: break
    }
  }

  /// What a commit or an abort lists, in the order in which it stands there.
  private struct End: ~Escapable {
    var relations: RecordBytes
    var relationCount = 0
    var subtransactions: RecordBytes
    var subtransactionCount = 0
    var statistics: RecordBytes
    var statisticCount = 0
    var invalidations: RecordBytes
    var invalidationCount = 0

    @_lifetime(copy main)
    init(_ main: RecordBytes) {
      relations = main
      subtransactions = main
      statistics = main
      invalidations = main
    }
  }

  private mutating func describeEnd(
    _ main: inout RecordBytes,
    isCommit: Bool,
    hasFlags: Bool,
    origin: UInt16
  ) throws(RedoFault) {
    let time = try main.uint64()
    let flags = hasFlags ? try main.uint32() : 0
    let database = flags & Flags.database != 0 ? (try main.uint32(), try main.uint32()) : (0, 0)
    var end = End(main)
    if flags & Flags.subtransactions != 0 {
      end.subtransactionCount = try main.count()
      end.subtransactions = main
      try main.skip(end.subtransactionCount, of: 4)
    }
    if flags & Flags.relations != 0 {
      end.relationCount = try main.count()
      end.relations = main
      try main.skip(end.relationCount, of: 12)
    }
    if flags & Flags.statistics != 0, version >= .v15 {
      end.statisticCount = try main.count()
      end.statistics = main
      try main.skip(end.statisticCount, of: 12)
    }
    if flags & Flags.invalidations != 0 {
      end.invalidationCount = try main.count()
      end.invalidations = main
      try main.skip(end.invalidationCount, of: 16)
    }
    if flags & Flags.prepared != 0 {
      let transaction = try main.uint32()
      if transaction != 0 { add("\(transaction): ") }
      if flags & Flags.name != 0 { while try main.uint8() != 0 {} }
    }
    add(Self.time(time))
    try addRelations("rels", end.relationCount, &end.relations)
    try addSubtransactions(end.subtransactionCount, &end.subtransactions)
    if isCommit {
      try addStatistics("", end.statisticCount, &end.statistics)
      if end.invalidationCount > 0 {
        if flags & Flags.renewsCacheFile != 0 { addCacheFile(database) }
        try addInvalidations(end.invalidationCount, &end.invalidations)
      }
      if flags & Flags.appliesFeedback != 0 { add("; apply_feedback") }
      if flags & Flags.waits != 0 { add("; sync") }
    }
    if flags & Flags.origin != 0 { try addOrigin(origin, &main) }
    if !isCommit { try addStatistics("", end.statisticCount, &end.statistics) }
  }

  /// | offset | size | field | | offset | size | field |
  /// |---|---|---|---|---|---|---|
  /// | 8 | 4 | transaction | | 44 | 4 | invalidations |
  /// | 12 | 4 | database | | 48 | 1 | renews the cache file |
  /// | 16 | 8 | time | | 50 | 2 | length of the name |
  /// | 28 | 4 | subtransactions | | 56 | 8 | LSN at the origin |
  /// | 32 | 4, 4 | relations of commit, of abort | | 64 | 8 | time at the origin |
  /// | 40 | 4, 4 | 15 and later: statistics of commit, of abort | | 72 | | name, then the lists |
  ///
  /// In 14, without statistics, all behind them stands 8 bytes earlier. Lists begin at multiples of 8.
  private mutating func describePrepare(_ main: inout RecordBytes, _ origin: UInt16) throws(RedoFault) {
    try main.skip(12)
    let database = try main.uint32()
    let time = try main.uint64()
    try main.skip(4)
    let subtransactions = try main.count()
    let (committed, aborted) = (try main.count(), try main.count())
    let statistics = version >= .v15 ? (try main.count(), try main.count()) : (0, 0)
    let invalidations = try main.count()
    let renews = try main.uint8() != 0
    try main.skip(1)
    let nameLength = Int(try main.uint16())
    try main.align(8)
    var place = main
    try main.skip(16)
    let name = Self.text(try main.take(nameLength), limit: nameLength)
    try main.align(8)
    var subtransactionList = main
    try main.skip(subtransactions, of: 4)
    try main.align(8)
    add("gid \(name): \(Self.time(time))")
    try addRelations("rels(commit)", committed, &main)
    try main.align(8)
    try addRelations("rels(abort)", aborted, &main)
    try main.align(8)
    try addStatistics("commit ", statistics.0, &main)
    try main.align(8)
    try addStatistics("abort ", statistics.1, &main)
    try main.align(8)
    try addSubtransactions(subtransactions, &subtransactionList)
    if invalidations > 0 {
      // The record has no tablespace.
      if renews { addCacheFile((database, 0)) }
      try addInvalidations(invalidations, &main)
    }
    if origin != 0 { try addOrigin(origin, &place) }
  }

  // MARK: Lists

  private mutating func addRelations(
    _ label: String,
    _ count: Int,
    _ list: inout RecordBytes
  ) throws(RedoFault) {
    guard count > 0 else { return }
    add("; \(label):")
    let description = WALDescription(version: version)
    try addList(count) { () throws(RedoFault) in
      let relation = try list.relation()
      return description.path(relation.tablespace, relation.database, relation.relation)
    }
  }

  private mutating func addSubtransactions(_ count: Int, _ list: inout RecordBytes) throws(RedoFault) {
    guard count > 0 else { return }
    add("; subxacts:")
    try addList(count) { () throws(RedoFault) in "\(try list.uint32())" }
  }

  private mutating func addStatistics(
    _ label: String,
    _ count: Int,
    _ list: inout RecordBytes
  ) throws(RedoFault) {
    guard count > 0 else { return }
    add("; \(label)dropped stats:")
    try addList(count) { () throws(RedoFault) in
      "\(Int32(bitPattern: try list.uint32()))/\(try list.uint32())/\(try list.uint32())"
    }
  }

  private mutating func addCacheFile(_ database: (database: UInt32, tablespace: UInt32)) {
    add("; relcache init file inval dbid \(database.database) tsid \(database.tablespace)")
  }

  private mutating func addOrigin(_ node: UInt16, _ main: inout RecordBytes) throws(RedoFault) {
    add("; origin: node \(node), lsn \(try main.lsn()), at \(Self.time(try main.uint64()))")
  }

  /// Each takes 16 bytes: the kind is the first, a signed one.
  private mutating func addInvalidations(_ count: Int, _ list: inout RecordBytes) throws(RedoFault) {
    guard count > 0 else { return }
    add("; inval msgs:")
    try addList(count) { () throws(RedoFault) in
      let kind = Int8(bitPattern: try list.uint8())
      try list.skip(3)
      let (first, second) = (try list.uint32(), try list.uint32())
      try list.skip(4)
      return switch kind {
      case 0...: "catcache \(kind)"
      case -1: "catalog \(second)"
      case -2: "relcache \(second)"
      case -3: "smgr"
      case -4: "relmap db \(first)"
      case -5: "snapshot \(second)"
      default: "unrecognized id \(kind)"
      }
    }
  }

  // MARK: Standbys

  mutating func describeStandby(_ record: borrowing WALRecord) throws(RedoFault) {
    var main = RecordBytes(record.mainData)
    switch record.header.info & 0xf0 {
    case 0x00:
      try addList(try main.count(), separator: "") { () throws(RedoFault) in
        "xid \(try main.uint32()) db \(try main.uint32()) rel \(try main.uint32()) "
      }
    case 0x10: try describeRunning(&main)
    case 0x20:
      let database = (try main.uint32(), try main.uint32())
      let renews = try main.uint8() != 0
      try main.skip(3)
      let count = try main.count()
      if renews, count > 0 { addCacheFile(database) }
      try addInvalidations(count, &main)
    default: break
    }
  }

  private mutating func describeRunning(_ main: inout RecordBytes) throws(RedoFault) {
    let (count, subCount) = (try main.count(), try main.count())
    let overflowed = try main.uint8() != 0
    try main.skip(3)
    let (next, oldest, latest) = (try main.uint32(), try main.uint32(), try main.uint32())
    add("nextXid \(next) latestCompletedXid \(latest) oldestRunningXid \(oldest)")
    if count > 0 {
      add("; \(count) xacts:")
      try addList(count) { () throws(RedoFault) in "\(try main.uint32())" }
    }
    if overflowed { add("; subxid \(version >= .v16 ? "overflowed" : "ovf")") }
    guard version >= .v16, subCount > 0 else { return }
    add("; \(subCount) subxacts:")
    try addList(subCount) { () throws(RedoFault) in "\(try main.uint32())" }
  }
}

extension RecordBytes {
  fileprivate mutating func skip(_ count: Int, of size: Int) throws(RedoFault) {
    let (bytes, overflow) = max(0, count).multipliedReportingOverflow(by: size)
    try skip(overflow ? .max : bytes)
  }
}

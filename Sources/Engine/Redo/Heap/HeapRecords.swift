import IndexFormat

/// The three forms that heap records have: those of PostgreSQL, and two of Neon's computes, which keep command ids.
///
/// | form | versions | resource manager |
/// |---|---|---|
/// | stock | 16, 17 (and all of PostgreSQL's own) | heap, heap2 |
/// | embedded | 14, 15 | heap, heap2 |
/// | neon | 16, 17 | Neon's |
///
/// Sources: PostgreSQL, `access/heapam_xlog.h`; Neon's `access/neon_xlog.h`.
enum HeapDialect {
  case stock
  case embedded
  case neon

  var hasCommands: Bool { self != .stock }
}

/// Flags of heap records.
enum HeapFlags {
  /// Insert, delete, old page of an update: the page is no longer all visible. Lock: no longer all frozen.
  static let visibleCleared: UInt8 = 0x01
  /// The new page of an update.
  static let newVisibleCleared: UInt8 = 0x02
  static let insertAllFrozen: UInt8 = 0x20
  static let deleteIsSuper: UInt8 = 0x08
  static let deleteMovesPartition: UInt8 = 0x10
  static let prefixFromOld: UInt8 = 0x20
  static let suffixFromOld: UInt8 = 0x40
}

/// | form | xmax | line pointer | infobits | flags | command |
/// |---|---|---|---|---|---|
/// | stock | 0 | 4 | 6 | 7 | |
/// | embedded | 0 | 4 | 12 | 13 | 8 |
/// | neon delete | 0 | 4 | 6 | 7 | 8 |
/// | neon lock | 0 | 8 | 10 | 11 | 4 |
///
/// Deletes can be longer. Locks of updated rows have the stock form in all dialects.
struct HeapXmaxChange {
  var xmax: UInt32
  var number: Int
  var bits: UInt8
  var flags: UInt8
  var command: UInt32 = 0

  init(delete data: RawSpan, _ dialect: HeapDialect) throws(RedoFault) {
    if dialect == .embedded {
      try self.init(embedded: data)
      return
    }
    try self.init(stock: data)
    guard dialect == .neon else { return }
    var command = RecordBytes(data)
    try command.skip(8)
    self.command = try command.uint32()
  }

  init(lock data: RawSpan, _ dialect: HeapDialect) throws(RedoFault) {
    switch dialect {
    case .stock: try self.init(stock: data)
    case .embedded: try self.init(embedded: data)
    case .neon: try self.init(neonLock: data)
    }
  }

  private init(neonLock data: RawSpan) throws(RedoFault) {
    var input = RecordBytes(data)
    xmax = try input.uint32()
    command = try input.uint32()
    number = Int(try input.uint16())
    bits = try input.uint8()
    flags = try input.uint8()
  }

  init(stock data: RawSpan) throws(RedoFault) {
    var input = RecordBytes(data)
    xmax = try input.uint32()
    number = Int(try input.uint16())
    bits = try input.uint8()
    flags = try input.uint8()
  }

  private init(embedded data: RawSpan) throws(RedoFault) {
    var input = RecordBytes(data)
    xmax = try input.uint32()
    number = Int(try input.uint16())
    try input.skip(2)
    command = try input.uint32()
    bits = try input.uint8()
    flags = try input.uint8()
  }
}

/// | form | old xmax | old line pointer | old infobits | flags | command | new xmax | new line pointer |
/// |---|---|---|---|---|---|---|---|
/// | stock | 0 | 4 | 6 | 7 | | 8 | 12 |
/// | embedded, neon | 0 | 4 | 6 | 7 | 8 | 12 | 16 |
struct HeapUpdate {
  var oldXmax: UInt32
  var oldNumber: Int
  var oldBits: UInt8
  var flags: UInt8
  var command: UInt32
  var newXmax: UInt32
  var newNumber: UInt16

  init(_ data: RawSpan, _ dialect: HeapDialect) throws(RedoFault) {
    var input = RecordBytes(data)
    oldXmax = try input.uint32()
    oldNumber = Int(try input.uint16())
    oldBits = try input.uint8()
    flags = try input.uint8()
    command = dialect.hasCommands ? try input.uint32() : 0
    newXmax = try input.uint32()
    newNumber = try input.uint16()
  }
}

/// What records keep of a new tuple's header.
///
/// | form | infomask2 | infomask | command | columns |
/// |---|---|---|---|---|
/// | stock | 0 | 2 | | 4 |
/// | embedded, neon | 0 | 2 | 4 | 8 |
struct HeapTupleHeader {
  var infomask2: UInt16
  var infomask: UInt16
  var command: UInt32
  var columnsOffset: UInt8

  init(_ input: inout RecordBytes, _ dialect: HeapDialect) throws(RedoFault) {
    infomask2 = try input.uint16()
    infomask = Self.infomask(try input.uint16(), dialect)
    command = dialect.hasCommands ? try input.uint32() : 0
    columnsOffset = try input.uint8()
  }

  /// The header of one of many tuples: see `HeapMultiInsertRedo`.
  init(multi input: inout RecordBytes, command: UInt32, _ dialect: HeapDialect) throws(RedoFault) {
    infomask2 = try input.uint16()
    infomask = Self.infomask(try input.uint16(), dialect)
    self.command = command
    if dialect == .embedded {
      try input.skip(2)
      self.command = try input.uint32()
    }
    columnsOffset = try input.uint8()
  }

  /// Replay of PostgreSQL says that the tuple has one command id; Neon's takes over the bits as they are.
  private static func infomask(_ bits: UInt16, _ dialect: HeapDialect) -> UInt16 {
    dialect.hasCommands ? bits : bits & ~HeapTuple.Mask.comboCommand
  }
}

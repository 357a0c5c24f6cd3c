import IndexFormat

/// What becomes of the header of each of some tuples that are frozen.
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 4 | xmax |
/// | 4 | 2 | infomask2 |
/// | 6 | 2 | infomask |
/// | 8 | 1 | flags |
/// | 10 | 2 | count of tuples |
struct FreezePlan {
  static let byteCount = 12
  /// xvac, which old versions kept where the command id is, becomes frozen.
  private static let freezesXvac: UInt8 = 0x02
  private static let clearsXvac: UInt8 = 0x04
  private static let frozenTransaction: UInt32 = 2

  var xmax: UInt32
  var infomask2: UInt16
  var infomask: UInt16
  var flags: UInt8
  var tupleCount: Int

  init(_ input: inout RecordBytes) throws(RedoFault) {
    xmax = try input.uint32()
    infomask2 = try input.uint16()
    infomask = try input.uint16()
    flags = try input.uint8()
    try input.skip(1)
    tupleCount = Int(try input.uint16())
  }

  /// The plan of one tuple, with its line pointer: see `HeapFreezeRedo`.
  init(single input: inout RecordBytes, _ number: inout Int) throws(RedoFault) {
    xmax = try input.uint32()
    number = Int(try input.uint16())
    infomask2 = try input.uint16()
    infomask = try input.uint16()
    flags = try input.uint8()
    tupleCount = 1
    try input.skip(1)
  }

  func freeze(_ tuple: HeapTuple) {
    tuple.setXmax(xmax)
    if flags & Self.freezesXvac != 0 { tuple.setCommand(Self.frozenTransaction) }
    if flags & Self.clearsXvac != 0 { tuple.setCommand(0) }
    tuple.infomask = infomask
    tuple.infomask2 = infomask2
  }
}

/// Replay of freezing as 14 to 16 record it.
///
/// | version | main data | data of block 0 |
/// |---|---|---|
/// | 14, 15 | transaction 4, count of tuples 2 | 12 bytes for each tuple |
/// | 16 | transaction 4, count of plans 2 | plans (`FreezePlan`), then line pointers, 2 bytes each |
///
/// The 12 bytes are xmax 4, line pointer 2, infomask2 2, infomask 2, flags 1, and a pad.
enum HeapFreezeRedo {
  static func replay(
    _ record: borrowing WALRecord,
    _ target: RedoTarget,
    _ page: RedoPage
  ) throws(RedoFault) {
    var main = RecordBytes(record.mainData)
    try main.skip(4)
    let count = Int(try main.uint16())
    var plans = RecordBytes(record.data(of: target.reference))
    guard target.rules.version >= .v16 else {
      for _ in 0..<count {
        var number = 0
        let plan = try FreezePlan(single: &plans, &number)
        plan.freeze(try HeapTuple(page, number))
      }
      return
    }
    var numbers = RecordBytes(record.data(of: target.reference))
    try numbers.skip(count * FreezePlan.byteCount)
    for _ in 0..<count {
      let plan = try FreezePlan(&plans)
      for _ in 0..<plan.tupleCount { plan.freeze(try HeapTuple(page, Int(try numbers.uint16()))) }
    }
  }
}

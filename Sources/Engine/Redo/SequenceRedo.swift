import IndexFormat

/// Replay of sequences, each of which is a page with one row.
///
/// | offset | size | main data |
/// |---|---|---|
/// | 0 | 12 | the relation |
/// | 12 | | the row |
///
/// The page is always made anew; it ends in the number of sequences (u32), and 4 zeros. Source: PostgreSQL, `seq_redo`.
enum SequenceRedo {
  private static let mask: UInt8 = 0xf0
  private static let log: UInt8 = 0x00
  static let specialByteCount = 4
  static let magic: UInt32 = 0x1717

  static func replay(_ record: borrowing WALRecord, _ target: RedoTarget, _ page: RedoPage) throws(RedoFault)
  {
    guard record.header.info & mask == log else { throw .wrongKey }
    try target.require(isInitialized: true)
    var main = RecordBytes(record.mainData)
    try main.skip(12)
    page.initialize(specialByteCount: specialByteCount)
    page.store32(magic, page.special)
    try page.addTuple(try main.take(main.remaining), at: 1)
    page.lsn = target.lsn
  }
}

import IndexFormat

/// Replay of records that extensions write without a resource manager of their own: bytes put into pages.
///
/// | size | data of a block, repeated |
/// |---|---|
/// | 2 | offset in the page |
/// | 2 | count |
/// | | bytes |
///
/// The page's hole is filled with zeros. Source: PostgreSQL, `generic_redo`.
enum GenericRedo {
  static func replay(_ record: borrowing WALRecord, _ target: RedoTarget, _ page: RedoPage) throws(RedoFault)
  {
    var data = RecordBytes(record.data(of: target.reference))
    while data.remaining > 0 {
      let offset = Int(try data.uint16())
      let count = Int(try data.uint16())
      try page.store(try data.take(count), offset)
    }
    guard page.lower <= page.upper else {
      throw .badPageBounds(lower: page.lower, upper: page.upper, special: page.special)
    }
    try page.clear(page.lower, page.upper &- page.lower)
    page.lsn = target.lsn
  }
}

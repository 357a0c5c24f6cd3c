import IndexFormat

/// Replay of records that are nothing but images of pages. Source: PostgreSQL, `xlog_redo`.
enum XLogRedo {
  private static let operationMask: UInt8 = 0xf0
  private static let imageForHint: UInt8 = 0xa0
  private static let image: UInt8 = 0xb0

  /// Images that are applied do not come here.
  static func replay(_ record: borrowing WALRecord, _ target: RedoTarget, _ page: RedoPage) throws(RedoFault)
  {
    switch record.header.info & operationMask {
    case imageForHint:
      // Since 15 such a record can do without an image, and changes nothing then.
      guard target.rules.version >= .v15, target.reference.image == nil else { throw .noImage }
    case image: throw .noImage
    default: throw .wrongKey
    }
  }
}

import IndexFormat

/// Which transactions made and removed a row, and what its hint bits say of them: the first part of a row's header.
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 4 | xmin |
/// | 4 | 4 | xmax |
/// | 20 | 2 | infomask |
/// | 22 | 1 | where the columns begin |
///
/// Source: PostgreSQL `access/htup_details.h`.
struct RowHeader: Equatable, Sendable {
  var creator: UInt32
  var remover: UInt32
  var hints: UInt16
  var columnsStart: Int

  static let byteCount = HeapTuple.headerByteCount

  private typealias Hint = HeapTuple.Mask

  /// What a reader of all that was committed sees of a row.
  enum Visibility: Equatable {
    case visible
    case invisible
    /// A transaction under way made it, or what became of one is not known.
    case uncertain
  }

  init?(_ row: RawSpan) {
    guard row.byteCount >= Self.byteCount else { return nil }
    creator = row.littleEndian32(0)
    remover = row.littleEndian32(4)
    hints = row.littleEndian16(20)
    columnsStart = Int(row.byte(22))
  }

  private var isFrozen: Bool { hints & Hint.xminFrozen == Hint.xminFrozen }

  /// Versions before 9.3 marked a lock by one bit alone. A multixact with it may have removed the row.
  private var isOnlyLocked: Bool {
    hints & Hint.lockOnly != 0 || hints & (Hint.locks | Hint.isMulti) == Hint.exclusiveLock
  }

  /// The transactions whose end must be known: none where hints tell it.
  var openTransactions: [UInt32] {
    var open: [UInt32] = []
    if hints & Hint.xminFrozen == 0, creator >= 3 { open.append(creator) }
    let isKnown = hints & (Hint.xmaxCommitted | Hint.xmaxInvalid | Hint.isMulti) != 0
    if !isKnown, !isOnlyLocked, remover >= 3 { open.append(remover) }
    return open
  }

  /// - Parameter status: nil where pg_xact does not reach.
  func visibility(_ status: (UInt32) -> TransactionStatusPage.Status?) -> Visibility {
    // 1 and 2 are the transactions of bootstrap and of frozen rows.
    if !isFrozen, creator >= 3 {
      if hints & Hint.xminInvalid != 0 { return .invisible }
      if hints & Hint.xminCommitted == 0 {
        switch status(creator) {
        case .committed: break
        case .aborted: return .invisible
        case .inProgress, .subCommitted, nil: return .uncertain
        }
      }
    }
    if remover == 0 || hints & Hint.xmaxInvalid != 0 || isOnlyLocked { return .visible }
    if hints & Hint.isMulti != 0 { return .uncertain }
    if hints & Hint.xmaxCommitted != 0 { return .invisible }
    switch status(remover) {
    case .committed: return .invisible
    case .aborted: return .visible
    // What is under way may be prepared, and goes on to exist until it is committed.
    case .inProgress, .subCommitted, nil: return .uncertain
    }
  }
}

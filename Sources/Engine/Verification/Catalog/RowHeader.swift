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

  static let byteCount = 23

  private enum Hint {
    static let exclusiveLock: UInt16 = 0x0040
    static let locked: UInt16 = 0x0080
    static let creatorCommitted: UInt16 = 0x0100
    static let creatorAborted: UInt16 = 0x0200
    static let removerCommitted: UInt16 = 0x0400
    static let noRemover: UInt16 = 0x0800
    static let removerIsMultixact: UInt16 = 0x1000
    static let lockMask: UInt16 = 0x00d0
  }

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

  private var isFrozen: Bool {
    let frozen = Hint.creatorCommitted | Hint.creatorAborted
    return hints & frozen == frozen
  }

  private var isOnlyLocked: Bool {
    hints & Hint.locked != 0 || hints & Hint.lockMask == Hint.exclusiveLock
  }

  /// The transactions whose end must be known: none where hints tell it.
  var openTransactions: [UInt32] {
    var open: [UInt32] = []
    if hints & (Hint.creatorCommitted | Hint.creatorAborted) == 0, creator >= 3 { open.append(creator) }
    let isKnown = hints & (Hint.removerCommitted | Hint.noRemover | Hint.removerIsMultixact) != 0
    if !isKnown, !isOnlyLocked, remover >= 3 { open.append(remover) }
    return open
  }

  /// - Parameter status: nil where pg_xact does not reach.
  func visibility(_ status: (UInt32) -> TransactionStatusPage.Status?) -> Visibility {
    // 1 and 2 are the transactions of bootstrap and of frozen rows.
    if !isFrozen, creator >= 3 {
      if hints & Hint.creatorAborted != 0 { return .invisible }
      if hints & Hint.creatorCommitted == 0 {
        switch status(creator) {
        case .committed: break
        case .aborted: return .invisible
        case .inProgress, .subCommitted, nil: return .uncertain
        }
      }
    }
    if remover == 0 || hints & Hint.noRemover != 0 || isOnlyLocked { return .visible }
    if hints & Hint.removerIsMultixact != 0 { return .uncertain }
    if hints & Hint.removerCommitted != 0 { return .invisible }
    switch status(remover) {
    case .committed: return .invisible
    case .aborted: return .visible
    // What is under way may be prepared, and goes on to exist until it is committed.
    case .inProgress, .subCommitted, nil: return .uncertain
    }
  }
}

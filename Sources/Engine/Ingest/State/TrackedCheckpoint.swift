import IndexFormat

/// The checkpoint that page servers keep up to date while WAL comes: what a compute starts from.
///
/// | field | taken from |
/// |---|---|
/// | nextXid | the transaction of any record, members of multixacts: rounded up to a multiple of 1024 |
/// | nextOid | records of it |
/// | nextMulti, nextMultiOffset | multixacts made |
/// | oldestXid | truncation of pg_xact, with oldestXidDB; checkpoint records if newer, without |
/// | oldestMulti, oldestMultiDB | truncation of multixacts |
/// | oldestActiveXid | lists of running transactions, checkpoint records |
/// | redo | end of a shutdown checkpoint's record; 0 after an online one |
/// | wal_level | of 17: changes of parameters, end of recovery |
///
/// All others stay as they were imported. Sources: `pageserver/src/walingest.rs`,
/// `libs/postgres_ffi/src/xlog_utils.rs`.
struct TrackedCheckpoint {
  private(set) var value: Checkpoint
  /// Whether something was set since it was written last, even to what it was.
  var isModified = false

  private static let transactionInterval: UInt32 = 1024
  private static let firstNormalTransaction: UInt32 = 3

  init(_ value: Checkpoint) { self.value = value }

  mutating func modify(_ change: (inout Checkpoint) -> Void) {
    change(&value)
    isModified = true
  }

  /// A transaction was seen: the next one has a higher number. Computes stop being asked for it every time.
  mutating func advance(past transaction: UInt32) {
    var next = max(transaction &+ 1, Self.firstNormalTransaction)
    next = (next &+ (Self.transactionInterval &- 1)) & ~(Self.transactionInterval &- 1)
    let known = UInt32(truncatingIfNeeded: value.nextTransaction)
    guard Int32(bitPattern: next &- known) > 0 else { return }
    // Around the end of the numbers the next epoch begins.
    let epoch = UInt32(truncatingIfNeeded: value.nextTransaction >> 32) &+ (next < known ? 1 : 0)
    modify { $0.nextTransaction = UInt64(epoch) << 32 | UInt64(next) }
  }

  mutating func advance(nextMultixact: UInt32, offset: UInt32) {
    if Int32(bitPattern: nextMultixact &- value.nextMultixact) > 0 {
      modify { $0.nextMultixact = nextMultixact }
    }
    if Int32(bitPattern: offset &- value.nextMultixactOffset) > 0 {
      modify { $0.nextMultixactOffset = offset }
    }
  }

  /// A checkpoint's record.
  ///
  /// - Parameters:
  ///   - lsn: where the record ends.
  ///   - prepared: prepared transactions, in ascending order; with the epoch since 17.
  mutating func take(
    _ record: Checkpoint,
    isShutdown: Bool,
    endingAt lsn: Lsn,
    prepared: [UInt64],
    _ version: PostgresVersion
  ) {
    let oldestActive =
      isShutdown && record.oldestActiveTransaction == 0
      ? oldestActive(prepared, version) : record.oldestActiveTransaction
    modify {
      if Int32(bitPattern: $0.oldestTransaction &- record.oldestTransaction) < 0 {
        $0.oldestTransaction = record.oldestTransaction
      }
      $0.oldestActiveTransaction = oldestActive
      $0.redo = isShutdown ? lsn : .invalid
    }
  }

  private func oldestActive(_ prepared: [UInt64], _ version: PostgresVersion) -> UInt32 {
    let next = value.nextTransaction
    if version >= .v17 { return UInt32(truncatingIfNeeded: min(prepared.first ?? next, next)) }
    return prepared.reduce(UInt32(truncatingIfNeeded: next)) { oldest, transaction in
      let transaction = UInt32(truncatingIfNeeded: transaction)
      return Int32(bitPattern: transaction &- oldest) < 0 ? transaction : oldest
    }
  }

  /// The number with the epoch of a transaction that was given out.
  func fullNumber(of transaction: UInt32) throws(IngestFault) -> UInt64 {
    var epoch = value.nextTransaction >> 32
    if transaction > UInt32(truncatingIfNeeded: value.nextTransaction) {
      guard epoch > 0 else { throw .transactionInFuture(transaction) }
      epoch &-= 1
    }
    return epoch << 32 | UInt64(transaction)
  }
}

import IndexFormat

/// Records of transactions.
///
/// | record | values |
/// |---|---|
/// | commit, abort | pg_xact: a record a page, with the transactions on it; directories of what is dropped; the origin |
/// | the same of prepared ones | also the directory of prepared transactions |
/// | prepare | the main data as file of the transaction; the directory |
extension WALIngest {
  func transactionNeed(_ record: borrowing WALRecord) throws(IngestFault) -> IngestNeed? {
    guard record.header.info & 0x80 != 0, let ending = try ending(of: record) else { return nil }
    for relation in ending.record.relations {
      if let need = need(relation.database) { return need }
    }
    return nil
  }

  func ingestTransaction(
    _ record: borrowing WALRecord,
    _ data: consuming RecordFields,
    _ output: IngestOutput
  ) throws(IngestFault) {
    if record.header.info & TransactionRecord.kindMask == TransactionRecord.Kind.prepare.rawValue {
      try prepare(record.header.transaction, data.bytes, output)
    } else if let (kind, ending) = try ending(of: record) {
      try end(kind, ending, record.origin ?? 0, output)
    }
  }

  /// Nil if the record does not end a transaction.
  private func ending(of record: borrowing WALRecord) throws(IngestFault) -> (
    kind: TransactionRecord.Kind, record: TransactionRecord
  )? {
    guard let kind = TransactionRecord.Kind(rawValue: record.header.info & TransactionRecord.kindMask),
      kind != .prepare
    else { return nil }
    let ending = try TransactionRecord(
      record.header,
      RecordFields(record.mainData),
      overlooksName: rules.overlooksTransactionNames
    )
    return (kind, ending)
  }

  private func prepare(
    _ transaction: UInt32,
    _ file: RawSpan,
    _ output: IngestOutput
  ) throws(IngestFault) {
    let number = try number(of: transaction)
    guard state.prepared.insert(number) || rules.standsOnNewerFiles else {
      throw .transactionPrepared(number)
    }
    output.put(.twoPhaseDirectory, state.prepared)
    output.put(.twoPhaseFile(transaction: number), image: file)
  }

  /// As keys and the directory have it: with the epoch since 17.
  private func number(of transaction: UInt32) throws(IngestFault) -> UInt64 {
    rules.version >= .v17 ? try state.checkpoint.fullNumber(of: transaction) : UInt64(transaction)
  }

  private func end(
    _ kind: TransactionRecord.Kind,
    _ ending: TransactionRecord,
    _ origin: UInt16,
    _ output: IngestOutput
  ) throws(IngestFault) {
    if rules.isShardZero { putStatuses(kind, ending, output) }
    drop(ending.relations, output)
    if origin != 0 {
      output.put(.replicationOrigin(origin), ReplicationOriginValue(remoteLsn: ending.originLsn))
    }
    if kind.wasPrepared, state.prepared.remove(try number(of: ending.transaction)) {
      output.put(.twoPhaseDirectory, state.prepared)
    }
  }

  /// One record for each page on which there are some of the transactions, in their order.
  private func putStatuses(
    _ kind: TransactionRecord.Kind,
    _ ending: TransactionRecord,
    _ output: IngestOutput
  ) {
    func put(_ transactions: [UInt32], _ page: SLRUGeometry.Page) {
      output.put(
        page.key(.transactionStatus),
        kind.isCommit
          ? .clogSetCommitted(transactions: transactions, timestamp: ending.time)
          : .clogSetAborted(transactions: transactions)
      )
    }
    var page = SLRUGeometry.status(of: ending.transaction).page
    var transactions = [ending.transaction]
    for transaction in ending.subtransactions {
      let next = SLRUGeometry.status(of: transaction).page
      if next != page {
        put(transactions, page)
        transactions.removeAll(keepingCapacity: true)
        page = next
      }
      transactions.append(transaction)
    }
    put(transactions, page)
  }
}

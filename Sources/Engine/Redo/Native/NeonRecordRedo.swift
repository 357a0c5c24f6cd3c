import IndexFormat

/// Replay of the records that page servers make themselves.
///
/// | record | key | what it does |
/// |---|---|---|
/// | clear visibility map flags | block of a visibility map | clears bits of one or two pages; then the LSN |
/// | truncate visibility map | block of a visibility map | clears all from a place on; not the LSN |
/// | clog set committed | pg_xact | sets statuses, and the commit time behind the page |
/// | clog set aborted | pg_xact | sets statuses |
/// | multixact offset create | multixact offsets | sets an offset |
/// | multixact members create | multixact members | sets flags and transactions |
/// | aux file | aux files, first layout | see `AuxFilesDirectory.apply` |
///
/// Source: `pageserver/src/walredo/apply_neon.rs`.
enum NeonRecordRedo {
  /// Changes a page of a visibility map.
  static func replay(
    _ record: NeonRecord,
    _ lsn: Lsn,
    _ tag: RelationTag,
    _ block: BlockNumber,
    _ rules: RedoRules,
    _ page: RedoPage
  ) throws(RedoFault) {
    guard tag.fork == .visibilityMap else { throw .wrongKey }
    switch record {
    case .clearVisibilityMapFlags(let newHeapBlock, let oldHeapBlock, let flags):
      for heapBlock in [newHeapBlock, oldHeapBlock] {
        guard let heapBlock else { continue }
        guard VisibilityMap.mapBlock(of: heapBlock) == block else { throw .wrongKey }
        VisibilityMap(page).clear(flags & VisibilityMap.bits, of: heapBlock)
      }
      if rules.stampsClearedVisibilityMap, !page.isNew { page.lsn = lsn }
    case .truncateVisibilityMap(let byte, let bitOffset):
      guard byte < UInt64(VisibilityMap.mapByteCount) else {
        throw .badField(found: byte, limit: UInt64(VisibilityMap.mapByteCount - 1))
      }
      guard bitOffset < 8 else { throw .badField(found: bitOffset, limit: 7) }
      let place = RedoPage.headerByteCount + Int(byte)
      try page.clear(place + 1, RedoPage.byteCount - place - 1)
      page.store8(page.uint8(place) & (1 << UInt8(bitOffset) - 1), place)
    default: throw .wrongKey
    }
  }

  /// Changes a page of an SLRU.
  static func replay(
    _ record: NeonRecord,
    _ segment: SLRUSegment,
    _ block: BlockNumber,
    _ value: inout [UInt8]
  ) throws(RedoFault) {
    let number = UInt64(segment.number) * UInt64(SLRUKind.pagesPerSegment) + UInt64(block.value)
    switch (record, segment.kind) {
    case (.clogSetCommitted(let transactions, let timestamp), .transactionStatus):
      try setStatus(.committed, of: transactions, number, &value)
      // Behind a page of another length, of which there should be none, the time is left as it is.
      guard value.count == RedoPage.byteCount || value.count == TransactionStatusPage.byteCountWithTime else {
        return
      }
      value.removeLast(value.count - RedoPage.byteCount)
      value.appendBigEndian(timestamp)
    case (.clogSetAborted(let transactions), .transactionStatus):
      try setStatus(.aborted, of: transactions, number, &value)
    case (.multixactOffsetCreate(let multixact, let offset), .multixactOffsets):
      let place = SLRUGeometry.offset(of: multixact)
      guard UInt64(place.page.number) == number else { throw .wrongKey }
      store(offset, place.byte, &value)
    case (.multixactMembersCreate(let offset, let members), .multixactMembers):
      try setMembers(members, from: offset, number, &value)
    default: throw .wrongKey
    }
  }

  private static func setStatus(
    _ status: TransactionStatusPage.Status,
    of transactions: [UInt32],
    _ page: UInt64,
    _ value: inout [UInt8]
  ) throws(RedoFault) {
    for transaction in transactions {
      let place = SLRUGeometry.status(of: transaction)
      guard UInt64(place.page.number) == page else { throw .wrongKey }
      value[place.byte] = value[place.byte] & ~(3 << place.shift) | status.rawValue << place.shift
    }
  }

  /// - offset: of the first member; the count of members wraps around.
  private static func setMembers(
    _ members: [NeonRecord.MultixactMember],
    from offset: UInt32,
    _ page: UInt64,
    _ value: inout [UInt8]
  ) throws(RedoFault) {
    for (index, member) in members.enumerated() {
      let place = SLRUGeometry.member(at: offset &+ UInt32(truncatingIfNeeded: index))
      guard UInt64(place.page.number) == page else { throw .wrongKey }
      guard member.status <= 0xff else { throw .badField(found: UInt64(member.status), limit: 0xff) }
      value[place.flagsByte + Int(place.flagsShift / 8)] = UInt8(truncatingIfNeeded: member.status)
      store(member.transaction, place.memberByte, &value)
    }
  }

  /// The place is within a page, which the value has as its beginning.
  private static func store(_ number: UInt32, _ place: Int, _ value: inout [UInt8]) {
    for index in 0..<4 { value[place + index] = UInt8(truncatingIfNeeded: number >> (8 * UInt32(index))) }
  }
}

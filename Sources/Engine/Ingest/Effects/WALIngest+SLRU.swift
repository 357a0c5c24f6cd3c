import IndexFormat

/// Records of pg_xact and of multixacts.
///
/// | record | main data |
/// |---|---|
/// | zero page | page: u32, of 17 i64 |
/// | truncation of pg_xact | page: u32, of 17 i64; oldestXid u32; oldestXidDB u32 |
/// | multixact create | number u32, offset u32, count i32, members: transaction u32, status u32 |
/// | multixact truncation | oldestMultiDB, start and end of numbers, start and end of members: u32 each |
///
/// Only a zeroed page makes a segment, or makes it longer. Only shard 0 keeps any of this; all keep the checkpoint.
extension WALIngest {
  func ingestCommitLog(
    _ record: borrowing WALRecord,
    _ data: consuming RecordFields,
    _ output: IngestOutput
  ) throws(IngestFault) {
    switch record.header.info & 0xf0 {
    case 0x00: putZeroPage(.transactionStatus, try page(&data), output)
    case 0x10:
      let first = try page(&data)
      let (oldest, database) = (try data.uint32("oldestXid"), try data.uint32("oldestXidDB"))
      state.checkpoint.modify {
        $0.oldestTransaction = oldest
        $0.oldestTransactionDatabase = database
      }
      truncateStatuses(before: first, output)
    default: break
    }
  }

  func ingestMultixact(
    _ record: borrowing WALRecord,
    _ data: consuming RecordFields,
    _ output: IngestOutput
  ) throws(IngestFault) {
    switch record.header.info & 0xf0 {
    case 0x00: putZeroPage(.multixactOffsets, try page(&data), output)
    case 0x10: putZeroPage(.multixactMembers, try page(&data), output)
    case 0x20: try createMultixact(&data, output)
    case 0x30: try truncateMultixacts(&data, output)
    default: break
    }
  }

  /// The number of a page; page servers cut it to 32 bits.
  private func page(_ data: inout RecordFields) throws(IngestFault) -> UInt32 {
    if rules.version >= .v17 { return UInt32(truncatingIfNeeded: try data.uint64("pageno")) }
    return try data.uint32("pageno")
  }

  // MARK: Segments

  private func putZeroPage(_ kind: SLRUKind, _ number: UInt32, _ output: IngestOutput) {
    guard rules.isShardZero else { return }
    let page = SLRUGeometry.Page(number: number)
    let segment = SLRUSegment(kind, number: page.segment)
    let known = state.segments[kind]?[segment.number]
    if known == nil {
      setSize(of: segment, to: 0, output)
      putDirectory(kind, output)
    }
    let count = known ?? 0
    if page.block.value >= count {
      setSize(of: segment, to: page.block.value + 1, output)
      for block in count..<page.block.value {
        output.layer.putZeroPage(.slruBlock(segment, BlockNumber(block)), output.lsn)
      }
    }
    output.layer.putZeroPage(page.key(kind), output.lsn)
  }

  private func setSize(of segment: SLRUSegment, to count: UInt32, _ output: IngestOutput) {
    state.segments[segment.kind, default: [:]][segment.number] = count
    output.put(.slruSegmentSize(segment), BlockCountValue(count))
  }

  private func putDirectory(_ kind: SLRUKind, _ output: IngestOutput) {
    output.put(.slruDirectory(kind), SLRUSegmentDirectory(Array(state.segments[kind, default: [:]].keys)))
  }

  private func drop(_ kind: SLRUKind, _ output: IngestOutput, where isDropped: (UInt32) -> Bool) {
    guard rules.isShardZero else { return }
    let segments = state.segments[kind, default: [:]].keys.filter(isDropped)
    guard !segments.isEmpty else { return }
    for segment in segments { state.segments[kind]?[segment] = nil }
    putDirectory(kind, output)
  }

  // MARK: Truncation

  private func truncateStatuses(before first: UInt32, _ output: IngestOutput) {
    let next = UInt32(truncatingIfNeeded: state.checkpoint.value.nextTransaction)
    // Numbers that seem to have gone round: PostgreSQL truncates nothing then.
    if Self.precedes(next / SLRUGeometry.transactionsPerPage, first) { return }
    drop(.transactionStatus, output) { segment in
      let page = segment &* SLRUKind.pagesPerSegment
      return Self.precedes(page, first) && Self.precedes(page &+ SLRUKind.pagesPerSegment &- 1, first)
    }
  }

  /// Whether all transactions of a page are before those of another.
  static func precedes(_ left: UInt32, _ right: UInt32) -> Bool {
    let count = SLRUGeometry.transactionsPerPage
    let first = left &* count &+ firstComparableTransaction
    let second = right &* count &+ firstComparableTransaction
    return isBefore(first, second) && isBefore(first, second &+ count &- 1)
  }

  /// One behind the first normal transaction, as PostgreSQL has it.
  private static let firstComparableTransaction: UInt32 = 4

  private static func isBefore(_ left: UInt32, _ right: UInt32) -> Bool {
    // Those without a place in the order; page servers take 3 for one of them.
    if left <= 3 || right <= 3 { return left < right }
    return Int32(bitPattern: left &- right) < 0
  }

  private func truncateMultixacts(_ data: inout RecordFields, _ output: IngestOutput) throws(IngestFault) {
    let database = try data.uint32("oldestMultiDB")
    try data.skip(4, "startTruncOff")
    let oldest = try data.uint32("endTruncOff")
    let (start, end) = (try data.uint32("startTruncMemb"), try data.uint32("endTruncMemb"))
    state.checkpoint.modify {
      $0.oldestMultixact = oldest
      $0.oldestMultixactDatabase = database
    }
    // Segments of numbers stay: page servers never drop them.
    let first = SLRUGeometry.member(at: start).page.segment
    let last = SLRUGeometry.member(at: end).page.segment
    drop(.multixactMembers, output) { segment in
      // Around the end of the offsets it goes on at 0.
      first <= last ? (first..<last).contains(segment) : segment >= first || segment < last
    }
  }

  // MARK: Multixacts

  private func createMultixact(_ data: inout RecordFields, _ output: IngestOutput) throws(IngestFault) {
    let (number, first) = (try data.uint32("mid"), try data.uint32("moff"))
    let count = try data.count("members", elementByteCount: 8)
    var offset = first
    var newest: UInt32?
    var members: [NeonRecord.MultixactMember] = []
    if rules.isShardZero {
      let page = SLRUGeometry.offset(of: number).page
      output.put(page.key(.multixactOffsets), .multixactOffsetCreate(multixact: number, offset: first))
    }
    for _ in 0..<count {
      let member = NeonRecord.MultixactMember(
        transaction: try data.uint32("member"),
        status: try data.uint32("member's status")
      )
      let page = SLRUGeometry.member(at: offset).page
      if !members.isEmpty, page != SLRUGeometry.member(at: offset &- 1).page {
        putMembers(&members, endingAt: offset, output)
      }
      members.append(member)
      offset = offset &+ 1
      if newest.map({ Int32(bitPattern: member.transaction &- $0) > 0 }) ?? true {
        newest = member.transaction
      }
    }
    putMembers(&members, endingAt: offset, output)
    state.checkpoint.advance(nextMultixact: number &+ 1, offset: offset)
    if let newest { state.checkpoint.advance(past: newest) }
  }

  /// Members that lie on one page.
  private func putMembers(
    _ members: inout [NeonRecord.MultixactMember],
    endingAt end: UInt32,
    _ output: IngestOutput
  ) {
    defer { members.removeAll(keepingCapacity: true) }
    guard !members.isEmpty, rules.isShardZero else { return }
    let start = end &- UInt32(truncatingIfNeeded: members.count)
    output.put(
      SLRUGeometry.member(at: start).page.key(.multixactMembers),
      .multixactMembersCreate(offset: start, members: members)
    )
  }
}

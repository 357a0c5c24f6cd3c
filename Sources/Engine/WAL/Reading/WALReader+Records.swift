import IndexFormat

/// Records within a page and over several.
extension WALReader {
  /// Begins the record at `offset`, and shows it if all of it is on this page.
  @inline(__always)
  mutating func begin(
    _ bytes: RawSpan,
    _ visit: (Place, RawSpan) -> Flow,
    _ report: (WALProblem) -> Void
  ) -> Flow {
    let room = bytes.byteCount &- offset
    guard room >= 4 else { return .goOn }
    let length = bytes.littleEndian32(offset)
    guard length >= UInt32(WALRecordHeader.byteCount), length <= recordLimit else {
      refuse(length, bytes, report)
      return .goOn
    }
    let start = lsn
    if room >= WALRecordHeader.byteCount, !isPlausible(bytes, offset), Int(length) > room || isDoubtful {
      // A right checksum would excuse a wrong link; but it is far away.
      if !isDoubtful { report(implausible(bytes, offset, start)) }
      resynchronize(bytes, from: offset &+ 8)
      return .goOn
    }
    guard Int(length) <= room else {
      assembled.removeAll(keepingCapacity: true)
      chain = .inRecord(start: start, missing: length)
      return .goOn
    }
    let record = bytes.extracting(offset..<offset &+ Int(length))
    return end(record, start, bytes, offset &+ Int(length), visit, report)
  }

  /// Takes what the page has of the record that began on another, or begins here and goes on.
  mutating func take(
    _ bytes: RawSpan,
    _ start: Lsn,
    _ missing: UInt32,
    _ visit: (Place, RawSpan) -> Flow,
    _ report: (WALProblem) -> Void
  ) -> Flow {
    let count = min(Int(missing), bytes.byteCount &- offset)
    let hadHeader = assembled.count >= WALRecordHeader.byteCount
    bytes.extracting(offset..<offset &+ count).withUnsafeBytes { assembled.append(contentsOf: $0) }
    offset &+= count
    chain = .inRecord(start: start, missing: missing &- UInt32(count))
    if !hadHeader, assembled.count >= WALRecordHeader.byteCount, !isPlausible(assembled.span.bytes, 0) {
      if !isDoubtful { report(implausible(assembled.span.bytes, 0, start)) }
      resynchronize(bytes, from: offset)
      return .goOn
    }
    guard count == Int(missing) else { return .goOn }
    let whole = assembled
    assembled = []
    defer { if whole.capacity <= Self.keptByteCount { assembled = whole } }
    return end(whole.span.bytes, start, bytes, offset, visit, report)
  }

  /// Judges a record that is whole, shows it, and moves to `next`, where its bytes end on this page.
  @inline(__always)
  private mutating func end(
    _ record: RawSpan,
    _ start: Lsn,
    _ bytes: RawSpan,
    _ next: Int,
    _ visit: (Place, RawSpan) -> Flow,
    _ report: (WALProblem) -> Void
  ) -> Flow {
    let checksum = RecordChecksum.value(of: record)
    guard checksum == record.littleEndian32(20) else {
      damaged(record, start, checksum, bytes, next, report)
      return .goOn
    }
    let link = record.littleEndian64(8)
    if let previousRecord, link != previousRecord.value {
      report(
        WALProblem(
          .record,
          start,
          "the record does not name the one before it",
          seen: "\(Lsn(link))",
          expected: "\(previousRecord)"
        )
      )
    }
    previousRecord = start
    isDoubtful = false
    recordCount &+= 1
    offset = (next &+ 7) & ~7
    var place = Place(start: start, end: lsn)
    let isSwitch =
      record.byte(17) == 0 && record.byte(16) & 0xf0 == 0x40 && record.byteCount == WALRecordHeader.byteCount
    if isSwitch {
      place.end = nextSegment(of: lsn)
      chain = .padding
    } else {
      chain = .atRecord
    }
    return start >= firstShown ? visit(place, record) : .goOn
  }

  // MARK: Damage

  /// Whether the header could be that of a record: only numbers that cannot be are refused.
  @inline(__always)
  private func isPlausible(_ bytes: RawSpan, _ offset: Int) -> Bool {
    ResourceManager.isValid(bytes.byte(offset &+ 17), rules.version ?? .v17)
      && (previousRecord == nil || bytes.littleEndian64(offset &+ 8) == previousRecord?.value)
  }

  private func implausible(_ bytes: RawSpan, _ offset: Int, _ start: Lsn) -> WALProblem {
    let manager = bytes.byte(offset &+ 17)
    guard ResourceManager.isValid(manager, rules.version ?? .v17) else {
      let expected = "a number of PostgreSQL's or of an extension's"
      let message = "the record has an impossible resource manager"
      return WALProblem(.record, start, message, seen: "\(manager)", expected: expected)
    }
    return WALProblem(
      .record,
      start,
      "the record does not name the one before it",
      seen: "\(Lsn(bytes.littleEndian64(offset &+ 8)))",
      expected: "\(previousRecord ?? .invalid)"
    )
  }

  /// There is no record at `offset`: zeros, or a length that cannot be.
  @inline(never)
  private mutating func refuse(_ length: UInt32, _ bytes: RawSpan, _ report: (WALProblem) -> Void) {
    let start = lsn
    if length == 0 {
      let wasDoubtful = isDoubtful
      if wasDoubtful {
        resynchronize(bytes, from: offset &+ 8)
        if case .atRecord = chain { return }
      }
      endInZeros(at: start, report)
      return
    }
    if !isDoubtful {
      let expected = "\(WALRecordHeader.byteCount) to \(recordLimit)"
      let message = "the record has an impossible length"
      report(WALProblem(.record, start, message, seen: "\(length)", expected: expected))
    }
    resynchronize(bytes, from: offset &+ 8)
  }

  /// There are zeros where a record should begin or go on; `start` is where it begins.
  mutating func endInZeros(at start: Lsn, _ report: (WALProblem) -> Void) {
    lose()
    chain = .ended(start, isReported: !mayEnd)
    offset = WALPageHeader.pageByteCount
    if !mayEnd {
      report(WALProblem(.end, start, "the WAL ends here in zeros", seen: "zeros", expected: "a record"))
    }
  }

  /// The record's checksum is wrong: its content or its length. Goes on behind it if the record there names this one.
  @inline(never)
  private mutating func damaged(
    _ record: RawSpan,
    _ start: Lsn,
    _ checksum: UInt32,
    _ bytes: RawSpan,
    _ next: Int,
    _ report: (WALProblem) -> Void
  ) {
    if !isDoubtful {
      let hex = { (value: UInt32) in "0x" + String(value, radix: 16) }
      let (seen, expected) = (hex(checksum), hex(record.littleEndian32(20)))
      report(WALProblem(.record, start, "the record's checksum is wrong", seen: seen, expected: expected))
    }
    let behind = (next &+ 7) & ~7
    let begun = start >= page ? Int(start.value &- page.value) : offset
    previousRecord = start
    isDoubtful = true
    if bytes.byteCount &- behind >= WALRecordHeader.byteCount, !isPlausible(bytes, behind) {
      resynchronize(bytes, from: start >= page ? begun &+ 8 : behind)
      return
    }
    offset = behind
    chain = .atRecord
  }

  /// Looks for the next record on this page by its form and its checksum; if there is none, the next page will say
  /// where records begin.
  @inline(never)
  private mutating func resynchronize(_ bytes: RawSpan, from start: Int) {
    lose()
    // What looks like records and is none costs time only so often.
    var tries = 64
    var candidate = (start &+ 7) & ~7
    while tries > 0, bytes.byteCount &- candidate >= WALRecordHeader.byteCount {
      let length = bytes.littleEndian32(candidate)
      if length >= UInt32(WALRecordHeader.byteCount), Int(length) <= bytes.byteCount &- candidate,
        bytes.littleEndian16(candidate &+ 18) == 0, isPlausible(bytes, candidate)
      {
        let record = bytes.extracting(candidate..<candidate &+ Int(length))
        if RecordChecksum.value(of: record) == record.littleEndian32(20) {
          offset = candidate
          chain = .atRecord
          return
        }
        tries &-= 1
      }
      candidate &+= 8
    }
    offset = WALPageHeader.pageByteCount
  }
}

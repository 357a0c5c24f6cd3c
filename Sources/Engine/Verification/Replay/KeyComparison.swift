import IndexFormat

/// Compares keys at a point: what the timeline gives with what base and WAL lead to. For one task.
final class KeyComparison {
  private let check: ReplayCheck
  private let point: ReplayCheck.Point
  private let range: KeySpace
  private let report: ReplayReport

  /// Keys that are read at a time.
  private static let keyCount: UInt32 = 1024

  init(_ check: ReplayCheck, _ index: Int, _ keys: KeyRange, _ report: ReplayReport) {
    self.check = check
    point = check.points[index]
    range = KeySpace(keys)
    self.report = report
  }

  func run() async throws(ReplayFailure) {
    let alone = check.timeline.owned(point.timelineOnly.intersection(range))
    guard point.isReached, point.isTold else {
      let keys = check.timeline.owned(point.both.intersection(range)).union(alone)
      let reason = point.isReached ? .noHistory : check.replayed.obstacle ?? .noWAL
      count(keys.keyCount, skipped: reason)
      return
    }
    for range in check.timeline.owned(point.replayedOnly.intersection(range)).ranges {
      miss(.replayValueMissing, range, "exists by the WAL, and not in the timeline")
    }
    for range in alone.ranges {
      miss(.replayValueUnexpected, range, "exists in the timeline, and not by the WAL")
    }
    let dense = check.timeline.owned(point.both.intersection(range))
    count(dense.keyCount)
    for part in dense.parts(of: Self.keyCount) { try await compare(part) }
    for sparse in point.sparse {
      let keys = check.timeline.owned(KeySpace(sparse).intersection(range))
      if !keys.isEmpty { try await compare(keys) }
    }
  }

  private func count(_ count: UInt64, skipped: VerificationTally.SkipReason? = nil) {
    report.result.coverage.keys.present &+= count
    guard let skipped else {
      report.result.coverage.keys.checked &+= count
      return
    }
    if count > 0 { report.result.coverage.keys.skip(skipped, count) }
  }

  /// Keys that were counted as compared were not.
  private func withdraw(_ count: UInt64, _ reason: VerificationTally.SkipReason) {
    report.result.coverage.keys.checked &-= count
    report.result.coverage.keys.skip(reason, count)
  }

  private func miss(_ code: FindingCode, _ range: KeyRange, _ what: String) {
    guard let trust = check.trust else { return missTold(code, range, what) }
    for part in trust.parts(of: range) {
      if part.isTold {
        missTold(code, part.keys, what)
      } else {
        count(KeySpace(part.keys).keyCount, skipped: .notInBackup)
      }
    }
  }

  private func missTold(_ code: FindingCode, _ range: KeyRange, _ what: String) {
    let count = KeySpace(range).keyCount
    self.count(count)
    let others = count > 1 ? " and \(count - 1) keys behind it" : ""
    let isMissing = code == .replayValueMissing
    report.add(
      code,
      range.start,
      at: point.lsn,
      "\(range.start.describe())\(others) \(what)",
      seen: isMissing ? "no value" : "\(count) keys",
      expected: isMissing ? "\(count) keys" : "no value"
    )
  }

  // MARK: Reading

  private func compare(_ keys: KeySpace) async throws(ReplayFailure) {
    do throws(ReadError) {
      var rest = keys
      while !rest.isEmpty {
        let batch = try await check.timeline.read(rest, at: point.lsn)
        let handled = rest.subtracting(batch.rest)
        let reads = try await check.replayed.values.batch(of: handled, at: point.lsn)
        compare(batch, reads)
        rest = batch.rest
      }
    } catch {
      if case .cancelled = error { throw .cancelled }
      throw .read(error)
    }
  }

  private func compare(_ batch: ReadBatch, _ reads: GrowingTimeline.Reads) {
    report.result.readByteCount &+= UInt64(clamping: batch.visits.reduce(0) { $0 + $1.byteCount })
    var unknown = KeySpace()
    for failure in batch.failures { unknown = unknown.union(fail(failure.keys, failure.error, .timeline)) }
    for failure in reads.failures {
      let keys = failure.keys.subtracting(unknown)
      unknown = unknown.union(fail(keys, failure.error, .replayed))
    }
    for range in batch.missing.subtracting(unknown).ranges { missing(range, reads) }
    var redo = PageRedo(check.replayed.values.redo)
    var known: Set<Key> = []
    for read in batch.values where !read.isTombstone {
      known.insert(read.key)
      if unknown.contains(read.key) { continue }
      if read.key.isSparse { count(1) }
      guard let own = reads.values[read.key] else {
        unexpected(read.key)
        continue
      }
      compare(read, own, batch, &redo)
    }
    // The replay still has what the shard's forebears had.
    let (rules, shard) = (check.timeline.rules, check.timeline.shard)
    for own in reads.sorted where own.key.isSparse && rules.answers(own.key, shard) {
      guard !known.contains(own.key), !unknown.contains(own.key) else { continue }
      miss(
        .replayValueMissing,
        KeyRange(own.key),
        Self.missingWords
      )
    }
  }

  private static let missingWords = "has a value by the WAL, and none in the timeline"

  /// - Returns: the keys of which nothing can be said.
  private func fail(_ keys: KeySpace, _ error: ReadError, _ side: ReplaySide) -> KeySpace {
    guard !keys.isEmpty else { return keys }
    if let finding = side.finding(error, check.replayed.plan, at: point.lsn) { report.add(finding) }
    let dense = keys.subtracting(KeySpace(.sparse)).keyCount
    withdraw(dense, side.reason(error))
    return keys
  }

  /// Dense keys that have no value in the timeline. Where base and WAL have none either, both agree: that a directory
  /// says otherwise is found where values are rebuilt.
  private func missing(_ range: KeyRange, _ reads: GrowingTimeline.Reads) {
    let found = reads.values.keys.filter(range.contains)
    let keys = found.filter { check.trust?.tells($0) ?? true }
    if keys.count < found.count { withdraw(UInt64(found.count - keys.count), .notInBackup) }
    guard let first = keys.min() else { return }
    report.add(
      .replayValueMissing,
      first,
      at: point.lsn,
      "\(first.describe())\(keys.count > 1 ? " and \(keys.count - 1) keys behind it" : "") \(Self.missingWords)",
      seen: "no value",
      expected: keys.count > 1 ? "\(keys.count) values" : "a value"
    )
  }

  private func unexpected(_ key: Key) {
    if check.trust?.tells(key) == false { return withdraw(1, .notInBackup) }
    report.add(
      .replayValueUnexpected,
      key,
      at: point.lsn,
      "\(key.describe()) has a value in the timeline, and none by base and WAL",
      seen: "a value",
      expected: "no value"
    )
  }

  // MARK: Values

  private func compare(_ read: KeyRead, _ own: KeyRead, _ batch: ReadBatch, _ redo: inout PageRedo) {
    // The same image and records lead to the same value.
    if Self.areSame(read, own) { return }
    guard let value = rebuild(own, .replayed, &redo), let stored = rebuild(read, .timeline, &redo) else {
      return
    }
    guard !ComparedValue.areEqualImages(read.key, stored.span.bytes, value.span.bytes),
      let difference = ValueDifference(seen: stored.span.bytes, expected: value.span.bytes)
    else { return }
    let image = own.image?.lsn ?? point.lsn
    switch check.trust?.agreement(read.key, stored.span.bytes, value.span.bytes, imageLsn: image) {
    case .same?: return
    case .untold?: return withdraw(1, .notInBackup)
    case .different?, nil: break
    }
    let visit = Self.origin(of: read, own)
    report.add(
      .replayValueDiffers,
      read.key,
      at: point.lsn,
      object: batch.visits.indices.contains(visit) ? batch.visits[visit].object : nil,
      "\(read.key.describe()): the value at \(point.lsn) differs: \(difference.place)",
      seen: difference.seen,
      expected: difference.expected
    )
  }

  private func rebuild(_ read: KeyRead, _ side: ReplaySide, _ redo: inout PageRedo) -> [UInt8]? {
    do throws(ReadError) {
      return try redo.value(of: read, at: point.lsn, check.timeline.rules)
    } catch {
      if let finding = side.finding(error, check.replayed.plan, at: point.lsn) { report.add(finding) }
      withdraw(1, side.reason(error))
      return nil
    }
  }

  private static func areSame(_ left: KeyRead, _ right: KeyRead) -> Bool {
    guard left.records.count == right.records.count, left.image?.lsn == right.image?.lsn,
      left.image?.bytes == right.image?.bytes
    else { return false }
    return zip(left.records, right.records).allSatisfy { $0.lsn == $1.lsn && $0.record == $1.record }
  }

  /// The visit that gave what differs first: the image, or the first record that the replay does not have as well.
  private static func origin(of read: KeyRead, _ own: KeyRead) -> Int {
    for record in read.records {
      let isKnown = own.records.contains { $0.lsn == record.lsn && $0.record == record.record }
      if !isKnown, record.lsn > own.image?.lsn ?? .invalid { return record.visit }
    }
    return read.image?.visit ?? read.records.first?.visit ?? -1
  }
}

extension KeySpace {
  /// Parts of at most so many keys, in order.
  func parts(of limit: UInt32) -> [KeySpace] {
    var parts: [KeySpace] = []
    var (part, count) = (KeySpace(), UInt32(0))
    for range in ranges {
      var cursor = range.start
      while cursor < range.end {
        let left = UInt32(clamping: KeyRange(start: cursor, end: range.end).keyCount)
        let step = min(left, limit &- count)
        let next = min(cursor.advanced(by: step) ?? range.end, range.end)
        part.append(KeyRange(start: cursor, end: next))
        count &+= step
        cursor = next
        guard count >= limit else { continue }
        parts.append(part)
        (part, count) = (KeySpace(), 0)
      }
    }
    if !part.isEmpty { parts.append(part) }
    return parts
  }
}

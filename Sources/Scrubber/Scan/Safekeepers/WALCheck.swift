import IndexFormat

/// Compares what safekeepers say of one timeline with its objects: a pure function, without clock and requests.
///
/// | what | rule |
/// |---|---|
/// | due | the segment of `start` up to the one before that of `backup`: safekeepers raise `backup` over whole segments |
/// | start not known | from the first segment that is there, and not segment 0, which PostgreSQL never writes |
/// | size | what safekeepers say, else `--wal-seg-size`, else 16 MiB unless all objects speak for another one |
/// | partial segments | of each safekeeper the newest counts: the greatest term, then the greatest flush LSN |
///
/// Segments are counted as ranges: a claim may span more of them than there are atoms in a grain of salt.
struct WALCheck {
  let claim: TimelineClaim?
  let inventory: WALInventory
  /// What keys begin with.
  let prefix: String
  let size: WALSegmentSize
  private(set) var outcome: WALOutcome

  /// Findings of one kind about single objects of a timeline; the rest is counted in one more.
  private static let maxFindingsOfAKind = 100

  static func check(
    _ claim: TimelineClaim?,
    _ inventory: WALInventory,
    prefix: String,
    segmentSize: WALSegmentSize?
  ) -> WALOutcome {
    var check = WALCheck(claim, inventory, prefix, segmentSize)
    check.run()
    return check.outcome
  }

  private init(
    _ claim: TimelineClaim?,
    _ inventory: WALInventory,
    _ prefix: String,
    _ option: WALSegmentSize?
  ) {
    self.claim = claim
    self.inventory = inventory
    self.prefix = prefix
    let claimed = claim.flatMap { WALSegmentSize(byteCount: UInt64($0.segmentSize)) }
    size = claimed ?? option ?? Self.guessedSize(inventory, claim)
    outcome = WALOutcome(size: size)
  }

  private mutating func run() {
    let listed = inventory.segments.filter { $0.presence == .listed }
    outcome.verdict.coverage.objectsListed = inventory.objectCount
    outcome.verdict.coverage.bytesListed = inventory.byteCount
    for segment in listed { outcome.verdict.coverage.visit(1, bytes: segment.size) }
    for partial in inventory.partials { outcome.verdict.coverage.visit(1, bytes: partial.size) }
    checkStrays()
    guard let claim else {
      if inventory.objectCount > 0 { reportUnclaimed() }
      return
    }
    outcome.verdict.timelineShardCount = 1
    guard !claim.isCancelled else {
      let count = Count(claim.cancelledRowCount, "safekeeper")
      report(
        .walTimelineCancelled,
        message: "\(count) are letting go of the timeline; its WAL was not checked"
      )
      return
    }
    outcome.verdict.timelineCount = 1
    checkClaim(claim)
    let numbers = checkSegments()
    checkPartials()
    checkCompleteness(claim, numbers)
  }

  // MARK: Claims

  private mutating func checkClaim(_ claim: TimelineClaim) {
    if claim.segmentSize != 0, WALSegmentSize(byteCount: UInt64(claim.segmentSize)) == nil {
      report(
        .walClaimInvalid,
        message: "PostgreSQL has no segments of this size; \(size.byteCount) bytes were assumed",
        seen: "\(claim.segmentSize)",
        expected: "a power of two from 1 MiB to 1 GiB"
      )
    }
    if claim.commit != .invalid, claim.commit < claim.backup {
      report(
        .walClaimInvalid,
        lsn: claim.backup,
        message: "the bucket is said to hold WAL that was never committed",
        seen: "backup_lsn \(claim.backup)",
        expected: "at most the commit LSN, \(claim.commit)"
      )
    }
    if claim.start != claim.latestStart {
      report(
        .walClaimsDisagree,
        lsn: claim.start,
        message: "safekeepers disagree on where the timeline begins",
        seen: "\(claim.start) and \(claim.latestStart)",
        expected: "one timeline_start_lsn"
      )
    }
    if claim.segmentSizesDiffer {
      report(.walClaimsDisagree, message: "safekeepers disagree on the size of segments")
    }
    if claim.systemIdentifiersDiffer {
      report(.walClaimsDisagree, message: "safekeepers disagree on which database system the WAL is of")
    }
  }

  /// The size that the objects speak for when nobody says it: 16 MiB, unless more than half of the segments, and two at
  /// least, have another size that segments can have, and the timeline would begin with the first of them.
  private static func guessedSize(_ inventory: WALInventory, _ claim: TimelineClaim?) -> WALSegmentSize {
    var counts: [UInt64: Int] = [:]
    for segment in inventory.segments { counts[segment.size, default: 0] += 1 }
    guard let (byteCount, count) = counts.max(by: { ($0.value, $0.key) < ($1.value, $1.key) }), count >= 2,
      count * 2 > inventory.segments.count, let size = WALSegmentSize(byteCount: byteCount),
      let first = inventory.segments.first?.name.segment(size: size)
    else { return .standard }
    guard let claim, claim.start != .invalid else { return size }
    return size.segment(of: claim.start) == first ? size : .standard
  }

  // MARK: Objects

  private mutating func checkStrays() {
    for stray in inventory.strays {
      outcome.verdict.coverage.visit(stray)
      reportUnknownName(stray.key, stray.size, "no safekeeper writes an object of this name")
    }
  }

  private mutating func reportUnknownName(_ key: String, _ bytes: UInt64, _ message: String) {
    report(
      .objectUnknownName,
      object: key,
      message: message,
      expected: "a segment's name of 24 upper-case hex digits, or one of a partial segment",
      bytes: bytes
    )
  }

  /// Checks names and sizes; gives the numbers of the segments that are there, in order.
  private mutating func checkSegments() -> [UInt64] {
    var numbers: [UInt64] = []
    var wrongSizeCount = 0
    for segment in inventory.segments {
      let key = key(segment.name)
      guard segment.name.postgresTimeline == WALSegmentName.neonTimeline else {
        reportUnknownName(key, segment.size, "the name is of another timeline of PostgreSQL than 1")
        continue
      }
      guard let number = segment.name.segment(size: size) else {
        reportUnknownName(key, segment.size, "no segment of \(size.byteCount) bytes has this name")
        continue
      }
      numbers.append(number.value)
      guard segment.presence != .unknown, segment.size != size.byteCount else { continue }
      wrongSizeCount += 1
      guard wrongSizeCount <= Self.maxFindingsOfAKind else { continue }
      report(
        .walSegmentSize,
        object: key,
        lsn: size.start(of: number),
        message: "the segment is \(segment.size < size.byteCount ? "cut off" : "too long")",
        seen: "\(segment.size) bytes",
        expected: "\(size.byteCount) bytes"
      )
    }
    if wrongSizeCount > Self.maxFindingsOfAKind {
      let more = wrongSizeCount - Self.maxFindingsOfAKind
      report(.walSegmentSize, message: "\(Count(more, "more segment")) of this timeline have a wrong size")
    }
    return numbers
  }

  private mutating func checkPartials() {
    for partials in Dictionary(grouping: inventory.partials, by: \.name.node).values {
      let newest = partials.max { ($0.name.term, $0.name.flushLsn) < ($1.name.term, $1.name.flushLsn) }
      for partial in partials { checkPartial(partial, isNewest: partial == newest) }
    }
    // A dictionary has no order.
    outcome.verdict.findings.sort {
      ($0.objectKey ?? "", $0.code.rawValue) < ($1.objectKey ?? "", $1.code.rawValue)
    }
  }

  private mutating func checkPartial(_ partial: WALInventory.Partial, isNewest: Bool) {
    let key =
      "\(prefix)\(SafekeeperObjectKey.timelinePrefix(inventory.tenant, inventory.timeline))\(partial.name)"
    let name = partial.name
    let expected = name.byteCount(size: size)
    if name.segment.postgresTimeline != WALSegmentName.neonTimeline || !name.isConsistent(size: size) {
      report(
        .walPartialMisnamed,
        object: key,
        lsn: name.flushLsn,
        message: "the flush LSN does not lie in the segment of the name",
        seen: "\(name.segment)",
        expected: WALSegmentName(size.segment(of: name.flushLsn), size: size)?.description
      )
    } else if !isNewest {
      report(
        .walPartialSuperseded,
        object: key,
        lsn: name.flushLsn,
        message: "safekeeper \(name.node) has uploaded a newer one",
        bytes: partial.size
      )
    } else if partial.size != expected {
      report(
        .walPartialSize,
        object: key,
        lsn: name.flushLsn,
        message: "the object does not end at the flush LSN of its name",
        seen: "\(partial.size) bytes",
        expected: "\(expected) bytes"
      )
    }
  }

  // MARK: Completeness

  private mutating func checkCompleteness(_ claim: TimelineClaim, _ numbers: [UInt64]) {
    let end = size.segment(of: claim.backup).value
    let start: UInt64
    if claim.start == .invalid {
      guard claim.backup != .invalid else { return }
      let stated = claim.hasPlaceholderStart ? TimelineClaim.placeholderStart : Lsn.invalid
      report(
        .walStartUnknown,
        lsn: stated,
        message: "the timeline's start is not known; its WAL was checked from the first segment that is there"
      )
      start = max(1, numbers.first ?? 1)
    } else {
      start = size.segment(of: claim.start).value
      checkBeforeStart(claim, numbers.prefix { $0 < start })
      guard claim.backup == .invalid || claim.start <= claim.backup else {
        report(
          .walClaimInvalid,
          lsn: claim.start,
          message: "the timeline is said to begin behind what the bucket holds of it",
          seen: "timeline_start_lsn \(claim.start)",
          expected: "at most backup_lsn, \(claim.backup)"
        )
        return
      }
    }
    if !inventory.hasHoles, start < end {
      reportMissing(Self.gaps(in: start..<end, numbers), due: start..<end)
    }
    checkUploads(claim, max(start, end), numbers)
  }

  private mutating func checkBeforeStart(_ claim: TimelineClaim, _ numbers: ArraySlice<UInt64>) {
    guard let first = numbers.first else { return }
    report(
      .walBeforeStart,
      lsn: size.start(of: WALSegmentNumber(first)),
      message: "\(Count(numbers.count, "segment")) before the timeline's start, \(claim.start)",
      bytes: UInt64(numbers.count).multipliedReportingOverflow(by: size.byteCount).partialValue
    )
  }

  /// The parts of `range` that hold none of `numbers`, which are in order.
  static func gaps(in range: Range<UInt64>, _ numbers: [UInt64]) -> [Range<UInt64>] {
    var gaps: [Range<UInt64>] = []
    var next = range.lowerBound
    for number in numbers where number >= next && number < range.upperBound {
      if number > next { gaps.append(next..<number) }
      next = number + 1
    }
    if next < range.upperBound { gaps.append(next..<range.upperBound) }
    return gaps
  }

  private mutating func reportMissing(_ gaps: [Range<UInt64>], due: Range<UInt64>) {
    outcome.missing = gaps
    for gap in gaps.prefix(Self.maxFindingsOfAKind) {
      guard let first = WALSegmentName(WALSegmentNumber(gap.lowerBound), size: size) else { continue }
      let last = WALSegmentName(WALSegmentNumber(gap.upperBound - 1), size: size)
      let names =
        gap.count > 1
        ? "segments \(first) to \(last.map { "\($0)" } ?? "the last") are" : "segment \(first) is"
      report(
        .walSegmentMissing,
        object: key(first),
        lsn: size.start(of: WALSegmentNumber(gap.lowerBound)),
        message: "\(names) not in the bucket\(coverByPartials(gap))",
        seen:
          "\(Self.difference(due) - min(Self.difference(due), missingCount(gaps))) of \(Self.difference(due)) segments",
        expected: "all from timeline_start_lsn to backup_lsn",
        bytes: Self.saturatingProduct(Self.difference(gap), size.byteCount)
      )
    }
    if gaps.count > Self.maxFindingsOfAKind {
      let more = gaps.count - Self.maxFindingsOfAKind
      report(.walSegmentMissing, message: "\(Count(more, "more gap")) in the WAL of this timeline")
    }
  }

  private func missingCount(_ gaps: [Range<UInt64>]) -> UInt64 { gaps.reduce(0) { $0 + Self.difference($1) } }
  private static func difference(_ range: Range<UInt64>) -> UInt64 { range.upperBound - range.lowerBound }

  static func saturatingProduct(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let (product, overflow) = left.multipliedReportingOverflow(by: right)
    return overflow ? .max : product
  }

  /// What partial segments hold of a gap, in words.
  private func coverByPartials(_ gap: Range<UInt64>) -> String {
    let best = inventory.partials.map(\.name).filter { name in
      name.isConsistent(size: size) && name.segment(size).map { gap.contains($0.value) } ?? false
    }
    .max { $0.commitLsn < $1.commitLsn }
    guard let best else { return "" }
    return
      "; a partial one of safekeeper \(best.node) holds it up to \(best.flushLsn), committed up to \(best.commitLsn)"
  }

  /// Committed segments that nobody has said to be in the bucket yet.
  private mutating func checkUploads(_ claim: TimelineClaim, _ from: UInt64, _ numbers: [UInt64]) {
    let end = size.segment(of: claim.commit).value
    guard from < end, !inventory.hasHoles else { return }
    let waiting = missingCount(Self.gaps(in: from..<end, numbers))
    guard waiting > 0 else { return }
    report(
      .walUploadBehind,
      lsn: size.start(of: WALSegmentNumber(from)),
      message:
        "\(waiting) complete segment\(waiting == 1 ? "" : "s") up to the commit LSN, \(claim.commit), wait for upload"
    )
  }

  private mutating func reportUnclaimed() {
    let names = inventory.segments.map(\.name)
    let what =
      if let first = names.first, let last = names.last {
        "segments \(first) to \(last)"
      } else {
        "no complete segment"
      }
    report(
      .walTimelineUnclaimed,
      object: prefix + SafekeeperObjectKey.timelinePrefix(inventory.tenant, inventory.timeline),
      message: "no safekeeper names the timeline: \(Count(inventory.objectCount, "object")), \(what)",
      bytes: inventory.byteCount
    )
  }

  // MARK: Reporting

  private func key(_ name: WALSegmentName) -> String {
    "\(prefix)\(SafekeeperObjectKey.timelinePrefix(inventory.tenant, inventory.timeline))\(name)"
  }

  private mutating func report(
    _ code: FindingCode,
    object: String? = nil,
    lsn: Lsn? = nil,
    message: String,
    seen: String? = nil,
    expected: String? = nil,
    bytes: UInt64? = nil
  ) {
    outcome.verdict.findings.append(
      Finding(
        code,
        tenant: inventory.tenant,
        timeline: inventory.timeline,
        objectKey: object,
        lsn: lsn,
        message: message,
        seen: seen,
        expected: expected,
        bytes: bytes
      )
    )
  }
}

/// What a check of one timeline came to.
struct WALOutcome: Sendable {
  var verdict = TenantVerdict()
  /// Numbers of segments that are due and not there.
  var missing: [Range<UInt64>] = []
  var size: WALSegmentSize

  init(size: WALSegmentSize) { self.size = size }

  /// Whether it is worth looking again and asking whether the timeline still exists.
  var isSuspicious: Bool { verdict.findings.contains { $0.code.entry.severity == .error } }
}

extension PartialSegmentName {
  fileprivate func segment(_ size: WALSegmentSize) -> WALSegmentNumber? { segment.segment(size: size) }
}

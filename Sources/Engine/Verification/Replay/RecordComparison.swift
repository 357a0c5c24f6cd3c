import IndexFormat

/// Compares what a timeline's layers hold, in a range of keys and of the LSNs of a point, with what the WAL gave. Both
/// are gone through in the order of keys and LSNs, piece by piece. For one task.
final class RecordComparison {
  private let check: ReplayCheck
  private let point: ReplayCheck.Point
  private let report: ReplayReport
  private let meter = ReadMeter()
  private let ours: ValueMerge
  private let theirs: ValueMerge
  /// What was compared last: there may be several of one key and LSN.
  private var matched: TreeKey?
  private var images: ImageComparison

  /// Bytes of one layer that are held at least.
  private static let leastPieceByteCount = 16 << 10
  private static let mostPieceByteCount = 1 << 20

  init(_ check: ReplayCheck, _ index: Int, _ keys: KeyRange, _ report: ReplayReport) {
    self.check = check
    point = check.points[index]
    self.report = report
    images = ImageComparison(check, report)
    let point = point
    let others = Self.places(check.timeline, keys, point.lsns)
    let own =
      point.isReached ? check.replayed.grown.flatMap { Self.places($0, keys, point.lsns) } : []
    let share = check.byteBudget / max(1, others.count + own.count)
    let piece = min(max(share, Self.leastPieceByteCount), Self.mostPieceByteCount)
    let (meter, timeline) = (meter, check.timeline)
    func merge(_ places: [Place], _ meter: ReadMeter?) -> ValueMerge {
      ValueMerge(
        places.map {
          ValueCursor($0.timeline, $0.position, keys, $0.lsns, of: timeline, pieceByteCount: piece, meter)
        }
      )
    }
    ours = merge(own, nil)
    theirs = merge(others, meter)
  }

  // MARK: Layers

  private struct Place {
    var timeline: Timeline
    var position: LayerMap.Position
    var lsns: ClosedRange<Lsn>
  }

  /// Layers of a timeline, and of those that it branched off, that have these keys and LSNs.
  private static func places(_ timeline: Timeline, _ keys: KeyRange, _ lsns: ClosedRange<Lsn>) -> [Place] {
    var places: [Place] = []
    var (timeline, last) = (timeline, lsns.upperBound)
    while true {
      guard lsns.lowerBound <= last else { return places }
      let lsns = lsns.lowerBound...last
      for (index, layer) in timeline.map.layers.enumerated() {
        let name = layer.name
        guard name.keys.overlaps(keys), name.startLsn <= lsns.upperBound, name.endLsn > lsns.lowerBound else {
          continue
        }
        places.append(Place(timeline: timeline, position: LayerMap.Position(clamping: index), lsns: lsns))
      }
      guard let ancestor = timeline.ancestor else { return places }
      last = min(last, ancestor.lsn)
      timeline = ancestor.timeline
    }
  }

  // MARK: Running

  func run() async throws(ReplayFailure) {
    repeat {
      if Task.isCancelled { throw .cancelled }
      while let cursor = ours.waiting {
        await cursor.fill()
        ours.settle()
      }
      while let cursor = theirs.waiting {
        await cursor.fill()
        theirs.settle()
      }
      if images.isFull { try await images.run() }
    } while step()
    try await images.run()
    if let failure = ours.cursors.lazy.compactMap(\.failure).first { throw .read(.layer(failure.error)) }
    if let damage = ours.cursors.lazy.compactMap(\.damages.first).first { throw .read(.layer(damage.error)) }
    for cursor in theirs.cursors {
      for damage in cursor.damages { report.add(damage.error, key: damage.key) }
      if let failure = cursor.failure { report.add(failure.error) }
    }
    report.result.readByteCount &+= UInt64(clamping: meter.byteCount)
  }

  /// Goes on as far as values are at hand; false at the end.
  private func step() -> Bool {
    while ours.waiting == nil, theirs.waiting == nil, !images.isFull {
      switch (ours.firstKey, theirs.firstKey) {
      case (nil, nil): return false
      case (let own?, let other?) where own == other: compare(other)
      case (let own?, let other) where other.map { own < $0 } ?? true: takeOwn(own)
      case (_, let other?): takeOther(other)
      case (.some, nil): return false
      }
    }
    return true
  }

  /// A value that the WAL gives: was it there?
  private func takeOwn(_ key: TreeKey) {
    if let cursor = ours.first, matched != key, key.lsn > check.history, !isUnknown(key),
      check.trust?.tells(key.key) ?? true
    {
      let words = cursor.withHead(ComparedValue.words)
      report.add(
        .replayRecordMissing,
        key.key,
        at: key.lsn,
        "\(key.key.describe()): what the WAL has at \(key.lsn) was not stored",
        seen: "no value",
        expected: words
      )
    }
    ours.advance()
  }

  /// Whether a layer that cannot be read may hold the value.
  private func isUnknown(_ key: TreeKey) -> Bool {
    theirs.cursors.contains { cursor in
      guard let failure = cursor.failure, key >= failure.from else { return false }
      let name = cursor.object.name
      return name.isDelta && name.keys.contains(key.key) && name.startLsn <= key.lsn && key.lsn < name.endLsn
    }
  }

  /// A value that is there and not in the WAL: an image, or too many.
  private func takeOther(_ key: TreeKey) {
    defer { theirs.advance() }
    guard let cursor = theirs.first else { return }
    let head = cursor.head
    let byteCount = UInt64(head.blob.count)
    guard point.isReached else {
      report.countValue(byteCount, check.replayed.obstacle)
      return
    }
    if head.isDamaged {
      report.countValue(byteCount, reason(cursor, key))
      return
    }
    if cursor.isImage {
      report.countValue(byteCount)
      cursor.withHead { images.add(key, $0, cursor.object, head.blob) }
      return
    }
    let isOfBase = key.lsn == check.replayed.plan.start
    // What a backup does not tell may lead to other values of the same records.
    let mayBeImage = isOfBase || key.lsn <= check.history || check.trust != nil
    let isImage = mayBeImage ? cursor.withHead(Self.image) : nil
    if isOfBase, isImage == nil { return }
    report.countValue(byteCount)
    if let isImage {
      cursor.withHead { images.add(key, $0.extracting(isImage), cursor.object, head.blob) }
      return
    }
    if check.trust?.tells(key.key) == false { return report.withdrawValue(byteCount, .notInBackup) }
    report.add(
      .replayRecordUnexpected,
      key.key,
      at: key.lsn,
      object: cursor.object.key,
      offset: head.blob.lowerBound,
      "\(key.key.describe()): a value was stored at \(key.lsn) that the WAL does not have",
      seen: cursor.withHead(ComparedValue.words),
      expected: "no value"
    )
  }

  /// Where in a stored value its image stands; nil if it is a record.
  private static func image(_ stored: RawSpan) -> Range<Int>? {
    do throws(FormatError) {
      let outline = try ValueOutline(parsing: stored)
      return outline.form == .image ? outline.body : nil
    } catch {
      return nil
    }
  }

  private func reason(_ cursor: ValueCursor, _ key: TreeKey) -> VerificationTally.SkipReason {
    cursor.damages.last { $0.key == key }.map { ReplaySide.reason($0.error) } ?? .damaged
  }

  /// Both have a value of the key at the LSN.
  private func compare(_ key: TreeKey) {
    guard let own = ours.first, let other = theirs.first else { return }
    if other.isImage {
      takeOther(key)
      return
    }
    defer { theirs.advance() }
    matched = key
    let head = other.head
    if head.isDamaged {
      report.countValue(UInt64(head.blob.count), reason(other, key))
      return
    }
    report.countValue(UInt64(head.blob.count))
    own.withHead { own in
      other.withHead { stored in
        if ComparedValue.areEqual(key.key, stored, own) { return }
        switch agreement(key, stored, own) {
        case .same?: break
        case .untold?: report.withdrawValue(UInt64(head.blob.count), .notInBackup)
        case .different?, nil: differ(key, stored, own, other.object, head.blob)
        }
      }
    }
  }

  /// What stored values that differ are to each other; nil if the base tells all.
  private func agreement(_ key: TreeKey, _ stored: RawSpan, _ own: RawSpan) -> BackupTrust.Agreement? {
    guard let trust = check.trust, let image = Self.image(stored), let ownImage = Self.image(own) else {
      return nil
    }
    return trust.agreement(key.key, stored.extracting(image), own.extracting(ownImage), imageLsn: key.lsn)
  }

  private func differ(
    _ key: TreeKey,
    _ stored: RawSpan,
    _ own: RawSpan,
    _ object: LayerObject,
    _ blob: Range<UInt64>
  ) {
    guard let difference = ValueDifference(seen: stored, expected: own) else { return }
    // A value that is stored as it is stands behind a header of 1 or 4 bytes.
    let header = stored.byteCount < BlobHeader.longFormStart ? 1 : BlobHeader.longByteCount
    let isPlain = blob.count == header + stored.byteCount
    report.add(
      .replayRecordDiffers,
      key.key,
      at: key.lsn,
      object: object.key,
      offset: blob.lowerBound &+ (isPlain ? UInt64(header + difference.firstByte) : 0),
      "\(key.key.describe()): \(ComparedValue.words(own)) at \(key.lsn) differs: \(difference.place)",
      seen: difference.seen,
      expected: difference.expected
    )
  }
}

import IndexFormat

/// Compares images of layers with what base and WAL lead to at their LSNs, many at a time. For one task.
final class ImageComparison {
  private struct Item {
    var place: Range<Int>
    var object: LayerObject
    var offset: UInt64
    /// What it takes there.
    var storedByteCount: UInt64
  }

  private let check: ReplayCheck
  private let report: ReplayReport
  /// By LSN.
  private var items: [Lsn: [Key: [Item]]] = [:]
  private var bytes: [UInt8] = []

  init(_ check: ReplayCheck, _ report: ReplayReport) {
    self.check = check
    self.report = report
  }

  var isFull: Bool { bytes.count >= check.byteBudget / 2 }

  func add(_ key: TreeKey, _ image: RawSpan, _ object: LayerObject, _ blob: Range<UInt64>) {
    let start = bytes.count
    bytes.append(image)
    let item = Item(
      place: start..<bytes.count,
      object: object,
      offset: blob.lowerBound,
      storedByteCount: UInt64(blob.count)
    )
    items[key.lsn, default: [:]][key.key, default: []].append(item)
  }

  /// Compares those that were gathered.
  func run() async throws(ReplayFailure) {
    let taken = items
    items = [:]
    for (lsn, images) in taken.sorted(by: { $0.key < $1.key }) {
      let keys = KeySpace(images.keys.map { KeyRange($0) })
      do throws(ReadError) {
        let reads = try await check.replayed.values.batch(of: keys, at: lsn)
        try compare(images, reads, at: lsn)
      } catch {
        if case .cancelled = error { throw .cancelled }
        throw .read(error)
      }
    }
    bytes.removeAll(keepingCapacity: true)
  }

  private func compare(
    _ images: [Key: [Item]],
    _ reads: GrowingTimeline.Reads,
    at lsn: Lsn
  ) throws(ReadError) {
    var redo = PageRedo(check.replayed.values.redo)
    for failure in reads.failures { withdraw(images, failure.keys, failure.error, at: lsn) }
    for (key, items) in images.sorted(by: { $0.key < $1.key }) {
      if reads.failures.contains(where: { $0.keys.contains(key) }) { continue }
      guard let read = reads.values[key] else {
        for item in items where !(item.place.isEmpty && key.isSparse) { unexpected(key, item, at: lsn) }
        continue
      }
      let value: [UInt8]
      do throws(ReadError) {
        value = try redo.value(of: read, at: lsn, check.timeline.rules)
      } catch {
        withdraw(images, KeySpace(KeyRange(key)), error, at: lsn)
        continue
      }
      for item in items { compare(key, item, value, imageLsn: read.image?.lsn ?? lsn, at: lsn) }
    }
  }

  private func compare(_ key: Key, _ item: Item, _ value: [UInt8], imageLsn: Lsn, at lsn: Lsn) {
    let held = bytes
    let image = held.span.bytes.extracting(item.place)
    guard !ComparedValue.areEqualImages(key, image, value.span.bytes),
      let difference = ValueDifference(seen: image, expected: value.span.bytes)
    else { return }
    switch check.trust?.agreement(key, image, value.span.bytes, imageLsn: imageLsn) {
    case .same?: return
    case .untold?: return report.withdrawValue(item.storedByteCount, .notInBackup)
    case .different?, nil: break
    }
    report.add(
      .replayValueDiffers,
      key,
      at: lsn,
      object: item.object.key,
      offset: item.offset,
      "\(key.describe()): the image at \(lsn) differs: \(difference.place)",
      seen: difference.seen,
      expected: difference.expected
    )
  }

  private func unexpected(_ key: Key, _ item: Item, at lsn: Lsn) {
    if check.trust?.tells(key) == false { return report.withdrawValue(item.storedByteCount, .notInBackup) }
    report.add(
      .replayValueUnexpected,
      key,
      at: lsn,
      object: item.object.key,
      offset: item.offset,
      "\(key.describe()): there is an image at \(lsn), and base and WAL have no value",
      seen: "image of \(item.place.count) bytes",
      expected: "no value"
    )
  }

  /// The replay's side cannot tell: what was counted as compared was not.
  private func withdraw(_ images: [Key: [Item]], _ keys: KeySpace, _ error: ReadError, at lsn: Lsn) {
    let side = ReplaySide.replayed
    if let finding = side.finding(error, check.replayed.plan, at: lsn) { report.add(finding) }
    let count = images.reduce(UInt64(0)) { $0 &+ (keys.contains($1.key) ? UInt64($1.value.count) : 0) }
    report.result.coverage.values.checked &-= count
    report.result.coverage.values.skip(side.reason(error), count)
  }
}

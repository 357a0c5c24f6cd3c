import Engine
import IndexFormat

/// What a read of one key at one LSN came to, with all that it was made of.
final class PageReading: Sendable {
  enum Outcome: Sendable {
    case value([UInt8])
    /// A sparse key that has none, or whose last value says so.
    case absent
    case failed(ReadError)
  }

  let key: Key
  let lsn: Lsn
  let place: OpenTimeline
  let outcome: Outcome
  /// The image and the records that were found.
  let found: KeyRead?
  /// In the order in which layers were read.
  let visits: [LayerVisit]

  private init(
    _ key: Key,
    _ lsn: Lsn,
    _ place: OpenTimeline,
    _ outcome: Outcome,
    _ found: KeyRead? = nil,
    _ visits: [LayerVisit] = []
  ) {
    self.key = key
    self.lsn = lsn
    self.place = place
    self.outcome = outcome
    self.found = found
    self.visits = visits
  }

  /// - Parameter validates: looks at all layers once more and compares.
  static func read(
    _ key: Key,
    at lsn: Lsn,
    in place: OpenTimeline,
    validates: Bool
  ) async -> PageReading {
    // The very last key is in no range, and so in no layer.
    guard let next = key.successor else {
      return PageReading(key, lsn, place, .failed(missing(key, lsn, place, nil)))
    }
    var options = ReadOptions()
    options.validates = validates
    do throws(ReadError) {
      let wanted = KeySpace(KeyRange(start: key, end: next))
      let batch = try await place.timeline.read(wanted, at: lsn, options)
      let found = batch.values.first
      return PageReading(key, lsn, place, outcome(key, lsn, place, batch), found, batch.visits)
    } catch {
      return PageReading(key, lsn, place, .failed(error))
    }
  }

  private static func outcome(_ key: Key, _ lsn: Lsn, _ place: OpenTimeline, _ batch: ReadBatch) -> Outcome {
    if let failure = batch.failures.first { return .failed(failure.error) }
    if batch.missing.contains(key) { return .failed(missing(key, lsn, place, batch)) }
    guard let found = batch.values.first, !found.isTombstone else { return .absent }
    do throws(ReadError) {
      return .value(try found.value(at: lsn, place.timeline.rules))
    } catch {
      return .failed(error)
    }
  }

  private static func missing(_ key: Key, _ lsn: Lsn, _ place: OpenTimeline, _ batch: ReadBatch?) -> ReadError
  {
    .missingKey(
      MissingKey(
        key: key,
        shard: place.view.shard,
        timeline: place.view.id,
        lsn: lsn,
        ancestor: batch?.lastAncestor,
        ancestorLsn: batch?.lastAncestorLsn,
        layersVisited: batch?.visits.map(\.object) ?? []
      )
    )
  }

  // MARK: What it was made of

  /// An image or a record that was taken.
  struct Part {
    var lsn: Lsn
    var value: StoredValue
    /// The position of its layer among the visits.
    var visit: Int
  }

  /// The newest first.
  var parts: [Part] {
    guard let found else { return [] }
    let records = found.records.reversed().map { record in
      Part(lsn: record.lsn, value: StoredValue(record.record), visit: record.visit)
    }
    let image = found.image.map { image in
      Part(lsn: image.lsn, value: StoredValue(imageByteCount: image.bytes.count), visit: image.visit)
    }
    return records + (image.map { [$0] } ?? [])
  }

  var readCount: Int { visits.reduce(0) { $0 + $1.readCount } }
  var readByteCount: Int { visits.reduce(0) { $0 + $1.byteCount } }

  /// Whether the value could be had by applying records.
  var needsRedo: Bool {
    if case .failed(.unreplayed(let value)) = outcome { return value.hasBase }
    return false
  }

  /// Why there is no value; nil if there is one.
  var failure: ScanFailure? {
    switch outcome {
    case .value: return nil
    case .absent:
      return ScanFailure(
        message: "key \(key) has no value at \(lsn): sparse keys need not have one",
        exitCode: .nothingMatched
      )
    case .failed(let error):
      var failure = ScanFailure(error)
      guard needsRedo else { return failure }
      failure.message = redoText
      failure.hint =
        found?.image == nil
        ? "See them with --explain." : "See them with --explain; take the image alone with --base."
      return failure
    }
  }

  private var redoText: String {
    guard let found, let first = found.records.first, let last = found.records.last else { return "" }
    let records = Count(found.records.count, "WAL record")
    let lsns = first.lsn == last.lsn ? "of \(first.lsn)" : "of \(first.lsn) to \(last.lsn)"
    let base = found.image.map { "lie on an image of \($0.lsn)" } ?? "make the value anew"
    return "key \(key) at \(lsn): \(records) \(lsns) \(base), and would have to be applied"
  }
}

extension StoredValue {
  init(imageByteCount: Int) {
    form = .image
    byteCount = imageByteCount
    willInit = true
  }

  init(_ record: NeonRecord) {
    var bytes: [UInt8] = []
    LayerValue.record(record).encode(into: &bytes)
    self.init(bytes.span.bytes, in: .delta)
  }
}

import Engine
import IndexFormat

/// What a read of one key at one LSN came to, with all that it was made of.
final class PageReading: Sendable {
  enum Outcome: Sendable {
    case value([UInt8])
    /// The image below the records, which were not applied.
    case base([UInt8])
    /// The image was asked for, and the first record makes the value anew.
    case noBase
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

  /// - Parameters:
  ///   - takesBase: takes the image alone, without the records above it.
  ///   - validates: looks at all layers once more and compares.
  static func read(
    _ key: Key,
    at lsn: Lsn,
    in place: OpenTimeline,
    takesBase: Bool = false,
    validates: Bool = false
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
      let outcome = outcome(key, lsn, place, batch, takesBase: takesBase)
      return PageReading(key, lsn, place, outcome, batch.values.first, batch.visits)
    } catch {
      return PageReading(key, lsn, place, .failed(error))
    }
  }

  private static func outcome(
    _ key: Key,
    _ lsn: Lsn,
    _ place: OpenTimeline,
    _ batch: ReadBatch,
    takesBase: Bool
  ) -> Outcome {
    if let failure = batch.failures.first { return .failed(failure.error) }
    if batch.missing.contains(key) { return .failed(missing(key, lsn, place, batch)) }
    guard let found = batch.values.first, !found.isTombstone else { return .absent }
    if takesBase, !found.records.isEmpty, found.isComplete {
      return found.image.map { .base($0.bytes) } ?? .noBase
    }
    do throws(ReadError) {
      return .value(try place.timeline.value(of: found, at: lsn))
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

  /// Whether there are records whose replay is not supported.
  var needsRedo: Bool {
    if case .failed(.unreplayed(let value)) = outcome { return value.hasBase }
    return false
  }

  /// The value, or the image that was asked for.
  var bytes: [UInt8]? {
    switch outcome {
    case .value(let bytes), .base(let bytes): bytes
    case .noBase, .absent, .failed: nil
    }
  }

  /// Why there are no bytes; nil if there are.
  var failure: ScanFailure? {
    switch outcome {
    case .value, .base: return nil
    case .noBase:
      return ScanFailure(
        message:
          "key \(key) at \(lsn): there is no image below the records: the first one makes the value anew",
        hint: "Leave --base out.",
        exitCode: .nothingMatched
      )
    case .absent:
      return ScanFailure(
        message: "key \(key) has no value at \(lsn): sparse keys need not have one",
        exitCode: .nothingMatched
      )
    case .failed(let error):
      var failure = ScanFailure(error)
      if needsRedo { failure.message = redoText(error) }
      if case .missingKey = error, case .relationBlock = KeyClass(key) {
        failure.hint = "Relations and their sizes: scrubber keyspace --show relations --lsn \(lsn)."
      }
      if needsRedo || error.isOfReplay {
        failure.hint =
          found?.image == nil
          ? "See the records with --explain."
          : "See the records with --explain; take the image below them with --base."
      }
      return failure
    }
  }

  private func redoText(_ error: ReadError) -> String {
    guard case .unreplayed(let value) = error, let found, let first = found.records.first,
      let last = found.records.last
    else { return "\(error)" }
    let records = Count(found.records.count, "WAL record")
    let lsns = first.lsn == last.lsn ? "of \(first.lsn)" : "of \(first.lsn) to \(last.lsn)"
    let base = found.image.map { "to an image of \($0.lsn)" } ?? "to make the value anew"
    let reason = value.obstacle.map { "\($0)" } ?? "the index does not say which known PostgreSQL they are of"
    return "key \(key) at \(lsn): \(records) \(lsns) would have to be applied \(base): \(reason)"
  }
}

extension ReadError {
  /// Whether a record does not fit the page that it is to be applied to.
  fileprivate var isOfReplay: Bool {
    if case .redo = self { return true }
    return false
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

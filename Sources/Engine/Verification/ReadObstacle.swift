import IndexFormat

/// Why a key has no value: how it is counted, and what is said of it.
struct ReadObstacle {
  var reason: VerificationTally.SkipReason
  /// Nil where nothing is wrong with the data, or where that cannot be told.
  var finding: FindingCode?
  var object: String?
  /// Where the trouble is, if that is another LSN than the one that was asked for.
  var lsn: Lsn?
  var message = ""
  var seen: String?
  var expected: String?

  private init(_ reason: VerificationTally.SkipReason) { self.reason = reason }

  private init(
    _ finding: FindingCode,
    _ message: String,
    object: String? = nil,
    seen: String? = nil,
    expected: String? = nil
  ) {
    reason = .damaged
    self.finding = finding
    self.object = object
    self.message = message
    self.seen = seen
    self.expected = expected
  }

  /// Throws for cancellation, which is no obstacle.
  ///
  /// - Parameter read: what was found of the key, to name the layer of a record.
  init(_ error: ReadError, _ read: KeyRead? = nil, _ visits: [LayerVisit] = []) throws(ReadError) {
    if error.isCancellation { throw .cancelled }
    guard error.isOfData else {
      self.init(.unreachable)
      return
    }
    switch error {
    case .missingKey(let missing):
      self.init(.valueMissing, "no layer has a value", object: missing.layersVisited.last)
    case .layer(let error): self.init(error)
    case .unreplayed(let value):
      if value.hasBase {
        self.init(.unsupported)
      } else {
        self.init(
          .pageNoBase,
          "\(value.recordCount) records and no page to apply them to",
          object: read?.records.first.flatMap { $0.visit < visits.count ? visits[$0.visit].object : nil }
        )
        lsn = read?.records.first?.lsn
      }
    case .redo(let error): self.init(error, read, visits)
    case .damagedValue(_, _, let error):
      self.init(.valueDamaged, "\(error.field)", seen: error.found, expected: error.expected)
    case .disagreement(_, _, let found, let expected):
      self.init(.valueUnreadable, "two ways of reading differ", seen: found, expected: expected)
    case .cancelled: self.init(.unreachable)
    }
  }

  private init(_ error: LayerReadError) {
    switch error.cause {
    case .source(let source):
      self.init(.valueUnreadable, "the layer cannot be read: \(source.detail)", object: error.key)
    case .damaged(let damage):
      self.init(
        .valueUnreadable,
        "the layer is damaged at byte \(damage.offset): \(damage.field)",
        object: error.key,
        seen: damage.found,
        expected: damage.expected
      )
    case .summary(let difference):
      self.init(
        .valueUnreadable,
        "the layer is not the one that its name says: \(difference.field)",
        object: error.key,
        seen: difference.found,
        expected: difference.expected
      )
    case .noMemory: self.init(.unreachable)
    }
  }

  private init(_ error: RedoError, _ read: KeyRead?, _ visits: [LayerVisit]) {
    let record = read?.records.first { $0.lsn == error.lsn }
    var text = "\(error.record)"
    if let manager = error.resourceManager { text += " of \(ResourceManager.name(manager))" }
    if let info = error.info { text += ", info 0x\(String(info, radix: 16))" }
    self.init(
      error.fault == .noBase ? .pageNoBase : .pageRedoFailed,
      "record \(text), at \(error.lsn): \(error.fault)",
      object: record.flatMap { $0.visit < visits.count ? visits[$0.visit].object : nil }
    )
    lsn = error.lsn
  }
}

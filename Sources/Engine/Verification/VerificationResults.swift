import IndexFormat

/// What comes of a unit while it is done. For one task.
final class VerificationResults {
  private(set) var result = VerificationResult()
  private let timeline: Timeline
  private let limit: Int

  init(_ timeline: Timeline, limit: Int) {
    self.timeline = timeline
    self.limit = limit
  }

  /// Whether another finding would be told. Where not, what only serves to word it may be left out.
  var hasRoom: Bool { result.findings.count < limit }

  func count(_ change: (inout VerificationCoverage) -> Void) { change(&result.coverage) }

  func countDepth(_ layerCount: Int) { result.countDepth(layerCount) }

  func countRead(_ byteCount: Int) { result.readByteCount &+= UInt64(clamping: byteCount) }

  /// Counts an image that was there to be compared.
  ///
  /// - Parameter reason: why it could not be; nil if it was.
  func countImage(_ byteCount: Int, skippedFor reason: VerificationTally.SkipReason?) {
    let byteCount = UInt64(clamping: byteCount)
    result.coverage.values.present &+= 1
    result.coverage.bytes.present &+= byteCount
    if let reason {
      result.coverage.values.skip(reason)
      if byteCount > 0 { result.coverage.bytes.skip(reason, byteCount) }
    } else {
      result.coverage.values.checked &+= 1
      result.coverage.bytes.checked &+= byteCount
    }
  }

  func add(
    _ code: FindingCode,
    object: String? = nil,
    key: Key? = nil,
    lsn: Lsn? = nil,
    _ message: String,
    seen: String? = nil,
    expected: String? = nil
  ) {
    guard hasRoom else {
      result.omittedFindingCount += 1
      return
    }
    result.findings.append(
      Finding(
        code,
        tenant: timeline.tenant,
        shard: timeline.shard.index,
        timeline: timeline.id,
        objectKey: object,
        key: key,
        lsn: lsn,
        message: message,
        seen: seen,
        expected: expected
      )
    )
  }

  /// About a value that cannot be read as what it must be.
  func add(
    _ code: FindingCode,
    _ problem: FormatError,
    object: String? = nil,
    key: Key,
    lsn: Lsn,
    _ message: String
  ) {
    let place = problem.offset > 0 ? " at byte \(problem.offset)" : ""
    add(
      code,
      object: object,
      key: key,
      lsn: lsn,
      "\(message): \(problem.field)\(place), \(key.describe())",
      seen: problem.found,
      expected: problem.expected
    )
  }

  /// Findings in the order of keys; those without a key first, as they are about the whole.
  func finish() -> VerificationResult {
    var ordered = result
    ordered.findings = result.findings.enumerated().sorted { left, right in
      let (first, second) = (left.element, right.element)
      if first.key != second.key {
        return (first.key ?? .min, first.key == nil ? 0 : 1) < (second.key ?? .min, second.key == nil ? 0 : 1)
      }
      if first.lsn != second.lsn { return (first.lsn ?? Lsn(0)) < (second.lsn ?? Lsn(0)) }
      return left.offset < right.offset
    }
    .map(\.element)
    return ordered
  }
}

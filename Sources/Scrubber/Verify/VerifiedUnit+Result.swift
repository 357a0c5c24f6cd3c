import Engine
import IndexFormat

/// What came of a unit, in the form of the journal and back.
extension VerifiedUnit {
  init(number: Int, _ result: VerificationResult) {
    self.init(number: UInt64(clamping: number))
    findings = result.findings
    omittedFindingCount = UInt64(clamping: result.omittedFindingCount)
    keys = VerifiedTally(result.coverage.keys)
    values = VerifiedTally(result.coverage.values)
    records = VerifiedTally(result.coverage.records)
    bytes = VerifiedTally(result.coverage.bytes)
    depths = result.depths
    readByteCount = result.readByteCount
  }

  /// Nil if the line names reasons that are not known.
  var result: VerificationResult? {
    guard let keys = VerificationTally(keys), let values = VerificationTally(values),
      let records = VerificationTally(records), let bytes = VerificationTally(bytes)
    else { return nil }
    var result = VerificationResult()
    result.findings = findings
    result.omittedFindingCount = Int(clamping: omittedFindingCount)
    result.coverage.keys = keys
    result.coverage.values = values
    result.coverage.records = records
    result.coverage.bytes = bytes
    result.depths = depths
    result.readByteCount = readByteCount
    return result
  }
}

extension VerifiedTally {
  init(_ tally: VerificationTally) {
    self.init()
    present = tally.present
    checked = tally.checked
    for (reason, count) in tally.skipped { skipped[reason.rawValue] = count }
  }
}

extension VerificationTally {
  fileprivate init?(_ tally: VerifiedTally) {
    self.init()
    present = tally.present
    checked = tally.checked
    for (name, count) in tally.skipped {
      guard let reason = SkipReason(rawValue: name) else { return nil }
      skipped[reason] = count
    }
  }
}

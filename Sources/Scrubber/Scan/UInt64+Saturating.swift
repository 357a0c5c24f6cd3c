extension UInt64 {
  /// The sum, or the largest number if that is less: sizes that an index states may be anything.
  func saturatingSum(_ other: UInt64) -> UInt64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}

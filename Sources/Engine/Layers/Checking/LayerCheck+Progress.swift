import IndexFormat

extension LayerCheck {
  /// How many findings there are so far, those beyond the limit not counted.
  public var findingCount: Int { findings.findings.count }

  /// The findings behind the first `count`, in the order in which they were made.
  public func findings(behind count: Int) -> ArraySlice<Finding> { findings.findings.dropFirst(count) }
}

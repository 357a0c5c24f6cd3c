/// A rendering of a scan's events.
protocol Report: Sendable {
  /// Takes the next event. Called by one task at a time.
  mutating func receive(_ event: ScanEvent)

  /// How many findings it let go because of its limit.
  var droppedFindingCount: Int { get }
}

extension Report {
  var droppedFindingCount: Int { 0 }
}

/// A rendering of a scan's events.
protocol Report: Sendable {
  /// Takes the next event. Called by one task at a time.
  mutating func receive(_ event: ScanEvent)
}

/// Where the bytes of a report go: standard output, standard error, or a test's buffer.
protocol OutputSink: Sendable {
  /// Takes all of `bytes`; what a failure means is the sink's affair.
  func write(_ bytes: [UInt8])
}

extension OutputSink {
  func write(_ text: String) { write(Array(text.utf8)) }
  func writeLine(_ text: String) { write(Array((text + "\n").utf8)) }
}

/// How far a scan is, on standard error: a bar on a terminal, a plain line now and then otherwise, or
/// nothing.
///
/// It is a report like the others and must come before the one that prints, so that its line is gone by then.
struct ProgressBar: Report {
  enum Mode: Sendable, Equatable {
    case silent
    /// One line that is drawn again and again. If others print while the scan runs, each event wipes it.
    case bar(othersPrint: Bool)
    /// A new line each ten seconds.
    case lines
  }

  static let lineInterval = Duration.seconds(10)

  private let sink: any OutputSink
  private let mode: Mode
  private var isDrawn = false
  private var nextLine = ProgressBar.lineInterval

  init(sink: any OutputSink, mode: Mode) {
    self.sink = sink
    self.mode = mode
  }

  mutating func receive(_ event: ScanEvent) {
    switch (mode, event) {
    case (.silent, _): break
    case (.bar, .progress(let progress)):
      sink.write(ProgressLine.wipe + Self.bar(progress))
      isDrawn = true
    case (.bar(othersPrint: false), .finding), (.bar(othersPrint: false), .couldNotLook): break
    case (.bar, _):
      if isDrawn { sink.write(ProgressLine.wipe) }
      isDrawn = false
    case (.lines, .progress(let progress)):
      guard progress.elapsed >= nextLine else { return }
      nextLine = progress.elapsed + Self.lineInterval
      sink.writeLine("progress: " + Self.numbers(progress))
    case (.lines, _): break
    }
  }

  private static func bar(_ progress: ScanProgress) -> String {
    ProgressLine.bar(fraction(progress)) + numbers(progress)
  }

  /// `43 %, 1,234 objects, 5.0 MiB, 2 tenants, 0:12, about 0:16 left`, and if layers are opened, behind the tenants
  /// `120 opened, 40.0 MiB read`.
  private static func numbers(_ progress: ScanProgress) -> String {
    var parts = [
      "\(DecimalText.grouped(progress.objectsListed)) objects", DecimalText.bytes(progress.bytesListed),
      "\(DecimalText.grouped(progress.tenantsDone)) tenants",
    ]
    if let bodies = progress.bodies {
      parts.append("\(DecimalText.grouped(bodies.objectsDone)) opened")
      parts.append("\(DecimalText.bytes(bodies.bytesRead)) read")
    }
    parts.append(DecimalText.clock(progress.elapsed))
    parts = ProgressLine.numbers(parts, fraction: fraction(progress), elapsed: progress.elapsed)
    return parts.joined(separator: ", ")
  }

  private static func fraction(_ progress: ScanProgress) -> Double? {
    guard let fraction = progress.fraction, fraction.isFinite else { return nil }
    return min(max(fraction, 0), 1)
  }
}

import Synchronization

/// One line on a terminal that is drawn again and again while something goes on.
final class DrawnLine: Sendable {
  private let sink: any OutputSink
  let isShown: Bool
  /// Whether the line stands on the terminal; nil once the work is over.
  private let isDrawn = Mutex<Bool?>(false)

  init(sink: any OutputSink, isShown: Bool) {
    self.sink = sink
    self.isShown = isShown
  }

  func show(_ text: @autoclosure () -> String) {
    guard isShown else { return }
    isDrawn.withLock { isDrawn in
      guard isDrawn != nil else { return }
      sink.write(ProgressLine.wipe + text())
      isDrawn = true
    }
  }

  /// Wipes the line, so that something else can be written; the next `show` draws it again.
  func wipe() {
    isDrawn.withLock { isDrawn in
      if isDrawn == true {
        sink.write(ProgressLine.wipe)
        isDrawn = false
      }
    }
  }

  /// Wipes the line for good.
  func end() {
    wipe()
    isDrawn.withLock { $0 = nil }
  }
}

import Glibc

/// Where a command that looks into a tenant works: what it reads its surroundings from, and where its results go.
///
/// Output is gathered in pieces of 64 KiB, so that a dump of millions of lines takes few system calls and little
/// memory. For one task.
final class CommandDesk {
  let environment: Environment
  let style: TextStyle
  /// Where bytes go that are no text; nil in tests that have no such place.
  let pipe: BytePipe?
  /// Whether somebody sees what goes to standard error while it is written.
  let isErrorTerminal: Bool
  /// Columns that text may take.
  let width: Int
  /// Where text goes, for tasks beside this one; `flush` comes before.
  let sink: any OutputSink
  private let error: any OutputSink
  private var waiting: [UInt8] = []

  /// Standard output as the system knows it.
  struct BytePipe: Sendable {
    var descriptor: CInt
    var isTerminal: Bool
  }

  private static let pieceByteCount = 64 << 10
  /// Where no terminal says it.
  static let defaultWidth = 100

  init(
    environment: Environment,
    output: any OutputSink,
    error: any OutputSink,
    style: TextStyle = TextStyle(isColoured: false),
    width: Int = CommandDesk.defaultWidth,
    pipe: BytePipe? = nil,
    isErrorTerminal: Bool = false
  ) {
    self.environment = environment
    sink = output
    self.error = error
    self.style = style
    self.width = width
    self.pipe = pipe
    self.isErrorTerminal = isErrorTerminal
  }

  /// A line on standard error for as long as something goes on; nothing where nobody sees it.
  func drawnLine() -> DrawnLine { DrawnLine(sink: error, isShown: isErrorTerminal) }

  func write(_ bytes: some Sequence<UInt8>) {
    waiting.append(contentsOf: bytes)
    if waiting.count >= Self.pieceByteCount { flush() }
  }

  func writeLine(_ text: String) {
    waiting.append(contentsOf: text.utf8)
    write(CollectionOfOne(UInt8(ascii: "\n")))
  }

  func writeLines(_ lines: some Sequence<String>) { for line in lines { writeLine(line) } }

  func flush() {
    guard !waiting.isEmpty else { return }
    sink.write(waiting)
    waiting.removeAll(keepingCapacity: true)
  }

  /// A line on standard error, behind what was written before.
  func warn(_ text: String) {
    flush()
    error.writeLine("scrubber: " + TerminalText.escape(text))
  }

  /// `warn` without what was written before, for tasks beside this one.
  var warner: @Sendable (String) -> Void {
    let error = error
    return { text in error.writeLine("scrubber: " + TerminalText.escape(text)) }
  }

  /// A line beside what is written: on standard error, as it is.
  func note(_ text: String) {
    flush()
    error.writeLine(TerminalText.escape(text))
  }

  func fail(_ failure: ScanFailure) {
    flush()
    error.writeLine(failure.description)
  }

  /// The columns of the terminal that standard output is; nil if it is none.
  static func terminalWidth() -> Int? {
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col >= 40 else { return nil }
    return min(Int(size.ws_col), 500)
  }
}

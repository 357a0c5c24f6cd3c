import Glibc
import IndexFormat

/// Timelines from files and from the command line, read in pieces.
enum ClaimFiles {
  /// The most rows that are kept: ten million take a gigabyte.
  static let maxRowCount = 10_000_000
  private static let pieceLength = 1 << 20

  /// `--timeline-lsns`: a JSON list, or `@` and the file that holds one.
  static func list(_ text: String) throws(ClaimSourceError) -> [SafekeeperRow] {
    var rows: [SafekeeperRow] = []
    var splitter = JSONElementSplitter(member: nil)
    let take = { (bytes: RawSpan) throws(FormatError) in
      try splitter.add(bytes) { element, place throws(FormatError) in
        try keep(try TimelineLsns.timeline(parsing: element), in: &rows)
      }
    }
    let place = text.hasPrefix("@") ? String(text.dropFirst()) : "--timeline-lsns"
    do throws(FormatError) {
      if text.hasPrefix("@") {
        try read(place) { bytes throws(FormatError) in try take(bytes) }
      } else {
        let bytes = Array(text.utf8)
        try take(bytes.span.bytes)
      }
      try checkList(try splitter.finish())
    } catch {
      throw ClaimSourceError(
        message: "\(place): \(error)",
        hint:
          "Expected is a JSON list of objects with tenant_id, timeline_id, timeline_start_lsn and backup_lsn.",
        isUsageMistake: true
      )
    }
    return rows
  }

  /// Debug dumps of safekeepers, one a file.
  static func dumps(_ paths: [String]) throws(ClaimSourceError) -> [SafekeeperRow] {
    var rows: [SafekeeperRow] = []
    for path in paths {
      let first = rows.count
      var splitter = JSONElementSplitter(member: "timelines")
      do throws(FormatError) {
        try read(path) { bytes throws(FormatError) in
          try splitter.add(bytes) { element, place throws(FormatError) in
            try keep(try SafekeeperDump.timeline(parsing: element), in: &rows)
          }
        }
        let rest = try splitter.finish()
        let node = try SafekeeperDump.node(parsing: rest.span.bytes)
        for index in first..<rows.count { rows[index].node = node }
      } catch {
        throw ClaimSourceError(
          message: "\(path): \(error)",
          hint:
            "Expected is what a safekeeper answers to GET /v1/debug_dump?dump_all=true&dump_disk_content=false.",
          isUsageMistake: true
        )
      }
    }
    return rows
  }

  private static func keep(_ row: SafekeeperRow, in rows: inout [SafekeeperRow]) throws(FormatError) {
    guard rows.count < maxRowCount else {
      throw FormatError(.limitExceeded, found: "more", expected: "at most \(maxRowCount) timelines")
    }
    rows.append(row)
  }

  /// What is left of a list without its elements.
  private static func checkList(_ rest: [UInt8]) throws(FormatError) {
    let text = String(decoding: rest, as: UTF8.self).filter { !$0.isWhitespace }
    guard text == "[]" else {
      throw FormatError(.syntax, found: text.isEmpty ? "nothing" : "something else", expected: "a JSON list")
    }
  }

  private static func read(
    _ path: String,
    _ body: (RawSpan) throws(FormatError) -> Void
  ) throws(FormatError) {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw unreadable(errno) }
    defer { close(file) }
    var piece = [UInt8](repeating: 0, count: pieceLength)
    while !Task.isCancelled {
      let count = Glibc.read(file, &piece, piece.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw unreadable(errno) }
      guard count > 0 else { return }
      try body(piece.span.bytes.extracting(0..<count))
    }
  }

  private static func unreadable(_ code: Int32) -> FormatError {
    FormatError(.truncated, found: String(cString: strerror(code)), expected: "a file that can be read")
  }
}

import Engine
import IndexFormat

/// Prints what is in a layer: header, index, entries with their values.
struct LayerDump {
  var showsTree = true
  var showsValues = true
  /// The bytes of each value, too.
  var showsBytes = false
  /// Only values of this key.
  var key: Key?

  let target: LayerTarget
  let desk: CommandDesk

  /// Lines of values and errors of one piece, to be printed in the order of keys.
  private final class Piece {
    var lines: [(key: TreeKey, text: [UInt8])] = []
    var shownCount = 0
    var errorCount = 0
  }

  func run() async throws(ScanFailure) -> ExitCode {
    let summary = try await header()
    if showsTree { try await tree(summary) }
    let piece = Piece()
    let walk = LayerWalk(target: target, depth: showsValues ? .blobs : .tree)
    let report = try await walk.run(
      value: { entry, bytes in
        guard showsValues, key == nil || key == entry.key else { return }
        piece.lines.append((TreeKey(entry.key, entry.lsn), line(entry, bytes)))
        piece.shownCount += 1
      },
      piece: { put(piece, $0) }
    )
    if report.omittedFindingCount > 0 { desk.writeLine("ERROR: \(report.omittedFindingCount) more") }
    return finish(report, piece)
  }

  // MARK: Header and index

  private func header() async throws(ScanFailure) -> LayerSummary? {
    let object = target.object
    let name = object.name
    let first = try await target.firstBlock()
    var summary: LayerSummary?
    do throws(FormatError) {
      summary = try LayerSummary(parsing: first.bytes, as: name.kind)
    } catch {
      desk.writeLine("ERROR: the summary cannot be read: \(error)")
    }
    let place = "for ten \(summary?.tenant ?? object.tenant) tli \(summary?.timeline ?? object.timeline)"
    let layer = summary?.layer ?? name
    let range =
      layer.isDelta
      ? "keys \(layer.keys) lsn \(layer.startLsn)-\(layer.endLsn) is_incremental true"
      : "key \(layer.keys) at \(layer.startLsn) is_incremental false"
    let kind = layer.isDelta ? "delta" : "image"
    desk.writeLine(
      desk.style.heading("----- \(kind) layer \(place) \(range) size \(target.byteCount) ----")
    )
    if let summary, summary.layer != name {
      desk.writeLine("warning: filename does not match what is expected from in-file summary")
      desk.writeLine("actual: \(name)")
      desk.writeLine("expected: \(summary.layer)")
    }
    if let summary {
      desk.writeLine("index_start_blk: \(summary.indexStartBlock), root \(summary.indexRootBlock)")
    }
    return summary
  }

  private func tree(_ summary: LayerSummary?) async throws(ScanFailure) {
    guard let summary else { return }
    let geometry: LayerGeometry
    do throws(FormatError) {
      geometry = try LayerGeometry(summary, fileByteCount: target.byteCount)
    } catch {
      desk.writeLine("ERROR: the index cannot be found: \(error)")
      return
    }
    var dump = IndexTreeDump(target, geometry, keyByteCount: summary.keyByteCount)
    try await dump.run(desk)
  }

  // MARK: Values

  private func line(_ entry: LayerEntry, _ bytes: RawSpan) -> [UInt8] {
    let value = StoredValue(bytes, in: target.object.name.kind)
    var text = "  key \(entry.key) at \(entry.lsn):  \(TerminalText.escape(value.description))"
    text += " offset \(entry.blob.lowerBound); \(TerminalText.escape("\(KeyClass(entry.key))"))\n"
    var line = Array(text.utf8)
    guard showsBytes else { return line }
    var offset = 0
    while offset < bytes.byteCount {
      line += Array("      ".utf8)
      let end = min(offset + 32, bytes.byteCount)
      HexText.append(bytes.extracting(offset..<end), to: &line)
      line.append(UInt8(ascii: "\n"))
      offset = end
    }
    return line
  }

  /// Values come in the order of keys, so an error stands where its value would.
  private func put(_ piece: Piece, _ findings: ArraySlice<Finding>) {
    var lines = piece.lines
    piece.lines.removeAll(keepingCapacity: true)
    for finding in findings {
      if finding.code.entry.severity == .error { piece.errorCount += 1 }
      let position = finding.key.map { TreeKey($0, finding.lsn ?? target.object.name.startLsn) }
      let at = position.flatMap { position in lines.firstIndex { position < $0.key } } ?? lines.endIndex
      let place = finding.key.map { " key \($0)\(finding.lsn.map { " at \($0)" } ?? ""):" } ?? ""
      let label = finding.severity == .error ? "ERROR:" : "\(finding.severity.rawValue):"
      let text =
        "  \(label)\(place) \(finding.code.rawValue): \(finding.message), byte \(finding.offset ?? 0)"
      let details = ", seen \(finding.seen ?? "?"), expected \(finding.expected ?? "?")"
      lines.insert((position ?? .max, Array((TerminalText.escape(text + details) + "\n").utf8)), at: at)
    }
    for line in lines { desk.write(line.text) }
  }

  private func finish(_ report: LayerCheckReport, _ piece: Piece) -> ExitCode {
    let shown =
      key == nil ? "" : ", \(Count(piece.shownCount, "value")) of key \(key.map(\.description) ?? "")"
    let values =
      showsValues
      ? ", \(Count(report.valueCount, "value")) of \(DecimalText.grouped(report.valueByteCount)) bytes" : ""
    let errors = piece.errorCount + report.omittedFindingCount
    desk.writeLine(
      "\(Count(report.entryCount, "entry", "entries"))\(values)\(shown), \(Count(errors, "error"))"
    )
    if errors > 0 { return .damage }
    return key != nil && showsValues && piece.shownCount == 0 ? .nothingMatched : .ok
  }
}

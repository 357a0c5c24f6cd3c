/// Rows of cells in columns, each as wide as its widest cell. Cells come from outside and are made safe.
struct TextTable {
  struct Column {
    var title: String
    var isNumber = false
  }

  var columns: [Column]
  private var rows: [[String]] = []

  init(_ columns: [Column]) { self.columns = columns }

  /// Missing cells are empty; the last column is not padded.
  mutating func add(_ cells: [String]) { rows.append(cells.map(TerminalText.escape)) }

  /// Without a title if no column has one.
  func lines(_ style: TextStyle) -> [String] {
    var widths = columns.map(\.title.count)
    for row in rows {
      for (index, cell) in row.enumerated() where index < widths.count {
        widths[index] = max(widths[index], cell.count)
      }
    }
    let titles = columns.map(\.title)
    let head = titles.allSatisfy(\.isEmpty) ? [] : [style.heading(line(titles, widths))]
    return head + rows.map { line($0, widths) }
  }

  private func line(_ cells: [String], _ widths: [Int]) -> String {
    var text = ""
    for (index, width) in widths.enumerated() {
      let cell = index < cells.count ? cells[index] : ""
      let gap = String(repeating: " ", count: max(0, width - cell.count))
      text += (index > 0 ? "  " : "") + (columns[index].isNumber ? gap + cell : cell + gap)
    }
    while text.last == " " { text.removeLast() }
    return text
  }
}

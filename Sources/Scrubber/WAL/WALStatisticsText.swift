import Engine
import IndexFormat

/// Counts of records as `pg_waldump --stats` prints them, and as JSON.
///
/// Source: PostgreSQL, `XLogDumpDisplayStats`.
struct WALStatisticsText {
  enum Grouping: Sendable, Equatable {
    case managers
    case operations
  }

  struct Row {
    var name: String
    var count: WALStatistics.Count
  }

  let statistics: WALStatistics
  let version: PostgresVersion
  /// Where the first record begins and the last one ends.
  let range: Range<Lsn>

  private static let nameWidth = 27
  private static let numberWidth = 20

  func rows(_ grouping: Grouping) -> [Row] {
    let all = statistics.byOperation
    switch grouping {
    case .operations: return all.map { Row(name: $0.operation.fullName(version), count: $0.count) }
    case .managers:
      var counts: [UInt8: WALStatistics.Count] = [:]
      for (operation, count) in all { counts[operation.resourceManager, default: .init()].add(count) }
      // PostgreSQL's own are listed even if there is nothing of them.
      let own = ResourceManager.allCases.filter { $0 != .neon }.map(\.rawValue)
      return Set(own).union(counts.keys).sorted().map { number in
        Row(name: ResourceManager.name(number), count: counts[number] ?? .init())
      }
    }
  }

  // MARK: Text

  func lines(_ grouping: Grouping) -> [String] {
    let titles = ["Type", "N", "(%)", "Record size", "(%)", "FPI size", "(%)", "Combined size", "(%)"]
    let total = statistics.total
    var lines = ["WAL statistics between \(range.lowerBound) and \(range.upperBound):"]
    lines.append(Self.line(titles))
    lines.append(Self.line(titles.map { String(repeating: "-", count: $0.utf8.count) }))
    for row in rows(grouping) { lines.append(Self.line(row, total)) }
    let rule = "--------"
    lines.append(Self.line(["", rule, "", rule, "", rule, "", rule]))
    let combined = total.combined
    lines.append(
      Self.left("Total", Self.nameWidth) + " " + Self.cell(total.records, "") + " "
        + Self.cell(total.recordBytes, "[\(Self.percent(total.recordBytes, combined))%]") + " "
        + Self.cell(total.imageBytes, "[\(Self.percent(total.imageBytes, combined))%]") + " "
        + Self.right("\(combined)", Self.numberWidth) + " [100%]"
    )
    return lines
  }

  private static func line(_ cells: [String]) -> String {
    var text = left(cells[0], nameWidth)
    for (index, cell) in cells.enumerated().dropFirst() {
      text += " " + right(cell, index % 2 == 1 ? numberWidth : 8)
    }
    return text
  }

  private static func line(_ row: Row, _ total: WALStatistics.Count) -> String {
    func share(_ part: UInt64, _ whole: UInt64) -> String {
      " \(right("\(part)", numberWidth)) (\(right(percent(part, whole), 6)))"
    }
    return left(row.name, nameWidth) + share(row.count.records, total.records)
      + share(row.count.recordBytes, total.recordBytes) + share(row.count.imageBytes, total.imageBytes)
      + share(row.count.combined, total.combined)
  }

  /// A number, and what stands behind it in the last line.
  private static func cell(_ number: UInt64, _ share: String) -> String {
    "\(right("\(number)", numberWidth)) \(left(share, 8))"
  }

  /// With two decimals.
  private static func percent(_ part: UInt64, _ whole: UInt64) -> String {
    guard whole > 0 else { return "0.00" }
    let hundredths = UInt64((Double(part) / Double(whole) * 10_000).rounded())
    return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
  }

  private static func left(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.utf8.count))
  }

  private static func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.utf8.count)) + text
  }

  // MARK: JSON

  func write(_ grouping: Grouping, to json: inout JSONWriter) {
    json.object { json in
      json.member("pg_version", version.major)
      json.member("lsn_start", range.lowerBound.description)
      json.member("lsn_end", range.upperBound.description)
      json.member("total") { json in json.object { Self.members(of: statistics.total, &$0) } }
      json.member(grouping == .managers ? "resource_managers" : "operations") { json in
        json.array { json in
          for row in rows(grouping) where row.count.records > 0 {
            json.object { json in
              json.member("name", row.name)
              Self.members(of: row.count, &json)
            }
          }
        }
      }
    }
  }

  private static func members(of count: WALStatistics.Count, _ json: inout JSONWriter) {
    json.member("records", count.records)
    json.member("record_bytes", count.recordBytes)
    json.member("images", count.images)
    json.member("fpi_bytes", count.imageBytes)
  }
}

extension WALStatistics.Count {
  /// Bytes of records with their images.
  var combined: UInt64 { recordBytes &+ imageBytes }
}

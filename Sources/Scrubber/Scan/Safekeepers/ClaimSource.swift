import IndexFormat

/// Where the timelines come from that a bucket's WAL is compared with.
///
/// Claims come in the order of keys, each timeline once, so that they can be merged with a listing. Used by one task.
protocol ClaimSource: AnyObject {
  /// What it is, for people, without secrets.
  var name: String { get }

  /// Whether it names every timeline there is, so that WAL of another one is worth a word.
  var isWhole: Bool { get }

  /// How many claims there are, if that is known before they are read.
  var knownCount: Int? { get }

  /// Some more claims; nil behind the last.
  func next() async throws(ClaimSourceError) -> ClaimBatch?
}

struct ClaimBatch: Sendable {
  var claims: [TimelineClaim] = []
  /// Rows that are none.
  var findings: [Finding] = []
}

/// Why timelines could not be read.
struct ClaimSourceError: Error, Sendable, Equatable {
  /// What was tried and what came of it, without secrets.
  var message: String
  var hint: String? = nil
  var isUsageMistake = false
}

/// Brings rows of one timeline together that stand behind each other.
struct ClaimFolder {
  private(set) var claims: [TimelineClaim] = []
  private var open: TimelineClaim?

  mutating func add(_ row: SafekeeperRow) {
    if open?.isOf(row) ?? false {
      open?.add(row)
    } else {
      if let open { claims.append(open) }
      open = TimelineClaim(row)
    }
  }

  /// The claims that are complete: all but the last one until the end.
  mutating func take(atEnd: Bool) -> [TimelineClaim] {
    if atEnd, let last = open {
      claims.append(last)
      open = nil
    }
    defer { claims = [] }
    return claims
  }
}

/// Rows that are all in memory, about 100 bytes each.
final class SortedClaims: ClaimSource {
  let name: String
  let isWhole: Bool
  let knownCount: Int?
  private let rows: [SafekeeperRow]
  private var position = 0

  private static let rowsAtOnce = 4_000

  init(name: String, isWhole: Bool, rows: [SafekeeperRow], tenants: Set<TenantID>) {
    self.name = name
    self.isWhole = isWhole
    self.rows = (tenants.isEmpty ? rows : rows.filter { tenants.contains($0.tenant) }).sorted()
    knownCount = self.rows.count
  }

  func next() async throws(ClaimSourceError) -> ClaimBatch? {
    guard position < rows.count else { return nil }
    var folder = ClaimFolder()
    var end = min(rows.count, position + Self.rowsAtOnce)
    // Never in the middle of a timeline.
    while end < rows.count, !(rows[end - 1] < rows[end]) { end += 1 }
    for row in rows[position..<end] { folder.add(row) }
    position = end
    return ClaimBatch(claims: folder.take(atEnd: true))
  }
}

import IndexFormat

/// How transactions ended, from pages of pg_xact at one LSN. For one task.
struct TransactionStatuses {
  private let catalog: TimelineCatalog
  private let lsn: Lsn
  /// By number of the page; nil for one that is not there.
  private var pages: [UInt32: TransactionStatusPage?] = [:]

  /// 8 KiB each.
  private static let pageLimit = 256

  init(_ catalog: TimelineCatalog, at lsn: Lsn) {
    self.catalog = catalog
    self.lsn = lsn
  }

  /// Makes sure that the statuses of transactions are known, as far as there are pages.
  mutating func load(_ transactions: [UInt32]) async throws(ReadError) {
    var wanted: Set<UInt32> = []
    for transaction in transactions {
      let number = SLRUGeometry.status(of: transaction).page.number
      if pages[number] == nil { wanted.insert(number) }
    }
    guard !wanted.isEmpty else { return }
    if pages.count + wanted.count > Self.pageLimit { pages = [:] }
    for number in wanted.sorted().prefix(Self.pageLimit) {
      let key = SLRUGeometry.Page(number: number).key(.transactionStatus)
      let (catalog, lsn) = (catalog, lsn)
      let bytes = try await readable { () async throws(ReadError) in
        try await catalog.source.value(of: key, at: lsn)
      }
      // What cannot be read as a page has a finding of its own.
      pages[number] = .some(bytes.flatMap { try? TransactionStatusPage(parsing: $0.span.bytes) })
    }
  }

  func status(of transaction: UInt32) -> TransactionStatusPage.Status? {
    guard let page = pages[SLRUGeometry.status(of: transaction).page.number] else { return nil }
    return page?[transaction]
  }
}

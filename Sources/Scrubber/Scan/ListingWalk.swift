/// Goes through a listing to its end, and on behind what cannot be listed.
struct ListingWalk {
  private var lastKey: String?
  private var count = 0
  private var countAtOnePlace = 0

  /// A store that fails on the same place this often in a row is left alone.
  private static let maxFailuresAtOnePlace = 3
  /// The most failures of one listing.
  private static let maxFailures = 10_000

  /// - Parameters:
  ///   - take: What to do with a page.
  ///   - fail: What to do about the first failure at a place. Whether it leaves a hole: a store that is asked for the
  ///     same page again leaves none.
  /// - Returns: False if the listing was left before its end.
  static func run(
    _ pages: any ListingPages,
    take: (ListingPage) async -> Void,
    fail: (_ error: StoreError, _ leavesAHole: Bool) async -> Void
  ) async -> Bool {
    var walk = ListingWalk()
    while !Task.isCancelled {
      do throws(StoreError) {
        guard let page = try await pages.next() else { break }
        await take(page)
      } catch {
        if error.kind == .cancelled { break }
        if walk.isAtAnotherPlace(error) { await fail(error, pages.resumesBehindErrors) }
        if walk.isHopeless { return false }
      }
    }
    return true
  }

  private var isHopeless: Bool {
    countAtOnePlace >= Self.maxFailuresAtOnePlace || count >= Self.maxFailures
  }

  /// Counts an error; returns whether it is about another place than the one before.
  private mutating func isAtAnotherPlace(_ error: StoreError) -> Bool {
    count += 1
    let isNew = error.key != lastKey
    countAtOnePlace = isNew ? 1 : countAtOnePlace + 1
    lastKey = error.key
    return isNew
  }
}

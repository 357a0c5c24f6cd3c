/// The tries of a request that came to nothing.
struct S3TryHistory {
  private let start = ContinuousClock.now
  private var first: StoreError?
  private(set) var count = 0

  mutating func add(_ error: StoreError) {
    count += 1
    if first == nil { first = error }
  }

  /// The last error, with the first one, the number of tries and the time they took.
  func describe(_ last: StoreError) -> StoreError {
    guard let first, count > 1 else { return last }
    let time = (ContinuousClock.now - start).components
    var error = last
    error.detail += "; \(count) tries in \(time.seconds).\(time.attoseconds / 100_000_000_000_000_000) s"
    if first.detail != last.detail { error.detail += ", the first: \(first.detail)" }
    return error
  }
}

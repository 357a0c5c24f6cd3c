/// What both listings of S3 share: the request, and whether a key may come.
struct S3ListingState {
  let client: S3Client
  let request: ListRequest
  let operation: StoreError.Operation
  /// Of the page before. A server that repeats itself would be asked forever.
  var emptyPageCount = 0
  private(set) var lastKey: [UInt8]
  private let window: ListingWindow

  /// So many pages in a row may be empty: after a mass deletion there are some.
  private static let maxEmptyPages = 10_000
  /// A page of 1000 keys of 1024 bytes, every byte encoded, is 3 MB.
  private static let answerLimit = 32 << 20
  /// As S3 has it; more is not asked for, though some servers would give it.
  private static let maxPageLimit = 1000

  init(_ client: S3Client, _ request: ListRequest, _ operation: StoreError.Operation) {
    self.client = client
    self.request = request
    self.operation = operation
    let window = ListingWindow(request)
    self.window = window
    // A border outside the prefix lies before all keys, or behind them.
    lastKey = window.startAfter.flatMap { $0.starts(with: window.prefix) ? $0 : nil } ?? []
  }

  /// The order in which this listing comes, as far as it is known. SeaweedFS sorts the versions in its answers by
  /// bytes.
  var order: KeyOrder { operation == .list ? client.keyOrder : .bytes }

  /// Whether no key at all can match. Servers differ in what they do with a `start-after` outside the prefix.
  var isEmpty: Bool {
    guard let start = window.startAfter, !start.starts(with: window.prefix) else { return false }
    return order.precedes(window.prefix.span, start.span)
  }

  /// The border to send; nil where the prefix says it already.
  var startAfter: String? {
    guard let start = request.startAfter, start.utf8.count > window.prefix.count,
      start.utf8.starts(with: window.prefix)
    else {
      // A border that is the prefix itself excludes an object of just that name.
      return request.startAfter.flatMap {
        !$0.isEmpty && $0.utf8.elementsEqual(window.prefix) ? border($0) : nil
      }
    }
    return border(start)
  }

  /// SeaweedFS takes a border for the name of a folder and skips all that lies in it, unless it ends in a `/`.
  private func border(_ start: String) -> String {
    order == .path && start.utf8.last != UInt8(ascii: "/") ? start + "/" : start
  }

  func ask(
    _ query: [(name: String, value: String)],
    as kind: S3ListAnswer.Kind,
    pageLimit: Int? = nil
  ) async throws(StoreError) -> S3ListAnswer {
    let (client, operation, prefix) = (client, operation, request.prefix)
    let limit = pageLimit ?? min(max(1, request.pageLimit), Self.maxPageLimit)
    let common = [("encoding-type", "url"), ("max-keys", "\(limit)"), ("prefix", prefix)]
    let call = S3Client.Call(
      operation: operation,
      place: prefix,
      query: common + query,
      bodyLimit: Self.answerLimit
    )
    return try await client.send(call) { response throws(StoreError) in
      if response.headers["server"]?.contains("SeaweedFS") == true { client.notePathOrder() }
      do throws(XMLError) {
        return try S3ListAnswer.parse(response.body, as: kind)
      } catch {
        throw StoreError(errorIn: response, call)
          ?? StoreError(.failed, operation, key: prefix, detail: error.message)
      }
    }
  }

  /// Checks the keys that the server sent next; returns how many of them come before the end of what is asked for.
  ///
  /// What is looked for in order would be missed in a listing without any, so such a listing is refused.
  ///
  /// - Parameter mayRepeat: whether a key may come several times, one behind the other.
  mutating func take(_ answer: S3ListAnswer, mayRepeat: Bool = false) throws(StoreError) -> Int {
    let keys = answer.keyBytes.span
    var wantedCount = 0
    // Which keys are asked for may depend on the order, which an answer may be the first to show.
    var isWanted = !isEmpty
    for (index, entry) in answer.entries.enumerated() {
      let key = keys.extracting(entry.key)
      guard key.starts(with: window.prefix.span) else {
        throw failure(
          "the server listed \(answer.key(of: entry)), which does not begin with the prefix that was asked for"
        )
      }
      let isNext =
        index == 0
        ? follows(key, lastKey.span, mayRepeat)
        : follows(key, keys.extracting(answer.entries[index - 1].key), mayRepeat)
      guard isNext else {
        let last =
          index == 0 ? String(decoding: lastKey, as: UTF8.self) : answer.key(of: answer.entries[index - 1])
        throw failure(
          "the server listed \(answer.key(of: entry)) behind \(last): its keys do not come in any known order"
        )
      }
      if isWanted, let end = window.endBefore { isWanted = order.precedes(key, end.span) }
      if isWanted { wantedCount += 1 }
    }
    if let last = answer.entries.last { lastKey = Array(answer.keyBytes[last.key]) }
    return wantedCount
  }

  /// Whether a key may come behind the one before. Learns from it how the server sorts.
  private func follows(_ key: Span<UInt8>, _ last: Span<UInt8>, _ mayRepeat: Bool) -> Bool {
    if order.precedes(last, key) || (mayRepeat && !order.precedes(key, last)) { return true }
    guard operation == .list, order == .bytes, KeyOrder.path.precedes(last, key) else { return false }
    client.notePathOrder()
    return true
  }

  mutating func countEmptyPage() throws(StoreError) {
    emptyPageCount += 1
    if emptyPageCount > Self.maxEmptyPages {
      throw failure("the server sent \(Self.maxEmptyPages) empty pages and promises more")
    }
  }

  func failure(_ detail: String) -> StoreError {
    StoreError(.failed, operation, key: request.prefix, detail: detail)
  }
}

extension Span<UInt8> {
  fileprivate func starts(with prefix: Span<UInt8>) -> Bool {
    guard count >= prefix.count else { return false }
    for index in prefix.indices where self[index] != prefix[index] { return false }
    return true
  }
}

/// The objects of a bucket by ListObjectsV2, page by page.
final class S3Listing: ListingPages {
  private var state: S3ListingState
  private var token: String?
  private var isEnded: Bool
  /// Of a page that was longer than asked for, what is not handed out yet.
  private var rest = S3ListRest()

  init(_ client: S3Client, _ request: ListRequest) {
    state = S3ListingState(client, request, .list)
    isEnded = state.isEmpty
  }

  func next() async throws(StoreError) -> ListingPage? {
    if Task.isCancelled {
      throw StoreError(.cancelled, .list, key: state.request.prefix, detail: "the task was cancelled")
    }
    while rest.isEmpty, !isEnded { try await fill() }
    return rest.take(max(1, state.request.pageLimit))
  }

  private func fill() async throws(StoreError) {
    let answer = try await ask()
    // Worked on a copy, so that after an error the same page is asked for again.
    var next = state
    let wantedCount = try next.take(answer)
    if answer.isTruncated, wantedCount == answer.entries.count {
      // Compared by bytes: some servers take the last key for the token, and texts that look alike are equal.
      guard let following = answer.continuationToken,
        token.map({ $0.utf8.elementsEqual(following.utf8) }) != true
      else {
        throw next.failure("the listing goes on, but the server does not say where")
      }
      if wantedCount == 0 { try next.countEmptyPage() } else { next.emptyPageCount = 0 }
      token = following
    } else {
      isEnded = true
    }
    state = next
    rest = S3ListRest(answer, wantedCount)
  }

  private func ask() async throws(StoreError) -> S3ListAnswer {
    if let token { return try await state.ask([("continuation-token", token)] + Self.type, as: .objects) }
    let start = state.startAfter
    let answer = try await state.ask(Self.type + Self.border(start), as: .objects)
    // The answer may have told how the server sorts, on which depends how it must be asked.
    let better = state.startAfter
    return better == start ? answer : try await state.ask(Self.type + Self.border(better), as: .objects)
  }

  private static let type = [(name: "list-type", value: "2")]

  private static func border(_ start: String?) -> [(name: String, value: String)] {
    start.map { [("start-after", $0)] } ?? []
  }
}

/// The wanted objects of an answer that are not handed out yet.
private struct S3ListRest {
  private var answer: S3ListAnswer?
  private var left: Range<Int> = 0..<0

  init() {}

  init(_ answer: S3ListAnswer, _ wantedCount: Int) {
    self.answer = answer
    left = 0..<wantedCount
  }

  var isEmpty: Bool { left.isEmpty }

  mutating func take(_ limit: Int) -> ListingPage? {
    guard let answer, !left.isEmpty else { return nil }
    let taken = left.prefix(limit)
    left = left.dropFirst(taken.count)
    let byteCount = answer.entries[taken].reduce(0) { $0 + $1.key.count }
    var page = ListingPage(capacity: taken.count, keyCapacity: byteCount)
    for entry in answer.entries[taken] {
      page.append(
        key: answer.keyBytes[entry.key],
        size: entry.size,
        lastModified: entry.lastModified.wholeSeconds
      )
    }
    if left.isEmpty { self.answer = nil }
    return page
  }
}

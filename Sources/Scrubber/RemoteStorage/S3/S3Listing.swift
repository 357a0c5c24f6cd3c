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
  static let answerLimit = 32 << 20

  init(_ client: S3Client, _ request: ListRequest, _ operation: StoreError.Operation) {
    self.client = client
    self.request = request
    self.operation = operation
    window = ListingWindow(request)
    lastKey = window.startAfter ?? []
  }

  /// Whether no key at all can match. Servers differ in what they do with a `start-after` outside the prefix.
  var isEmpty: Bool {
    guard let start = window.startAfter, !start.starts(with: window.prefix) else { return false }
    return window.prefix.lexicographicallyPrecedes(start)
  }

  /// The border to send; nil where the prefix says it already.
  var startAfter: String? {
    guard let start = request.startAfter, start.utf8.count > window.prefix.count,
      start.utf8.starts(with: window.prefix)
    else {
      // A border that is the prefix itself excludes an object of just that name.
      return request.startAfter.flatMap { !$0.isEmpty && $0.utf8.elementsEqual(window.prefix) ? $0 : nil }
    }
    return start
  }

  func call(_ query: [(name: String, value: String)]) -> S3Client.Call {
    let limit = min(max(1, request.pageLimit), 1000)
    let common = [("encoding-type", "url"), ("max-keys", "\(limit)"), ("prefix", request.prefix)]
    return S3Client.Call(
      operation: operation,
      place: request.prefix,
      query: common + query,
      bodyLimit: Self.answerLimit
    )
  }

  func ask(
    _ query: [(name: String, value: String)],
    root: String
  ) async throws(StoreError) -> S3ListAnswer {
    let (operation, prefix) = (operation, request.prefix)
    return try await client.send(call(query)) { response throws(StoreError) in
      do throws(XMLError) {
        return try S3ListAnswer.parse(response.body, root: root)
      } catch {
        throw StoreError(.failed, operation, key: prefix, detail: error.message)
      }
    }
  }

  enum Place {
    case wanted
    case behindTheEnd
  }

  /// Checks a key that the server sent next.
  ///
  /// Some servers do not sort by bytes (SeaweedFS has `a/1` before `a b`). What is looked for in order would be missed
  /// in such a listing, so it is refused.
  mutating func take(_ key: [UInt8], mayRepeat: Bool = false) throws(StoreError) -> Place {
    let name = String(decoding: key, as: UTF8.self)
    guard key.starts(with: window.prefix) else {
      throw failure("the server listed \(name), which does not begin with the prefix that was asked for")
    }
    let isNext = lastKey.lexicographicallyPrecedes(key) || (mayRepeat && lastKey == key)
    guard isNext else {
      let last = String(decoding: lastKey, as: UTF8.self)
      throw failure(
        "the server listed \(name) behind \(last): its keys do not come in the order of their bytes"
      )
    }
    lastKey = key
    if let end = window.endBefore, !key.lexicographicallyPrecedes(end) { return .behindTheEnd }
    return .wanted
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

/// The objects of a bucket by ListObjectsV2, page by page.
final class S3Listing: ListingPages {
  private var state: S3ListingState
  private var token: String?
  private var isEnded: Bool
  /// Of a page that was longer than asked for, what is not handed out yet.
  private var rest: ArraySlice<S3ListAnswer.Entry> = []

  init(_ client: S3Client, _ request: ListRequest) {
    state = S3ListingState(client, request, .list)
    isEnded = state.isEmpty
  }

  func next() async throws(StoreError) -> ListingPage? {
    if Task.isCancelled {
      throw StoreError(.cancelled, .list, key: state.request.prefix, detail: "the task was cancelled")
    }
    while rest.isEmpty, !isEnded { try await fill() }
    let entries = rest.prefix(max(1, state.request.pageLimit))
    rest = rest.dropFirst(entries.count)
    if entries.isEmpty { return nil }
    var page = ListingPage(capacity: entries.count, keyCapacity: entries.count * 128)
    for entry in entries {
      page.append(
        key: entry.key,
        size: entry.size,
        lastModified: entry.lastModified.wholeSeconds,
        mark: ContentMark(etag: entry.etag)
      )
    }
    return page
  }

  private func fill() async throws(StoreError) {
    var query = [(name: "list-type", value: "2")]
    if let token {
      query.append(("continuation-token", token))
    } else if let start = state.startAfter {
      query.append(("start-after", start))
    }
    let answer = try await state.ask(query, root: "ListBucketResult")
    // Worked on a copy, so that after an error the same page is asked for again.
    var next = state
    var wanted: [S3ListAnswer.Entry] = []
    var isBehindTheEnd = false
    for entry in answer.entries where !isBehindTheEnd {
      if try next.take(entry.key) == .wanted { wanted.append(entry) } else { isBehindTheEnd = true }
    }
    if answer.isTruncated, !isBehindTheEnd {
      guard let following = answer.continuationToken, following != token else {
        throw next.failure("the listing goes on, but the server does not say where")
      }
      if wanted.isEmpty { try next.countEmptyPage() } else { next.emptyPageCount = 0 }
      token = following
    } else {
      isEnded = true
    }
    state = next
    rest = wanted[...]
  }
}

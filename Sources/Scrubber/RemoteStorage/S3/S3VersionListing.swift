/// The versions and delete markers of a bucket by ListObjectVersions, page by page.
///
/// The next page begins behind the last version of this one, by key and version. A bucket that never had versioning
/// lists its objects with the version `null`.
///
/// SeaweedFS (4.48) fills each page by walking folders by name, but goes on behind it in the order of bytes: what
/// lies between the two orders (`<tenant>-0102/` behind a page that ends in `<tenant>/`) is left out between pages.
/// A single page is complete, so there one page is asked for that is large enough, and a truncated one is refused.
final class S3VersionListing: VersionPages {
  private var state: S3ListingState
  private var marker: (key: String, version: String?)?
  private var isEnded: Bool

  /// Versions in the one page of SeaweedFS.
  private static let singlePageLimit = 50_000

  init(_ client: S3Client, _ request: ListRequest) {
    state = S3ListingState(client, request, .listVersions)
    isEnded = state.isEmpty
    marker = state.startAfter.map { ($0, nil) }
  }

  func next() async throws(StoreError) -> [ObjectVersion]? {
    if Task.isCancelled {
      throw StoreError(.cancelled, .listVersions, key: state.request.prefix, detail: "the task was cancelled")
    }
    while !isEnded {
      let page = try await fetch()
      if !page.isEmpty { return page }
    }
    return nil
  }

  private func fetch() async throws(StoreError) -> [ObjectVersion] {
    var answer = try await ask()
    answer.sortByKeys()
    var next = state
    let wantedCount = try next.take(answer, mayRepeat: true)
    if answer.isTruncated, wantedCount == answer.entries.count {
      guard let key = answer.nextKeyMarker.map({ String(decoding: $0, as: UTF8.self) }),
        marker?.key.utf8.elementsEqual(key.utf8) != true || marker?.version != answer.nextVersionMarker
      else { throw next.failure("the listing goes on, but the server does not say where") }
      // A server that sends us back, or to another place, would make us miss what lies between.
      guard !Array(key.utf8).lexicographicallyPrecedes(next.lastKey) else {
        throw next.failure("the listing goes on at \(key), before its last key")
      }
      if wantedCount == 0 { try next.countEmptyPage() } else { next.emptyPageCount = 0 }
      marker = (key, answer.nextVersionMarker)
    } else {
      isEnded = true
    }
    state = next
    return answer.entries.prefix(wantedCount).map { ObjectVersion($0, key: answer.key(of: $0)) }
  }

  private func ask() async throws(StoreError) -> S3ListAnswer {
    var query = [(name: "versions", value: "")]
    if let marker {
      query.append(("key-marker", marker.key))
      if let version = marker.version { query.append(("version-id-marker", version)) }
    }
    let isKnown = state.client.keyOrder == .path
    if !isKnown {
      let answer = try await state.ask(query, as: .versions)
      // Whether it is such a server may only be known from this answer.
      if state.client.keyOrder != .path || !answer.isTruncated { return answer }
    }
    let answer = try await state.ask(query, as: .versions, pageLimit: Self.singlePageLimit)
    guard !answer.isTruncated else {
      throw state.failure(
        "more than \(Self.singlePageLimit) versions: this server leaves out some between the pages of a listing"
      )
    }
    return answer
  }
}

extension S3ListAnswer {
  /// Mostly they come as they should. Some servers send all versions of a page first, then its delete markers (moto).
  fileprivate mutating func sortByKeys() {
    let markersBegin = entries.firstIndex(where: \.isDeleteMarker) ?? entries.count
    guard markersBegin > 0, markersBegin < entries.count,
      entries[markersBegin...].allSatisfy(\.isDeleteMarker)
    else { return }
    let keys = keyBytes
    entries = entries.enumerated().sorted { left, right in
      let (leftKey, rightKey) = (keys[left.element.key], keys[right.element.key])
      if leftKey != rightKey { return leftKey.lexicographicallyPrecedes(rightKey) }
      if left.element.isLatest != right.element.isLatest { return left.element.isLatest }
      if left.element.lastModified != right.element.lastModified {
        return left.element.lastModified > right.element.lastModified
      }
      return left.offset < right.offset
    }.map(\.element)
  }
}

extension ObjectVersion {
  fileprivate init(_ entry: S3ListAnswer.Entry, key: String) {
    self.init(
      key: key,
      version: entry.version,
      isLatest: entry.isLatest,
      isDeleteMarker: entry.isDeleteMarker,
      size: entry.size,
      lastModified: entry.lastModified,
      etag: entry.etag
    )
  }
}

/// The versions and delete markers of a bucket by ListObjectVersions, page by page.
///
/// The next page begins behind the last version of this one, by key and version. A bucket that never had versioning
/// lists its objects with the version `null`.
final class S3VersionListing: VersionPages {
  private var state: S3ListingState
  private var marker: (key: String, version: String?)?
  private var isEnded: Bool

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
    var query = [(name: "versions", value: "")]
    if let marker {
      query.append(("key-marker", marker.key))
      if let version = marker.version { query.append(("version-id-marker", version)) }
    }
    let answer = try await state.ask(query, root: "ListVersionsResult")
    var next = state
    var versions: [ObjectVersion] = []
    var isBehindTheEnd = false
    for entry in Self.inKeyOrder(answer.entries) where !isBehindTheEnd {
      if try next.take(entry.key, mayRepeat: true) == .wanted {
        versions.append(ObjectVersion(entry))
      } else {
        isBehindTheEnd = true
      }
    }
    if answer.isTruncated, !isBehindTheEnd {
      guard let key = answer.nextKeyMarker.map({ String(decoding: $0, as: UTF8.self) }),
        marker?.key.utf8.elementsEqual(key.utf8) != true || marker?.version != answer.nextVersionMarker
      else { throw next.failure("the listing goes on, but the server does not say where") }
      // A server that sends us back, or to another place, would make us miss what lies between.
      guard !Array(key.utf8).lexicographicallyPrecedes(next.lastKey) else {
        throw next.failure("the listing goes on at \(key), before its last key")
      }
      if versions.isEmpty { try next.countEmptyPage() } else { next.emptyPageCount = 0 }
      marker = (key, answer.nextVersionMarker)
    } else {
      isEnded = true
    }
    state = next
    return versions
  }

  /// Mostly as they came. Some servers send all versions of a page first, then its delete markers (moto).
  private static func inKeyOrder(_ entries: [S3ListAnswer.Entry]) -> [S3ListAnswer.Entry] {
    let objects = entries.filter { !$0.isDeleteMarker }
    let markers = entries.filter(\.isDeleteMarker)
    guard !objects.isEmpty, !markers.isEmpty, entries == objects + markers else { return entries }
    return entries.enumerated().sorted { left, right in
      if left.element.key != right.element.key {
        return left.element.key.lexicographicallyPrecedes(right.element.key)
      }
      if left.element.isLatest != right.element.isLatest { return left.element.isLatest }
      if left.element.lastModified != right.element.lastModified {
        return left.element.lastModified > right.element.lastModified
      }
      return left.offset < right.offset
    }.map(\.element)
  }
}

extension ObjectVersion {
  fileprivate init(_ entry: S3ListAnswer.Entry) {
    self.init(
      key: String(decoding: entry.key, as: UTF8.self),
      version: entry.version,
      isLatest: entry.isLatest,
      isDeleteMarker: entry.isDeleteMarker,
      size: entry.size,
      lastModified: entry.lastModified,
      etag: entry.etag
    )
  }
}

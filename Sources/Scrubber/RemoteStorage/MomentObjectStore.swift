/// A store that keeps versions as it was at a moment: of each object the newest version that is not later,
/// unless that is a delete marker. Cannot be written to.
///
/// "Newest" is what the store says, in whose version listings the versions of one key come newest first;
/// times only tell which of them are too late. They may be coarse (S3 has whole seconds): all versions of the
/// moment's own second count as not later. A moment that lies in the store's future shows what is there now,
/// and changes with it.
///
/// Reading costs a version listing of the key each time; nothing is remembered.
struct MomentObjectStore<Base: ObjectStore>: ObjectStore {
  let base: Base
  let moment: Timestamp

  init(_ base: Base, at moment: Timestamp) {
    self.base = base
    self.moment = moment
  }

  var location: String { base.location }
  /// Of its versions, this store shows one.
  var keepsVersions: Bool { false }

  func list(_ request: ListRequest) -> any ListingPages { MomentListing(base, request, moment) }

  func listVersions(_ request: ListRequest) throws(StoreError) -> any VersionPages {
    throw unsupported(.listVersions, request.prefix, "shows no other versions")
  }

  func read(_ request: ReadRequest) async throws(StoreError) -> ObjectContent {
    try checkKey(request.key, for: .read)
    if request.version != nil { throw unsupported(.read, request.key, "shows no other versions") }
    guard let version = try await version(of: request.key, for: .read) else {
      let detail = "there was no such object at that moment"
      throw StoreError(.notFound, .read, key: request.key, detail: detail)
    }
    var request = request
    request.version = version.version
    return try await base.read(request)
  }

  func head(_ key: String) async throws(StoreError) -> ObjectMetadata? {
    try checkKey(key, for: .head)
    guard let version = try await version(of: key, for: .head) else { return nil }
    return ObjectMetadata(
      size: version.size,
      lastModified: version.lastModified,
      etag: version.etag,
      version: version.version
    )
  }

  func split(
    _ request: ListRequest,
    at prefix: String,
    into count: Int
  ) async throws(StoreError) -> [ListRequest] {
    try await base.split(request, at: prefix, into: count)
  }

  func put(_ key: String, bytes: [UInt8]) async throws(StoreError) -> ObjectMetadata {
    throw unsupported(.put, key, "cannot be written to")
  }

  func delete(_ keys: [String]) async throws(StoreError) {
    throw unsupported(.delete, keys.first ?? "", "cannot be written to")
  }

  private func unsupported(
    _ operation: StoreError.Operation,
    _ key: String,
    _ what: String
  ) -> StoreError {
    StoreError(.unsupported, operation, key: key, detail: "the store at a moment of the past \(what)")
  }

  /// The version of an object at the moment; nil if there was none.
  private func version(
    of key: String,
    for operation: StoreError.Operation
  ) async throws(StoreError) -> ObjectVersion? {
    // The key with a NUL behind it is the next possible one.
    let onlyThisKey = ListRequest(prefix: key, endBefore: key + "\0")
    do throws(StoreError) {
      let pages = try base.listVersions(onlyThisKey)
      while let page = try await pages.next() {
        if let version = page.first(where: { $0.lastModified <= moment }) {
          return version.isDeleteMarker ? nil : version
        }
      }
      return nil
    } catch {
      var error = error
      error.operation = operation
      throw error
    }
  }
}

private final class MomentListing<Base: ObjectStore>: ListingPages {
  private let base: Base
  private let request: ListRequest
  private let moment: Timestamp
  private var pages: (any VersionPages)?
  /// Versions not looked at yet.
  private var rest: ArraySlice<ObjectVersion> = []
  /// The last key of which the version is found, as bytes: strings would be equal that look equal.
  private var decidedKey: [UInt8] = []

  init(_ base: Base, _ request: ListRequest, _ moment: Timestamp) {
    self.base = base
    self.request = request
    self.moment = moment
  }

  func next() async throws(StoreError) -> ListingPage? {
    var page = ListingPage()
    do throws(StoreError) {
      while page.count < max(1, request.pageLimit), try await fillRest() {
        guard let version = rest.popFirst() else { continue }
        guard version.lastModified <= moment, !decidedKey.elementsEqual(version.key.utf8) else { continue }
        decidedKey = Array(version.key.utf8)
        guard !version.isDeleteMarker else { continue }
        page.append(key: version.key.utf8, size: version.size, lastModified: version.lastModified)
      }
    } catch {
      // What came before the error is handed out first; the next call meets the error again, or is luckier.
      var error = error
      error.operation = .list
      if page.isEmpty { throw error }
    }
    return page.isEmpty ? nil : page
  }

  /// Gets more versions if need be. False if there are none.
  private func fillRest() async throws(StoreError) -> Bool {
    if !rest.isEmpty { return true }
    if pages == nil { pages = try base.listVersions(request) }
    guard let page = try await pages?.next() else { return false }
    rest = page[...]
    return true
  }
}

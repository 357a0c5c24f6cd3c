/// What the toolkit needs of a place that keeps objects by key: a folder, memory, S3.
///
/// Keys are UTF-8 text, ordered by bytes, with `/` between their parts; they are relative to the store's
/// root. Every store behaves the same, as `ObjectStoreConformance` in the tests checks. All calls may run at
/// the same time.
protocol ObjectStore: Sendable {
  /// How to name the store to people: a URL or path, without secrets.
  var location: String { get }

  /// Whether `listVersions` and reading by version work.
  var keepsVersions: Bool { get }

  /// The objects that match, in key order. Every page has at least one. Nothing is requested before the first
  /// page is asked for.
  func list(_ request: ListRequest) -> any ListingPages

  /// All versions and delete markers of the objects that match: in key order, of one key the newest first.
  func listVersions(_ request: ListRequest) throws(StoreError) -> any VersionPages

  /// The bytes of an object or a part of it, and what the store says of the object.
  func read(_ request: ReadRequest) async throws(StoreError) -> ObjectContent

  /// What the store says of an object; nil if there is none. Throws when that cannot be told.
  func head(_ key: String) async throws(StoreError) -> ObjectMetadata?

  /// Writes an object whole: afterwards readers see all of it, or what was there before.
  func put(_ key: String, bytes: [UInt8]) async throws(StoreError) -> ObjectMetadata

  /// Removes objects. A key without an object is no error.
  func delete(_ keys: [String]) async throws(StoreError)
}

extension ObjectStore {
  /// Cuts a request into about `count` requests that together ask for the same keys, in key order, none twice.
  ///
  /// - Parameter prefix: what the keys begin with at which to cut: identifiers of tenants follow it. Cuts fall between
  ///   tenants, never between the shards of one. This way of cutting needs no request: by the first hex digits.
  func split(
    _ request: ListRequest, at prefix: String, into count: Int
  ) async throws(StoreError) -> [ListRequest] {
    hexSplit(request, at: prefix, into: count)
  }

  func hexSplit(_ request: ListRequest, at prefix: String, into count: Int) -> [ListRequest] {
    let digits = Array("0123456789abcdef")
    let cuts =
      count <= 16
      ? digits.map { "\(prefix)\($0)" } : digits.flatMap { first in digits.map { "\(prefix)\(first)\($0)" } }
    let step = max(1, cuts.count / max(1, count))
    return request.cut(at: stride(from: step, to: cuts.count, by: step).map { cuts[$0] })
  }
}

extension ListRequest {
  /// The same keys as several requests: those before the first cut, from there to the next, and so on.
  ///
  /// A cut is the beginning of keys, not a key: all keys that begin with it come behind the cut.
  func cut(at cuts: [String]) -> [ListRequest] {
    var parts: [ListRequest] = []
    var rest = self
    for cut in cuts {
      var part = rest
      // Up to the cut and with it, in case there is an object of just that name.
      part.endBefore = cut + "\u{0}"
      parts.append(part)
      rest.startAfter = cut
    }
    return parts + [rest]
  }
}

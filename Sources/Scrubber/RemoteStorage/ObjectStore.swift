/// What the toolkit needs of a place that keeps objects by key: a folder, memory, S3.
///
/// Keys are UTF-8 text, ordered by bytes but for some servers (`KeyOrder`), with `/` between their parts; they
/// are relative to the store's root. Every store behaves the same, as `ObjectStoreConformance` in the tests
/// checks. All calls may run at the same time.
protocol ObjectStore: Sendable {
  /// How to name the store to people: a URL or path, without secrets.
  var location: String { get }

  /// Whether `listVersions` and reading by version work.
  var keepsVersions: Bool { get }

  /// The order of listings. A store may learn its own order from its listings; that of versions is always by bytes.
  var keyOrder: KeyOrder { get }

  /// The objects that match, in key order. Every page has at least one. Nothing is requested before the first
  /// page is asked for.
  func list(_ request: ListRequest) -> any ListingPages

  /// All versions and delete markers of the objects that match: in key order, of one key the newest first.
  func listVersions(_ request: ListRequest) throws(StoreError) -> any VersionPages

  /// The bytes of an object or a part of it, and what the store says of the object.
  func read(_ request: ReadRequest) async throws(StoreError) -> ObjectContent

  /// Reads a whole object into a sink, without having it in memory; gives what the store says of it. After an error the
  /// sink may have taken some bytes.
  ///
  /// - Parameter partByteCount: how much to read at a time, where a store reads by parts.
  func read(
    _ request: ReadRequest,
    into sink: any ObjectSink,
    partByteCount: UInt64
  ) async throws(StoreError) -> ObjectMetadata

  /// What the store says of an object; nil if there is none. Throws when that cannot be told.
  func head(_ key: String) async throws(StoreError) -> ObjectMetadata?

  /// Writes an object whole: afterwards readers see all of it, or what was there before.
  func put(_ key: String, bytes: [UInt8]) async throws(StoreError) -> ObjectMetadata

  /// Removes objects. A key without an object is no error.
  func delete(_ keys: [String]) async throws(StoreError)

  /// Cuts a request into about `count` requests that together ask for the same keys, in key order, none
  /// twice, so that they can be listed side by side.
  ///
  /// - Parameter prefix: what the keys begin with at which to cut: identifiers of tenants follow it. Cuts fall between
  ///   tenants, never between the shards of one.
  func split(
    _ request: ListRequest,
    at prefix: String,
    into count: Int
  ) async throws(StoreError) -> [ListRequest]
}

/// A listing under way. Used by one task at a time.
protocol ListingPages: AnyObject {
  /// The next page, or nil behind the last.
  ///
  /// After an error the next call tries the same page again, unless `resumesBehindErrors`. After a fault of
  /// its own task, `.cancelled`, a listing cannot be used any more.
  func next() async throws(StoreError) -> ListingPage?

  /// Whether what failed is lost and the next call goes on behind it.
  ///
  /// False where it is worth asking again (a network). True where it is not, and where one bad place must not
  /// end the listing (a folder): then the error's key is the prefix below which objects may be missing from
  /// the listing.
  var resumesBehindErrors: Bool { get }
}

extension ListingPages {
  var resumesBehindErrors: Bool { false }
}

/// A listing of versions under way. Used by one task at a time.
protocol VersionPages: AnyObject {
  func next() async throws(StoreError) -> [ObjectVersion]?
}

/// Some objects of a listing. Keys lie in one buffer, so that a listing of millions costs no allocation per
/// object.
struct ListingPage: Sendable {
  struct Entry: Sendable {
    /// Where the key begins in `keyBytes`.
    var keyOffset: Int
    var keyLength: Int
    var size: UInt64
    var lastModified: Timestamp
    /// What the store says besides of the content; see `ContentMark`.
    var mark = ContentMark.none
  }

  private(set) var keyBytes: [UInt8] = []
  private(set) var entries: [Entry] = []

  init(capacity: Int = 0, keyCapacity: Int = 0) {
    entries.reserveCapacity(capacity)
    keyBytes.reserveCapacity(keyCapacity)
  }

  var count: Int { entries.count }
  var isEmpty: Bool { entries.isEmpty }

  func key(of entry: Entry) -> String {
    String(decoding: keyBytes[entry.keyOffset..<entry.keyOffset + entry.keyLength], as: UTF8.self)
  }

  mutating func append(
    key: some Sequence<UInt8>,
    size: UInt64,
    lastModified: Timestamp,
    mark: ContentMark = .none
  ) {
    let start = keyBytes.count
    keyBytes.append(contentsOf: key)
    entries.append(
      Entry(
        keyOffset: start,
        keyLength: keyBytes.count - start,
        size: size,
        lastModified: lastModified,
        mark: mark
      )
    )
  }

  /// The same for a key in two pieces: a folder's path and a name in it.
  mutating func append(
    folder: [UInt8],
    name: UnsafeBufferPointer<UInt8>,
    size: UInt64,
    lastModified: Timestamp
  ) {
    let start = keyBytes.count
    keyBytes.append(contentsOf: folder)
    keyBytes.append(contentsOf: name)
    entries.append(
      Entry(keyOffset: start, keyLength: keyBytes.count - start, size: size, lastModified: lastModified)
    )
  }
}

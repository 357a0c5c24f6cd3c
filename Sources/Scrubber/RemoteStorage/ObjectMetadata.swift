/// What a store says of an object without its bytes.
struct ObjectMetadata: Sendable, Equatable {
  var size: UInt64
  var lastModified: Timestamp
  /// Changes whenever the content does; empty if the store has none.
  var etag: String
  /// The version's identifier, where the store keeps versions.
  var version: String? = nil
}

/// One version of an object, or the mark that it was deleted.
struct ObjectVersion: Sendable, Equatable {
  var key: String
  var version: String
  var isLatest: Bool
  var isDeleteMarker: Bool
  var size: UInt64
  var lastModified: Timestamp
  var etag: String
}

extension ObjectMetadata {
  /// What is to be said of a version as of an object.
  init(_ version: ObjectVersion) {
    self.init(
      size: version.size,
      lastModified: version.lastModified,
      etag: version.etag,
      version: version.version
    )
  }
}

import IndexFormat

/// What a scan says while it runs. Every rendering (text, JSON, NDJSON, exit code) is made of this stream
/// alone.
enum ScanEvent: Sendable {
  /// Once, first.
  case begin(ScanBegin)
  /// Something wrong or noteworthy in the data.
  case finding(Finding)
  /// We could not look: no statement about the data.
  case couldNotLook(LookError)
  /// Now and then.
  case progress(ScanProgress)
  /// Once, last; also after an interruption.
  case summary(ScanSummary)
}

struct ScanBegin: Sendable {
  var command: String
  /// Where the data comes from, without secrets.
  var location: String
  /// The key prefix that is scanned, such as `pageserver/v1/`.
  var prefix: String
  var depth: ScanDepth
  /// The moment the scan speaks of: its start, or what `--at` said.
  var moment: Timestamp
  /// Whose objects are scanned.
  var nodeKind = NodeKind.pageserver
  /// Of safekeepers: where the timelines come from, without secrets.
  var source: String?
}

/// Whose objects a bucket holds.
enum NodeKind: String, Sendable, CaseIterable {
  case pageserver
  case safekeeper
}

/// How far a scan reads.
enum ScanDepth: String, Sendable, CaseIterable {
  /// Names and sizes only.
  case list
  /// Also index files, manifests and heatmaps.
  case index
  /// Also the summary and the index inside of each layer that an index names.
  case layers
  /// Also the values of these layers, and the archives of initdb.
  case blobs
  /// Of safekeepers: also what WAL segments hold.
  case wal

  /// Whether index files, manifests and heatmaps are read.
  var readsIndices: Bool { self != .list }

  /// Whether layers are opened.
  var opensLayers: Bool { self == .layers || self == .blobs }
}

/// A request that gave no answer, so that something could not be checked.
struct LookError: Sendable, Equatable {
  /// The object, or the prefix of a listing.
  var objectKey: String
  var tenant: TenantID? = nil
  /// What was tried and what came of it.
  var reason: String
}

struct ScanProgress: Sendable {
  var objectsListed: Int
  var bytesListed: UInt64
  var tenantsDone: Int
  /// What was read of layers and archives; nil at depths that do not open them.
  var bodies: BodyProgress?
  /// Between 0 and 1, from how far the listing is through the key space; nil when it cannot be told.
  var fraction: Double?
  var elapsed: Duration
}

/// How far the reading of layers and archives is.
struct BodyProgress: Sendable, Equatable {
  /// Layers and archives that were looked into.
  var objectsDone = 0
  var bytesRead: UInt64 = 0
}

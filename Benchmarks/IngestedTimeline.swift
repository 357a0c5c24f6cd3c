import Engine
import Foundation
import Glibc
import IndexFormat

/// A timeline in a folder of its own, which begins with an image layer.
struct IngestedTimeline {
  private let root: String

  private static let tenant = TenantID(high: 1, low: 1)
  private static let timeline = TimelineID(high: 2, low: 2)
  /// Small enough to stay in the cache of a core until it has been read.
  private static let pieceByteCount = 128 << 10

  init(_ root: String) { self.root = root }

  private var state: String { "\(root)/base.txt" }

  private func layers(_ folder: String, _ version: PostgresVersion, _ known: [IndexLayer]) -> GrownLayers {
    GrownLayers(
      root: folder,
      tenant: Self.tenant,
      shard: .unsharded(),
      timeline: Self.timeline,
      generation: .valid(1),
      redo: RedoRules(version: version),
      layers: known
    )
  }

  /// What a timeline begins with.
  struct Base {
    var version: PostgresVersion
    var image: IndexLayer
    /// Where WAL goes on.
    var start: Lsn
    /// Whether the WAL of 14 or 15 is that of PostgreSQL as it is.
    var isStock: Bool

    fileprivate init(_ version: PostgresVersion, byteCount: UInt64, _ start: Lsn, isStock: Bool) {
      (self.version, self.start, self.isStock) = (version, start, isStock)
      let name = LayerName(image: .all, at: start)
      image = IndexLayer(name: name, generation: .valid(1), shard: .unsharded, fileSize: byteCount)
    }
  }

  /// Writes the files of a tar archive as an image layer.
  func importBase(_ archive: String, isStock: Bool) throws -> Base {
    let files = try ClusterFiles.archive(at: archive)
    let origin = try BackupOrigin(files)
    let (version, start) = (origin.version, origin.start)
    let run = try BaseBackupImport(files, IngestRules(version: version), at: start).values()
    let layers = layers(root, version, [])
    try layers.write(run, as: LayerName(image: .all, at: start))
    return Base(version, byteCount: layers.layers[0].fileSize, start, isStock: isStock)
  }

  /// Notes what was imported, for processes that ingest.
  func note(_ base: Base) throws {
    try "\(base.version.major) \(base.image.fileSize) \(base.start) \(base.isStock)".write(
      toFile: state,
      atomically: true,
      encoding: .utf8
    )
  }

  private func notedBase() throws -> Base {
    let words = try String(contentsOfFile: state, encoding: .utf8).split(separator: " ").map(String.init)
    guard words.count == 4, let number = UInt32(words[0]), let version = PostgresVersion(major: number),
      let byteCount = UInt64(words[1]), let start = Lsn(words[2]), let isStock = Bool(words[3])
    else { throw BenchmarkError("no base in \(root)") }
    return Base(version, byteCount: byteCount, start, isStock: isStock)
  }

  /// Ingests the segments of a folder into delta layers of a folder of this process.
  func ingest(_ segments: String, upTo stop: Lsn?) async throws {
    let base = try notedBase()
    let key = PageserverObjectKey.layerKey(
      Self.tenant,
      layerShard: .unsharded,
      Self.timeline,
      base.image.name,
      .valid(1)
    )
    // Whoever began the process removes it.
    let folder = "\(root)/\(getpid())"
    let manager = FileManager.default
    let path = URL(filePath: "\(folder)/\(key)")
    try manager.createDirectory(at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
    try manager.linkItem(atPath: "\(root)/\(key)", toPath: path.path)
    let (growth, layers) = try await grow(base, folder, segments, upTo: stop)
    print(growth.recordCount, "records,", layers.layers.count - 1, "delta layers")
  }

  /// Ingests the segments of a folder into delta layers beside the image layer.
  private func grow(
    _ base: Base,
    _ folder: String,
    _ segments: String,
    upTo stop: Lsn?
  ) async throws -> (TimelineGrowth, GrownLayers) {
    let layers = layers(folder, base.version, [base.image])
    let source = GrowingTimeline([], above: layers.timeline(), redo: RedoRules(version: base.version))
    let rules = IngestRules(version: base.version, hasNeonHeapRecords: base.isStock ? false : nil)
    let growth = try await TimelineGrowth.begin(above: source, at: base.start, rules)
    growth.stop = stop
    growth.destination = layers
    try await feed(growth, segments)
    try await growth.flush()
    return (growth, layers)
  }

  /// Makes a bucket with one timeline in it: an imported archive, delta layers with all that the segments of a folder
  /// have behind it, and the index.
  ///
  /// - Returns: the end of the timeline, and its layers.
  static func makeBucket(
    _ bucket: String,
    _ archive: String,
    _ segments: String,
    upTo stop: Lsn? = nil,
    isStock: Bool
  ) async throws -> (end: Lsn, layers: [IndexLayer]) {
    let tenants = "\(bucket)/pageserver/v1/tenants"
    try FileManager.default.createDirectory(atPath: tenants, withIntermediateDirectories: true)
    let timeline = IngestedTimeline(tenants)
    let base = try timeline.importBase(archive, isStock: isStock)
    let (growth, layers) = try await timeline.grow(base, tenants, segments, upTo: stop)
    let metadata = TimelineMetadata(
      diskConsistentLsn: growth.lastLsn,
      prevRecordLsn: nil,
      ancestorTimeline: nil,
      ancestorLsn: .invalid,
      latestGcCutoffLsn: base.start,
      initdbLsn: base.start,
      pgVersion: UInt32(base.version.major)
    )
    let shard = TenantShardID(tenant: Self.tenant, shard: .unsharded)
    let key = PageserverObjectKey.indexKey(shard, Self.timeline, .valid(1))
    let index = IndexPart(metadata: metadata, layers: layers.layers)
    try Data(index.encode()).write(to: URL(filePath: "\(tenants)/\(key)"))
    return (growth.lastLsn, layers.layers)
  }

  private func feed(_ growth: TimelineGrowth, _ folder: String) async throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.utf8.count == 24 }
      .sorted()
    for name in names {
      guard let segment = WALSegmentName(name)?.segment(size: .standard),
        let start = WALSegmentSize.standard.start(of: segment)
      else { continue }
      let file = open("\(folder)/\(name)", O_RDONLY)
      guard file >= 0 else { throw BenchmarkError("cannot open \(name)") }
      defer { close(file) }
      while !growth.isPaused, growth.wanted >= start,
        growth.wanted.value < start.value + WALSegmentSize.standard.byteCount
      {
        let offset = growth.wanted.value - start.value
        let bytes = [UInt8](unsafeUninitializedCapacity: Self.pieceByteCount) { buffer, count in
          count = max(0, pread(file, buffer.baseAddress, buffer.count, off_t(offset)))
        }
        guard !bytes.isEmpty else { break }
        try await growth.ingest(bytes)
      }
    }
  }
}

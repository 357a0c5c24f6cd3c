import Engine
import Foundation
import Glibc
import IndexFormat

/// Ingests WAL segments on a base backup, down to delta layers, and has `pg_waldump --stats=record` count the same
/// records, each as a program of its own; alternately, in the same run. What is imported is made before, once. Both are
/// told where the records end.
struct IngestBenchmark {
  private let waldump: String
  private let base: String
  private let folder: String
  /// Whether the WAL of 14 or 15 is that of PostgreSQL as it is, not of Neon's computes.
  private let isStock: Bool

  private static let rounds = 9

  init(_ arguments: ArraySlice<String>) throws {
    let arguments = Array(arguments)
    guard arguments.count == 4 || arguments.count == 5 && arguments[4] == "stock",
      arguments[0] == "--pg-waldump"
    else { throw BenchmarkError("usage: Benchmarks ingest --pg-waldump PROGRAM BASE.tar WAL-DIR [stock]") }
    isStock = arguments.count == 5
    (waldump, base, folder) = (arguments[1], arguments[2], arguments[3])
  }

  func run() throws {
    let root = FileManager.default.temporaryDirectory.appending(path: "scrubber-ingest-\(getpid())").path
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    // What is left in the temporary folder harms nobody.
    defer { try? FileManager.default.removeItem(atPath: root) }
    let start = try IngestedTimeline(root).importBase(base, isStock: isStock)
    let segments = try WALSegments(folder)
    let content = try segments.content(from: start)
    let ours = [CommandLine.arguments[0], "ingest-layers", root, folder, "\(content.end)"]
    let theirs = [
      waldump, "--stats=record", "-p", folder, "-s", "\(start)", "-e", "\(content.end)",
    ]
    let (scrubber, yardstick) = try ProgramFigures.compare(ours, theirs, rounds: Self.rounds)
    let megabytes = Double(content.end.value - start.value) / 1e6
    print(
      """
      ingest \(folder): \(content.statistics.total.records) records, \(megabytes.short) MB from \(start) on
        scrubber   \(scrubber.wall.short) s wall, \(scrubber.cpu.short) s CPU, \(scrubber.peakMemoryKiB / 1024) MiB peak
        pg_waldump \(yardstick.wall.short) s wall, \(yardstick.cpu.short) s CPU
        ratio      \((scrubber.wall / yardstick.wall).short) times the wall of pg_waldump --stats=record
      """
    )
  }
}

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

  /// Writes the files of a tar archive as an image layer; returns where WAL goes on.
  func importBase(_ archive: String, isStock: Bool) throws -> Lsn {
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: archive)))
    let version = try Self.version(bytes)
    // The LSN stands in the archive, so it is looked for first.
    let start = try Self.checkpoint(bytes, version)
    let importer = BaseBackupImport(IngestRules(version: version), at: start)
    var backup = BaseBackupArchive(importer)
    try backup.add(bytes.span.bytes)
    let layers = layers(root, version, [])
    try layers.write(try backup.finish(), as: LayerName(image: .all, at: start))
    let layer = layers.layers[0]
    try "\(version.major) \(layer.fileSize) \(start) \(isStock)".write(
      toFile: state,
      atomically: true,
      encoding: .utf8
    )
    return start
  }

  /// The file with a name in an archive without anything but small headers before each.
  private static func file(_ name: String, _ archive: [UInt8]) throws -> ArraySlice<UInt8> {
    var position = 0
    while position + 512 <= archive.count {
      let header = archive[position..<position + 512]
      var path = header.prefix(100).prefix { $0 != 0 }
      if path.starts(with: "./".utf8) { path = path.dropFirst(2) }
      let digits = header.dropFirst(124).prefix(11)
      let size = digits.reduce(0) { $1 >= 0x30 && $1 < 0x38 ? $0 * 8 + Int($1 - 0x30) : $0 }
      if path.elementsEqual(name.utf8) { return archive[position + 512..<position + 512 + size] }
      position += 512 + (size + 511) / 512 * 512
    }
    throw BenchmarkError("no \(name) in the archive")
  }

  private static func version(_ archive: [UInt8]) throws -> PostgresVersion {
    let text = String(decoding: try file("PG_VERSION", archive), as: UTF8.self)
    guard let number = UInt32(text.prefix { $0.isNumber }), let version = PostgresVersion(major: number)
    else {
      throw BenchmarkError("PG_VERSION \(text)")
    }
    return version
  }

  private static func checkpoint(_ archive: [UInt8], _ version: PostgresVersion) throws -> Lsn {
    let bytes = Array(try file("global/pg_control", archive))
    return try ControlFile(parsing: bytes.span.bytes).checkpointCopy.redo
  }

  /// Ingests the segments of a folder into delta layers of a folder of this process.
  func ingest(_ segments: String, upTo stop: Lsn?) async throws {
    let words = try String(contentsOfFile: state, encoding: .utf8).split(separator: " ").map(String.init)
    guard words.count == 4, let number = UInt32(words[0]), let version = PostgresVersion(major: number),
      let byteCount = UInt64(words[1]), let start = Lsn(words[2]),
      let isStock = Bool(words[3])
    else { throw BenchmarkError("no base in \(root)") }
    let name = LayerName(image: .all, at: start)
    let image = IndexLayer(name: name, generation: .valid(1), shard: .unsharded, fileSize: byteCount)
    let key = PageserverObjectKey.layerKey(
      Self.tenant,
      layerShard: .unsharded,
      Self.timeline,
      name,
      .valid(1)
    )
    // Whoever began the process removes it.
    let folder = "\(root)/\(getpid())"
    let manager = FileManager.default
    let path = URL(filePath: "\(folder)/\(key)")
    try manager.createDirectory(at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
    try manager.linkItem(atPath: "\(root)/\(key)", toPath: path.path)
    let layers = layers(folder, version, [image])
    let source = GrowingTimeline([], above: layers.timeline(), redo: RedoRules(version: version))
    let rules = IngestRules(version: version, hasNeonHeapRecords: isStock ? false : nil)
    let growth = try await TimelineGrowth.begin(above: source, at: start, rules)
    growth.stop = stop
    growth.destination = layers
    try await feed(growth, segments)
    try await growth.flush()
    print(growth.recordCount, "records,", layers.layers.count - 1, "delta layers")
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

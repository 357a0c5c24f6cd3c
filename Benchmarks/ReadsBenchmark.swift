import Engine
import Foundation
import Glibc
import IndexFormat

/// Reads all keys of every timeline of a bucket at its end, through layer map and block cache, and says what memory
/// that takes: half of a budget for the cache, half for the read.
struct ReadsBenchmark {
  private let folder: String

  private static let byteBudget = 16 << 20

  init(_ arguments: ArraySlice<String>) throws {
    guard let folder = arguments.first, arguments.count == 1 else {
      throw BenchmarkError("usage: Benchmarks reads DIR (with a bucket's pageserver/v1/tenants)")
    }
    self.folder = "\(folder)/pageserver/v1/tenants"
  }

  func run() async throws {
    let store = LayerStore(
      source: FolderLayerSource(root: folder),
      cache: BlockCache(byteBudget: Self.byteBudget / 2)
    )
    let timelines = try timelines(store)
    let before = peakMemory()
    var counts = Counts()
    let start = ContinuousClock.now
    for timeline in timelines { try await Self.read(timeline, &counts) }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let after = peakMemory()
    guard counts.values > 0 else { throw BenchmarkError("no values below \(folder)") }
    let (values, records) = (Double(counts.values), Double(counts.records))
    print(
      """
      reads: all keys of \(timelines.count) timelines at their ends, \(counts.batches) batches
        values     \((values / 1e3).short) thousand with \((records / 1e3).short) thousand records, \
      \((Double(counts.bytes) / 1e6).short) MB
        time       \((seconds / values * 1e6).short) µs a value, \(counts.reads) ranged reads of \
      \((Double(counts.readBytes) / 1e6).short) MB
        memory     \((before / 1e6).short) MB before, \((after / 1e6).short) MB at most, \
      \((after / 1e6 - Double(Self.byteBudget) / 1e6).short) MB without the budget (wanted: 30 or less)
      """
    )
  }

  private struct Counts {
    var batches = 0
    var values = 0
    var records = 0
    var bytes = 0
    var reads = 0
    var readBytes = 0
  }

  private static func read(_ timeline: Timeline, _ counts: inout Counts) async throws {
    var options = ReadOptions()
    options.byteBudget = byteBudget / 2
    var rest = KeySpace(.all)
    while !rest.isEmpty {
      let batch = try await timeline.read(rest, at: timeline.diskConsistentLsn, options)
      if let failure = batch.failures.first { throw BenchmarkError("\(failure.error)") }
      counts.batches += 1
      counts.values += batch.values.count
      for read in batch.values {
        counts.records += read.records.count
        counts.bytes += read.image?.bytes.count ?? 0
      }
      for visit in batch.visits {
        counts.reads += visit.readCount
        counts.readBytes += visit.byteCount
      }
      rest = batch.rest
    }
  }

  /// Those with layers, each with its ancestors.
  private func timelines(_ store: LayerStore) throws -> [Timeline] {
    var newest: [String: (path: String, index: IndexPart)] = [:]
    for path in try FileManager.default.subpathsOfDirectory(atPath: folder).sorted() {
      let parts = path.split(separator: "/")
      guard parts.count == 4, parts[3].hasPrefix("index_part.json") else { continue }
      let bytes = [UInt8](try Data(contentsOf: URL(filePath: "\(folder)/\(path)")))
      newest[parts[0] + "/" + parts[2]] = (path, try IndexPart(parsing: bytes.span.bytes))
    }
    var opened: [String: Timeline] = [:]
    func open(_ place: String) throws -> Timeline {
      if let known = opened[place] { return known }
      let parts = place.split(separator: "/").map(String.init)
      guard let (_, index) = newest[place], let shard = TenantShardID(parts[0]),
        let id = TimelineID(parts[1]), let stripe = StripeSize(pages: 16)
      else { throw BenchmarkError("no index of \(place)") }
      let ancestor = try index.metadata.ancestorTimeline.map {
        Timeline.Ancestor(try open("\(parts[0])/\($0)"), at: index.metadata.ancestorLsn)
      }
      let timeline = Timeline(
        tenant: shard.tenant,
        shard: try ShardIdentity(shard.shard, stripeSize: stripe),
        id: id,
        index: index,
        ancestor: ancestor,
        store: store
      )
      opened[place] = timeline
      return timeline
    }
    return try newest.keys.sorted().map { try open($0) }.filter { !$0.map.layers.isEmpty }
  }

  private func peakMemory() -> Double {
    var usage = rusage()
    getrusage(Int32(RUSAGE_SELF.rawValue), &usage)
    return Double(usage.ru_maxrss) * 1024
  }
}

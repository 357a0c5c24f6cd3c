import Engine
import Foundation
import IndexFormat
import Testing

@testable import Scrubber

/// Values and keys of real tenants as a real page server gave them.
@Suite(.enabled(if: Golden.isPresent, Golden.absence), .timeLimit(.minutes(60)))
struct PageGoldenTests {
  /// What a page server said of a timeline at an LSN.
  private struct Oracle {
    struct Page {
      var key: Key
      var byteCount: Int
      /// The first 24 hex digits of the SHA-256.
      var digest: String
      /// Page servers of 2024 do not tell.
      var recordCount: Int?
      var layerCount: Int?
    }

    var name: String
    var shard: TenantShardID
    var timeline: TimelineID
    var lsn: Lsn
    var pages: [Page]
    var keySpace: NSDictionary

    init(_ pages: URL) throws {
      name = String(pages.lastPathComponent.dropLast(".pages.tsv".count))
      let lines = String(decoding: try Data(contentsOf: pages), as: UTF8.self).split(separator: "\n")
      let words = try #require(lines.first).split { " ;".contains($0) }.map(String.init)
      func word(_ name: String) throws -> String { words[try #require(words.firstIndex(of: name)) + 1] }
      shard = try #require(TenantShardID(try word("tenant")))
      timeline = try #require(TimelineID(try word("timeline")))
      lsn = try #require(Lsn(try word("lsn")))
      self.pages = try lines.dropFirst().map { line in
        let fields = line.split(separator: "\t").map(String.init)
        return Page(
          key: try #require(Key(fields[0])),
          byteCount: try #require(Int(fields[1])),
          digest: fields[2],
          recordCount: fields.count > 3 ? Int(fields[3]) : nil,
          layerCount: fields.count > 4 ? Int(fields[4]) : nil
        )
      }
      let json = pages.deletingLastPathComponent().appending(path: "\(name).keyspace.json")
      keySpace = try #require(
        try JSONSerialization.jsonObject(with: Data(contentsOf: json)) as? NSDictionary
      )
    }

    static func all(_ tenant: String) throws -> [Oracle] {
      let folder = try TemporaryFolder()
      let era = ["J", "K", "M"].contains(tenant) ? "pageserver-2024" : "pageserver"
      try Golden.unpack("\(era)/oracle/\(tenant).tar.zst", into: folder.path)
      return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        .filter { $0.hasSuffix(".pages.tsv") }
        .map { try Oracle(URL(filePath: "\(folder.path)/\($0)")) }
    }

    /// Some of the keys, of all families, and some whose values need records.
    var sample: [Page] {
      Self.some(of: pages) + Self.some(of: pages.filter { $0.recordCount ?? 0 > 0 })
    }

    private static func some(of pages: [Page]) -> [Page] {
      let step = max(1, pages.count / 20)
      return pages.enumerated().filter { $0.offset % step == 0 }.map(\.element)
    }
  }

  @Test(arguments: [("A", 10), ("B", 12), ("J", 10)])
  func keySpacesAreThoseOfThePageServer(_ tenant: String, _ count: Int) async throws {
    let folder = try RealBucket.unpack([tenant])
    let oracles = try Oracle.all(tenant)
    #expect(oracles.count == count)
    for oracle in oracles {
      let record = try await ForensicRecord.run([
        "keyspace", "\(oracle.shard)", "\(oracle.timeline)", "--lsn", "\(oracle.lsn)", "--json",
        "--bucket", folder.path,
      ])
      #expect(record.exitCode == .ok, "\(oracle.name): \(record.error)")
      let json = try JSONSerialization.jsonObject(with: Data(record.output.utf8)) as? NSDictionary
      #expect(json == oracle.keySpace, "\(oracle.name)")
    }
  }

  @Test(arguments: ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "M"])
  func valuesAreThoseOfThePageServer(_ tenant: String) async throws {
    let folder = try RealBucket.unpack([tenant])
    let bucket = try await ForensicBucket.open(.folder(path: folder.path), Environment([:]), at: nil)
    // Manifests of 2024 do not tell the size of stripes.
    let stripeSize = tenant == "M" ? StripeSize(pages: 16) : nil
    var known: [TenantShardID: TenantView] = [:]
    var counts = (values: 0, replayed: 0, redo: 0)
    var needsRecords = false
    for oracle in try Oracle.all(tenant) {
      needsRecords = needsRecords || oracle.pages.contains { $0.recordCount ?? 0 > 0 }
      if known[oracle.shard] == nil {
        known[oracle.shard] = try await TenantView.open(
          .shard(oracle.shard),
          in: bucket,
          stripeSize: stripeSize
        )
      }
      let view = try #require(known[oracle.shard])
      let place = try OpenTimeline(try view.timeline(oracle.timeline, on: oracle.shard.shard), in: view)
      for page in oracle.sample {
        let reading = await PageReading.read(page.key, at: oracle.lsn, in: place)
        let label = "\(oracle.name) \(page.key)"
        if let layerCount = page.layerCount { #expect(reading.visits.count <= layerCount, "\(label)") }
        if let count = page.recordCount { #expect(reading.found?.records.count == count, "\(label)") }
        guard case .value(let bytes) = reading.outcome else {
          // Kinds of records whose replay is not supported.
          counts.redo += 1
          #expect(reading.needsRedo, "\(label): \(reading.outcome)")
          #expect(reading.failure?.exitCode == .needsRedo)
          continue
        }
        counts.values += 1
        if reading.found?.records.isEmpty == false { counts.replayed += 1 }
        #expect(bytes.count == page.byteCount, "\(label)")
        let digest = HexText.string(Digest.sha256(bytes).span.bytes)
        #expect(page.key == .auxFilesV1 || digest.hasPrefix(page.digest), "\(label)")
        let text = ValueText(bytes, of: page.key, pgVersion: place.view.index.metadata.pgVersion)
        #expect(text.problem == nil, "\(label)")
      }
    }
    #expect(counts.values > 15 && counts.redo * 4 < counts.values, "\(counts)")
    #expect(counts.replayed > 0 || !needsRecords, "\(counts)")
  }

  @Test func aHistoryHoldsAllThatAReadTakes() async throws {
    let folder = try RealBucket.unpack(["A"])
    let bucket = try await ForensicBucket.open(.folder(path: folder.path), Environment([:]), at: nil)
    let view = try await TenantView.open(nil, in: bucket)
    var recordCount = 0
    for oracle in try Oracle.all("A") where oracle.name != "A.main@end" {
      let place = try OpenTimeline(try view.timeline(oracle.timeline, on: ShardIndex.unsharded), in: view)
      for page in oracle.sample {
        let reading = await PageReading.read(page.key, at: oracle.lsn, in: place)
        let history = KeyHistory(key: page.key, place: place, lsns: Lsn(0)...oracle.lsn)
        var seen: [PageReading.Part] = []
        for link in history.links {
          var last = Lsn(.max)
          try await history.forEach(of: link) { layer, error in
            Issue.record("\(layer.key): \(error)")
          } _: { version in
            #expect(version.lsn <= last && version.problem == nil)
            last = version.lsn
            if let value = version.value { seen.append(.init(lsn: version.lsn, value: value, visit: 0)) }
          }
        }
        for part in reading.parts {
          #expect(seen.contains { $0.lsn == part.lsn && $0.value == part.value }, "\(page.key) \(part.lsn)")
          if !part.value.willInit { recordCount += 1 }
        }
      }
    }
    #expect(recordCount > 0)
  }

  @Test(.enabled(if: RealS3Server.areInstalled, "servers are not in .venv: run tools/setup"))
  func atMostThreeReadsAreMadeForALayer() async throws {
    let server = try await RealS3Server.running(.seaweedFS)
    let folder = try RealBucket.unpack(["A"])
    let objects = try RealBucket.objects(below: URL(filePath: folder.path)).map { ($0.key, $0.value) }
    let store = CountingObjectStore(try await server.makeBucket(objects))
    let bucket = ForensicBucket(store: store, root: BucketRoot(tenantsPrefix: "pageserver/v1/tenants/"))
    let view = try await TenantView.open(nil, in: bucket)
    for oracle in try Oracle.all("A").prefix(3) {
      for page in oracle.sample {
        _ = store.takeCounts()
        // Opened anew, so that nothing is in a cache.
        let place = try OpenTimeline(try view.timeline(oracle.timeline, on: ShardIndex.unsharded), in: view)
        let reading = await PageReading.read(page.key, at: oracle.lsn, in: place)
        let counts = store.takeCounts()
        #expect(counts.values.allSatisfy { $0 <= 3 }, "\(counts)")
        #expect(Set(counts.keys) == Set(reading.visits.map(\.object)))
        #expect(counts.values.reduce(0, +) == reading.readCount)
      }
    }
  }
}

import Foundation
import IndexFormat
import Testing

@testable import Scrubber

/// Scans that open layers: what they say of whole ones, of damaged ones, and of those that cannot be read.
struct BodyScanTests {
  private static func scan(
    _ objects: [String: [UInt8]],
    depth: ScanDepth = .blobs
  ) async throws -> ScanRecord {
    await ScanRecord.scan(try RealBucket.store(objects), depth: depth)
  }

  /// What a deeper look adds to the findings.
  private static func added(_ record: ScanRecord, to base: ScanRecord) -> [Finding] {
    record.findings.filter { !base.findings.contains($0) }
  }

  // MARK: Whole ones

  @Test func wholeLayersGiveNoFinding() async throws {
    let objects = try RealBucket.sample()
    let base = try await Self.scan(objects, depth: .index)
    #expect(base.summary.bodies == nil)
    for depth in [ScanDepth.layers, .blobs] {
      let record = try await Self.scan(objects, depth: depth)
      #expect(record.findings == base.findings)
      #expect(record.errors == [])
      #expect(record.summary.coverage == base.summary.coverage)
      let bodies = try #require(record.summary.bodies)
      #expect(bodies.isComplete)
      #expect(bodies.layers.due == 17 && bodies.layers.checked == 17)
      #expect(bodies.entryCount == 3694)
      let layerBytes = objects.filter { $0.key.contains("__") }.values.reduce(0) { $0 + UInt64($1.count) }
      #expect(bodies.layers.byteCount == layerBytes)
      if depth == .layers {
        // First block and index of each; these are small layers.
        #expect(bodies.layers.bytesRead == 34 * 8192)
        #expect(bodies.archives == BodyCounts.Objects())
        #expect(bodies.valueCount == 0)
      } else {
        #expect(bodies.layers.bytesRead <= layerBytes)
        #expect(bodies.valueCount == 3694 && bodies.pageCount == 2724)
        #expect(bodies.archives.due == 1 && bodies.archives.checked == 1)
        #expect(bodies.archivedFileCount == 968)
      }
    }
  }

  @Test func theNumberOfJobsChangesNothing() async throws {
    var objects = try RealBucket.sample()
    for key in objects.keys.filter({ $0.contains("__") }) { objects[key]?[0] ^= 1 }
    let store = try RealBucket.store(objects)
    let one = await ScanRecord.scan(store, depth: .blobs, jobs: 1)
    #expect(one.findings(.error).count == 17)
    for jobs in [2, 16] {
      let many = await ScanRecord.scan(store, depth: .blobs, jobs: jobs)
      #expect(many.findings == one.findings)
      #expect(many.summary.bodies == one.summary.bodies)
    }
  }

  /// Every golden tenant: nothing but layers that were handed on by a detached ancestor.
  @Test(.enabled(if: Golden.isPresent, Golden.absence))
  func goldenTenantsAreWhole() async throws {
    var foreign = 0
    var layers = 0
    for tenant in ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "M"] {
      let folder = try RealBucket.unpack([tenant])
      let store = FolderObjectStore(root: folder.path)
      let base = await ScanRecord.scan(store, depth: .index)
      let record = await ScanRecord.scan(store, depth: .blobs)
      #expect(record.errors == [])
      let added = Self.added(record, to: base)
      #expect(added.filter { $0.code != .layerForeignTimeline } == [], "\(tenant)")
      #expect(record.summary.coverage == base.summary.coverage)
      let bodies = try #require(record.summary.bodies)
      #expect(bodies.isComplete && bodies.layers.checked == bodies.layers.due)
      #expect(bodies.archives.checked == bodies.archives.due)
      foreign += added.count
      layers += bodies.layers.checked
    }
    #expect(foreign == 53)
    #expect(layers == 588)
  }

  // MARK: Damages

  struct Wrong: Sendable, CustomTestStringConvertible {
    var name: String
    var depth: ScanDepth
    var code: FindingCode
    var testDescription: String { "\(name) at \(depth)" }
  }

  /// Damages of 2026 of which names and sizes say nothing, each at the depth that it needs.
  static let bodyDamages = [
    Wrong(name: "flipped-bit-in-layer", depth: .blobs, code: .layerHeapDamaged),
    Wrong(name: "zeroed-summary", depth: .layers, code: .layerSummaryMismatch),
    Wrong(name: "wrong-magic", depth: .layers, code: .layerSummaryMismatch),
    Wrong(name: "initdb-garbled", depth: .blobs, code: .initdbDamaged),
    // Their sizes tell, too.
    Wrong(name: "layers-swapped", depth: .layers, code: .layerSummaryMismatch),
    Wrong(name: "truncated-layer", depth: .layers, code: .layerBadLength),
    Wrong(name: "empty-layer", depth: .layers, code: .layerBadLength),
    Wrong(name: "longer-layer", depth: .layers, code: .layerBadLength),
  ]

  @Test(arguments: bodyDamages)
  func damagedBodyIsFoundAndNamed(_ wrong: Wrong) async throws {
    let damage = try #require(try Damage.all("damage-2026").first { $0.name == wrong.name })
    var objects = try RealBucket.sample()
    try objects.apply(damage)
    let record = try await Self.scan(objects, depth: wrong.depth)
    let keys = damage.operations.compactMap { $0.to ?? $0.key }
    #expect(record.findings.contains { $0.code == wrong.code && keys.contains($0.objectKey ?? "") })
    // Nobody else is accused.
    let accused = record.findings.filter { $0.severity >= .warning }
    #expect(accused.allSatisfy { keys.contains($0.objectKey ?? "") })
    #expect(record.errors == [])
    #expect(record.summary.coverage.isComplete)
    #expect(record.summary.bodies?.isComplete == true)
  }

  /// The one damage that no look at a layer alone can see: a bit in a column of a row, in a page that is stored as it is.
  /// Only another way to the same page tells.
  @Test(.enabled(if: Golden.isPresent, Golden.absence))
  func flippedBitOf2024IsInAColumnAndStaysUnseen() async throws {
    let damage = try #require(try Damage.all("damage-2024").first { $0.name == "flipped-bit-in-layer" })
    let folder = try RealBucket.unpack(["J"])
    var objects = try RealBucket.objects(below: URL(filePath: folder.path))
    let clean = try await Self.scan(objects)
    try objects.apply(damage)
    let record = try await Self.scan(objects)
    #expect(Self.added(record, to: clean) == [])
    // Four bytes further on it is in a row's header, and seen.
    let key = try #require(damage.operations.first?.key)
    objects[key]?[8196 + 24 + 3] ^= 0x10
    let second = try await Self.scan(objects)
    #expect(Self.added(second, to: clean).map(\.objectKey) == [key])
    #expect(Self.added(second, to: clean).map(\.code) == [.layerHeapDamaged])
  }

  /// A file of noise does not fill the report.
  @Test func findingsOfOneObjectAreLimited() async throws {
    var objects = try RealBucket.sample()
    let key = try #require(
      objects.keys.filter { $0.contains("__") }.max { objects[$0]?.count ?? 0 < objects[$1]?.count ?? 0 }
    )
    var bytes = try #require(objects[key])
    // Every value's header is of a reserved kind; the index is left alone.
    for offset in stride(from: 8192, to: bytes.count - 3 * 8192, by: 7) { bytes[offset] = 0xff }
    objects[key] = bytes
    let record = try await Self.scan(objects)
    let findings = record.findings.filter { $0.objectKey == key }
    #expect(findings.count == 21)
    #expect(findings.last?.message.hasSuffix("more problems in this object") == true)
  }

  // MARK: Faults

  /// Every read fails in turn: one error each time, nothing is accused, and all is accounted for.
  @Test func aReadThatFailsIsAnErrorAndNoFinding() async throws {
    let objects = try RealBucket.sample()
    let base = try RealBucket.store(objects)
    var call = 1
    while true {
      let store = FaultyObjectStore(base, faults: [.fail(.read, .only(call))])
      let record = await ScanRecord.scan(store, depth: .blobs, jobs: 1)
      guard store.injections > 0 else { break }
      #expect(record.errors.count == 1, "read \(call)")
      #expect(record.findings.filter { $0.severity >= .garbage } == [], "read \(call)")
      #expect(record.summary.coverage.isComplete, "read \(call)")
      #expect((record.summary.coverage.objectsSkipped[.unreadable] ?? 0) > 0, "read \(call)")
      #expect(record.summary.bodies?.isComplete == true, "read \(call)")
      #expect(ExitCode(record.summary, isStrict: false) == .couldNotFinish)
      call += 1
    }
    #expect(call > 17 * 2)
  }

  /// A read that comes back short is no damage of the layer.
  @Test func aReadThatComesBackShortIsAnError() async throws {
    let objects = try RealBucket.sample()
    let base = try RealBucket.store(objects)
    let documents = objects.keys.filter { !$0.contains("__") && !$0.contains("initdb") }.count
    for call in documents + 1...documents + 12 {
      let store = FaultyObjectStore(base, faults: [.shortenRead(.only(call), byteCount: 1)])
      let record = await ScanRecord.scan(store, depth: .blobs, jobs: 1)
      #expect(store.injections == 1)
      #expect(record.errors.count == 1, "read \(call)")
      #expect(record.findings.filter { $0.severity >= .garbage } == [], "read \(call)")
    }
  }

  /// The last word before an accusation is whether the object is still the same; without an answer there is none.
  @Test func damageThatCannotBeConfirmedIsNotTold() async throws {
    var objects = try RealBucket.sample()
    let key = try #require(objects.keys.filter { $0.contains("__") }.min())
    objects[key]?[0] ^= 1
    let store = FaultyObjectStore(try RealBucket.store(objects), faults: [.fail(.head, .from(1))])
    let record = await ScanRecord.scan(store, depth: .layers)
    #expect(record.findings(.error) == [])
    #expect(record.errors.map(\.objectKey) == [key])
    #expect(record.summary.bodies?.layers.unreadable == 1)
  }

  @Test func aCancelledScanKeepsWhatItHasSeen() async throws {
    var objects = try RealBucket.sample()
    let layers = objects.keys.filter { $0.contains("__") }.count
    for key in objects.keys.filter({ $0.contains("__") }) { objects[key]?[0] ^= 1 }
    let documents = objects.count - layers - 1
    let store = FaultyObjectStore(
      try RealBucket.store(objects),
      faults: [.stall(.read, .only(documents + 12))]
    )
    let task = Task { await ScanRecord.scan(store, depth: .layers, jobs: 1) }
    while store.injections == 0 { await Task.yield() }
    task.cancel()
    let record = await task.value
    #expect(record.summary.isInterrupted)
    #expect(record.summary.coverage.isComplete)
    let bodies = try #require(record.summary.bodies)
    #expect(bodies.isComplete && bodies.layers.checked > 0 && bodies.layers.interrupted > 0)
    #expect(record.findings(.error).count == bodies.layers.checked)
    #expect(record.summary.coverage.objectsSkipped[.interrupted] == bodies.layers.interrupted)
    #expect(ExitCode(record.summary, isStrict: false) == .interrupted)
  }

  // MARK: Tenants that change

  /// A page server compacts while layers are read: those that are gone were not damaged.
  @Test func layersThatVanishAreNotCalledDamaged() async throws {
    let before = try RealBucket.sample()
    let timeline = "timelines/368c353096ae11b85437e6760663c46f/"
    let index = try #require(before.keys.first { $0.contains(timeline) && $0.contains("index_part") })
    var part = try IndexPart(parsing: try #require(before[index]))
    let gone = part.layers.removeFirst()
    let key = try #require(before.keys.first { $0.contains(timeline) && $0.contains("/\(gone.name)") })
    var after = before
    after[key] = nil
    after[index] = part.encode()
    let documents = before.keys.filter { !$0.contains("__") && !$0.contains("initdb") }.count
    // Behind the reads of indices, and between reads of the layers.
    for call in documents...documents + 6 {
      let store = ChangingObjectStore([try RealBucket.store(before), try RealBucket.store(after)]) {
        $0 == .read && $1 == call
      }
      let record = await ScanRecord.scan(store, depth: .blobs, jobs: 1)
      #expect(record.findings(.error) == [], "read \(call)")
      #expect(record.findings(.warning) == [], "read \(call)")
      #expect(record.errors == [], "read \(call)")
      #expect(record.summary.coverage.isComplete)
      #expect(record.summary.bodies?.isComplete == true)
    }
  }

  /// An object that is another one at each read: nothing can be said, and that is said.
  @Test func layersThatAreReplacedAllTheTimeAreUnknown() async throws {
    let objects = try RealBucket.sample()
    let key = try #require(objects.keys.filter { $0.contains("__") }.min())
    let states = try (0..<200).map { number in
      var state = objects
      state[key]?[8000] = UInt8(number)
      let store = MemoryObjectStore()
      // Etags differ, as they do of contents.
      for _ in 0..<number { try store.put("x", body: .bytes([])) }
      for (name, bytes) in state.sorted(by: { $0.key < $1.key }) { try store.put(name, body: .bytes(bytes)) }
      try store.put("x", body: .bytes([]))
      return store
    }
    let store = ChangingObjectStore(states) { request, _ in request == .read }
    let record = await ScanRecord.scan(store, depth: .layers, jobs: 1)
    #expect(record.findings(.error) == [])
    #expect(!record.errors.isEmpty)
    #expect(record.summary.bodies?.isComplete == true)
    #expect(ExitCode(record.summary, isStrict: false) == .couldNotFinish)
  }

  // MARK: Shards

  /// Layers of a parent are opened once, whoever names them; of a selected shard only those that it names.
  @Test(.enabled(if: Golden.isPresent, Golden.absence))
  func sharedLayersAreOpenedOnce() async throws {
    let folder = try RealBucket.unpack(["M"])
    let store = FolderObjectStore(root: folder.path)
    let all = try #require(await ScanRecord.scan(store, depth: .layers).summary.bodies)
    let tenant = try #require(
      try FileManager.default.contentsOfDirectory(atPath: folder.path + "/pageserver/v1/tenants")
        .compactMap { TenantShardID($0) }.first
    ).tenant
    var sum = 0
    for number in 0..<4 as Range<UInt8> {
      let shard = TenantShardID(tenant: tenant, shard: ShardIndex(number: number, count: 4))
      let record = await ScanRecord.scan(store, depth: .layers, selection: [.shard(shard)])
      let bodies = try #require(record.summary.bodies)
      #expect(bodies.isComplete && bodies.layers.due > 0 && bodies.layers.due < all.layers.due)
      sum += bodies.layers.due
    }
    #expect(sum > all.layers.due)
  }
}

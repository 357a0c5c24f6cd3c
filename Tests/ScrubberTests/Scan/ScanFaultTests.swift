import IndexFormat
import Testing

@testable import Scrubber

/// Stores that fail. Not having been able to look is never damage, never health, and never the end of a scan.
struct ScanFaultTests {
  /// Tenants with branches, manifests, heatmaps and, in B, shards that lend layers to one another.
  private static func bucket() throws -> MemoryObjectStore {
    try BucketFixture(tenants: ["B", "E"]).makeStore()
  }

  /// Every read fails in turn: each time there is one error, the findings are those of the clean scan or fewer, nothing
  /// new is wrong, and everything listed is accounted for. Ends when a scan meets no fault any more.
  @Test func aReadThatFailsIsAnErrorAndNoFinding() async throws {
    let clean = await ScanRecord.scan(try Self.bucket(), jobs: 1)
    var call = 1
    while true {
      let store = FaultyObjectStore(try Self.bucket(), faults: [.fail(.read, .only(call))])
      let record = await ScanRecord.scan(store, jobs: 1)
      guard store.injections > 0 else { break }
      #expect(record.errors.count == 1, "read \(call)")
      #expect(record.summary.lookErrorCount == 1)
      #expect(record.summary.coverage.isComplete)
      #expect((record.summary.coverage.objectsSkipped[.unreadable] ?? 0) > 0)
      let new = record.findings.filter { finding in
        finding.severity >= .warning || finding.severity == .garbage && !clean.findings.contains(finding)
      }
      #expect(new == [], "read \(call)")
      call += 1
    }
    // Each index, manifest and heatmap is read, and nothing else.
    let texts = try BucketFixture(tenants: ["B", "E"]).objects.values.filter { $0.text != nil }
    #expect(call - 1 == texts.count)
  }

  @Test func aStoreThatFailsAllReadsGivesNoVerdict() async throws {
    let store = FaultyObjectStore(try Self.bucket(), faults: [.fail(.read, .from(1), as: .accessDenied)])
    let record = await ScanRecord.scan(store)
    #expect(record.findings.filter { $0.severity >= .garbage } == [])
    #expect(record.errors.count == store.injections)
    #expect(ExitCode(record.summary, isStrict: false) == .couldNotFinish)
    #expect(record.summary.coverage.isComplete)
  }

  /// Every page of every listing fails in turn, once: it is asked for again, and the scan says the same as without.
  @Test func aPageThatFailsOnceIsAskedForAgain() async throws {
    let clean = await ScanRecord.scan(try Self.bucket(), jobs: 1)
    var call = 1
    while true {
      let store = FaultyObjectStore(try Self.bucket(), faults: [.fail(.list, .only(call))])
      let record = await ScanRecord.scan(store, jobs: 1)
      guard store.injections > 0 else { break }
      #expect(record.errors.count == 1, "page \(call)")
      #expect(record.findings == clean.findings, "page \(call)")
      #expect(record.summary.coverage == clean.summary.coverage)
      call += 1
    }
    #expect(call > 2)
  }

  @Test func aListingThatFailsForGoodEnds() async throws {
    let store = FaultyObjectStore(try Self.bucket(), faults: [.fail(.list, .from(2))])
    let record = await ScanRecord.scan(store, jobs: 1)
    #expect(!record.errors.isEmpty)
    #expect(record.findings.filter { $0.severity >= .garbage } == [])
    #expect(ExitCode(record.summary, isStrict: false) == .couldNotFinish)
  }

  /// A layer that the listing lacks and that cannot be asked for by name either: unknown, not missing.
  @Test func aLayerThatCannotBeAskedForIsNotCalledMissing() async throws {
    var bucket = try BucketFixture(tenants: ["E"])
    let layer = try #require(bucket.objects.keys.filter { $0.contains("__") }.min())
    bucket.objects[layer] = nil
    let store = FaultyObjectStore(try bucket.makeStore(), faults: [.fail(.head, .from(1), as: .timedOut)])
    let record = await ScanRecord.scan(store)
    #expect(record.findings(.error) == [])
    #expect(record.errors.map(\.objectKey) == [layer])
  }

  @Test func aBitThatFlipsInAnIndexIsFoundOrHarmless() async throws {
    for bit in stride(from: 0, to: 20_000, by: 997) {
      let store = FaultyObjectStore(
        try BucketFixture(tenants: ["E"]).makeStore(),
        faults: [.flipBitOfRead(.only(4), bit: bit)]
      )
      let record = await ScanRecord.scan(store)
      #expect(record.errors == [])
      #expect(record.summary.coverage.isComplete)
    }
  }

  @Test func aCancelledScanSaysSoAndAccountsForWhatItSaw() async throws {
    let store = FaultyObjectStore(try Self.bucket(), faults: [.stall(.read, .only(3))])
    let task = Task { await ScanRecord.scan(store) }
    while store.injections == 0 { await Task.yield() }
    task.cancel()
    let record = await task.value
    #expect(record.summary.isInterrupted)
    #expect(record.summary.coverage.isComplete)
    #expect(record.findings.filter { $0.severity >= .warning } == [])
    #expect(ExitCode(record.summary, isStrict: false) == .interrupted)
  }
}

import IndexFormat
import Testing

@testable import Scrubber

/// Tenants that page servers work on while they are scanned: no accusation that does not hold.
struct ChangingTenantTests {
  private typealias World = BucketFixture

  private static let timeline = World.timeline(1)

  /// Any tenant beside the one that changes, so that the listing goes on behind it.
  private static func bystander() -> World {
    var world = World()
    world.addTimeline(World.timeline(9), tenant: TenantID(high: .max, low: 1))
    return world
  }

  @Test func aTenantThatIsDeletedDuringTheScanIsNotCalledDamaged() async throws {
    var before = Self.bystander()
    before.addTimeline(Self.timeline)
    let store = ChangingObjectStore([try before.makeStore(), try Self.bystander().makeStore()]) {
      request,
      count in
      request == .list && count == 1
    }
    let record = await ScanRecord.scan(store, jobs: 1)
    #expect(record.accusations == [])
    #expect(record.errors == [])
    #expect(record.summary.coverage.isComplete)
  }

  @Test func aCompactionDuringTheScanIsNoLoss() async throws {
    var before = World()
    before.addTimeline(Self.timeline)
    var after = World()
    let image = World.layer(LayerName(image: .all, at: World.end))
    after.add(image, Self.timeline)
    after.add(World.index([image]), Self.timeline)
    for turn in [1, 2] {
      let store = ChangingObjectStore([try before.makeStore(), try after.makeStore()]) { request, count in
        turn == 1 ? request == .list && count == 1 : request == .read && count == 1
      }
      let record = await ScanRecord.scan(store, jobs: 1)
      #expect(record.accusations == [])
      #expect(record.errors == [])
      #expect(record.summary.coverage.isComplete)
    }
  }

  /// Each look meets another state, and each time another layer is not there yet: nothing can be said, and that is
  /// said.
  @Test func whatIsAnotherThingAtEachLookIsUnknown() async throws {
    let states = try (0..<20).map { number in
      var world = World()
      let name = LayerName(delta: .all, from: Lsn(0x170_0000), to: Lsn(0x170_0100 + UInt64(number)))
      var index = World.index([World.layer(name)], end: Lsn(0x170_0100))
      index.diskConsistentLsn = Lsn(0x170_0100)
      world.add(index, World.timeline(UInt64(number)))
      world.put(
        World.folder(.unsharded, World.timeline(UInt64(number))) + "index_part.json-00000002",
        text: "{"
      )
      return try world.makeStore()
    }
    let store = ChangingObjectStore(states) { request, _ in request == .list }
    let record = await ScanRecord.scan(store, jobs: 1)
    #expect(record.findings.filter { $0.severity >= .warning } == [])
    #expect(record.errors.count >= 1)
    #expect(ExitCode(record.summary, isStrict: false) == .couldNotFinish)
    #expect(record.summary.coverage.isComplete)
  }

  /// A layer that is really gone is found on a tenant that never stands still.
  @Test func aLossIsFoundOnATenantThatIsWrittenToAllTheTime() async throws {
    let lost = World.layer()
    let key =
      "pageserver/v1/tenants/"
      + PageserverObjectKey.layerKey(
        World.tenant,
        layerShard: .unsharded,
        Self.timeline,
        lost.name,
        lost.generation
      )
    let states = try (0..<20).map { number in
      var world = World()
      let new = World.layer(LayerName(image: .all, at: Lsn(0x170_0008 + UInt64(number))))
      world.add(new, Self.timeline)
      world.add(World.index([lost, new]), Self.timeline)
      return try world.makeStore()
    }
    let store = ChangingObjectStore(states) { request, _ in request == .list }
    let record = await ScanRecord.scan(store, jobs: 1)
    #expect(record.findings(.error).map(\.code) == [.layerMissing])
    #expect(record.findings(.error).map(\.objectKey) == [key])
  }

  /// The second look fails: what the first one suspected is unknown, and no health either.
  @Test func aSecondLookThatFailsLeavesTheMatterOpen() async throws {
    var world = World()
    world.addTimeline(Self.timeline)
    world.put(World.folder(.unsharded, Self.timeline) + "index_part.json-00000002", text: "{")
    // One range, so that no request comes behind those of the second look.
    let selection = [TenantSelector.tenant(World.tenant)]
    let clean = await ScanRecord.scan(try world.makeStore(), jobs: 1, selection: selection)
    #expect(clean.findings(.error).map(\.code) == [.indexUnreadable])
    var isMet = false
    for call in 1..<40 {
      let store = FaultyObjectStore(try world.makeStore(), faults: [.fail(.list, .from(call))])
      let record = await ScanRecord.scan(store, jobs: 1, selection: selection)
      guard store.injections > 0 else { break }
      #expect(!record.errors.isEmpty, "list \(call)")
      #expect(ExitCode(record.summary, isStrict: false) == .couldNotFinish, "list \(call)")
      #expect(record.findings(.error) == [], "list \(call)")
      isMet = isMet || record.summary.coverage.objectsListed == clean.summary.coverage.objectsListed
    }
    #expect(isMet)
  }
}

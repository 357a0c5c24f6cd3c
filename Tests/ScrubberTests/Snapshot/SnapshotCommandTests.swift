import Foundation
import IndexFormat
import Testing

@testable import Scrubber

/// The command on small tenants: what it refuses, what it says, and how it goes on.
struct SnapshotCommandTests {
  private static let ancestor = BucketFixture.timeline(1)
  private static let branch = BucketFixture.timeline(2)
  private static let other = BucketFixture.timeline(3)

  /// A timeline with a branch, and another beside them; an older index and an orphan.
  private static func fixture() -> BucketFixture {
    var fixture = BucketFixture()
    fixture.addTimeline(ancestor)
    let layer = BucketFixture.layer(LayerName(delta: .all, from: Lsn(0x170_0028), to: Lsn(0x170_0030)))
    fixture.add(layer, branch)
    fixture.add(
      BucketFixture.index([layer], ancestor: ancestor, branchPoint: BucketFixture.end, end: Lsn(0x170_0028)),
      branch
    )
    fixture.addTimeline(other, generation: .valid(2))
    fixture.add(BucketFixture.index([]), other, generation: .valid(1))
    fixture.add(BucketFixture.layer(generation: .valid(7)), other)
    fixture.put(BucketFixture.folder() + "stray", text: "stray")
    return fixture
  }

  private func store() throws -> MemoryObjectStore { try Self.fixture().makeStore() }

  private func count(_ path: String) throws -> Int { try SnapshotOnDisk(path: path).files().count }

  // MARK: What is taken

  @Test func aTimelineIsTakenWithItsAncestors() async throws {
    let target = try QuickFolder()
    let record = try await SnapshotRecord.run(
      TestBucket(store: try store()),
      into: target.path,
      ["--timeline-id", "\(Self.branch)"]
    )
    #expect(record.exitCode == .ok, "\(record.error)")
    let document = try SnapshotOnDisk(path: target.path).document()
    #expect(document.timelines == [Self.ancestor, Self.branch])
    #expect(document.files.count == 4)
    #expect(Set(document.leftOut.map(\.reason)) == [.otherTimeline, .unknownName])
  }

  @Test func everythingIsTakenWhenAskedFor() async throws {
    let target = try QuickFolder()
    let store = try store()
    let record = try await SnapshotRecord.run(TestBucket(store: store), into: target.path, ["--all"])
    #expect(record.exitCode == .ok, "\(record.error)")
    let keys = try await listedKeys(store, ListRequest())
    #expect(
      Set(try SnapshotOnDisk(path: target.path).files().keys.map { "pageserver/v1/tenants/\($0)" })
        == Set(keys)
    )
  }

  @Test func aTimelineOrTenantThatIsNotThereIsSaid() async throws {
    let target = try QuickFolder()
    let bucket = TestBucket(store: try store())
    let timeline = try await SnapshotRecord.run(
      bucket,
      into: target.path,
      ["--timeline-id", "\(BucketFixture.timeline(9))"]
    )
    #expect(timeline.exitCode == .nothingMatched && timeline.error.contains("\(BucketFixture.timeline(9))"))
    let tenant = try await SnapshotRecord.run(bucket, into: target.path, tenant: TenantID(high: 1, low: 2))
    #expect(tenant.exitCode == .nothingMatched && tenant.error.contains("no objects of tenant"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: target.path) == [])
  }

  @Test func aLayerThatIsGoneIsNamedAndTheRestIsTaken() async throws {
    let target = try QuickFolder()
    var fixture = Self.fixture()
    let key = try #require(fixture.objects.keys.first { $0.contains("\(Self.branch)/0000") })
    fixture.objects[key] = nil
    let bucket = TestBucket(store: try fixture.makeStore())
    let record = try await SnapshotRecord.run(bucket, into: target.path)
    #expect(record.exitCode == .damage)
    #expect(record.output.contains("layer.missing") && record.output.contains(key))
    let document = try SnapshotOnDisk(path: target.path).document()
    #expect(!document.isComplete && document.missing.map(\.reason) == [.gone] && document.files.count == 5)
    // It is finished all the same, and says so again.
    let again = try await SnapshotRecord.run(bucket, into: target.path)
    #expect(again.exitCode == .damage && again.output.contains("NOT COMPLETE"))
  }

  @Test func aDeletedLayerIsTakenFromItsLastVersion() async throws {
    let target = try QuickFolder()
    let store = MemoryObjectStore(keepsVersions: true)
    let fixture = Self.fixture()
    for (key, object) in fixture.objects {
      let body = object.text.map { MemoryObjectStore.Body.bytes(Array($0.utf8)) } ?? .zeros(object.size)
      try store.put(key, body: body, lastModified: .init(seconds: 10))
    }
    let key = try #require(fixture.objects.keys.first { $0.contains("\(Self.branch)/0000") })
    try store.putDeleteMarker(key, lastModified: .init(seconds: 20))
    let bucket = TestBucket(store: store, present: .init(seconds: 30))
    let record = try await SnapshotRecord.run(bucket, into: target.path)
    #expect(
      record.exitCode == .ok && record.output.contains("layer.recovered"),
      "\(record.output) \(record.error)"
    )
    let document = try SnapshotOnDisk(path: target.path).document()
    #expect(document.isComplete && document.files.filter(\.isRecovered).map(\.key) == [key])
  }

  @Test func aSizeThatIsNotTheIndexsIsToldAndTaken() async throws {
    let target = try QuickFolder()
    var fixture = Self.fixture()
    let key = try #require(fixture.objects.keys.first { $0.contains("\(Self.branch)/0000") })
    fixture.objects[key]?.size = 99
    let record = try await SnapshotRecord.run(TestBucket(store: try fixture.makeStore()), into: target.path)
    #expect(record.exitCode == .damage && record.output.contains("layer.size-mismatch"))
    #expect(try SnapshotOnDisk(path: target.path).document().files.count == 6)
  }

  @Test func anUnreadableIndexIsTakenWithAllLayersOfItsFolder() async throws {
    let target = try QuickFolder()
    var fixture = Self.fixture()
    let key = try #require(
      fixture.objects.keys.first { $0.contains("\(Self.other)/index_part.json-00000002") }
    )
    fixture.put(key, text: "{")
    let record = try await SnapshotRecord.run(TestBucket(store: try fixture.makeStore()), into: target.path)
    #expect(record.exitCode == .damage && record.output.contains("index.unreadable"))
    let files = try SnapshotOnDisk(path: target.path).document().files
    #expect(files.filter { $0.path.contains("\(Self.other)/0000") }.count == 2)
  }

  // MARK: The folder

  @Test func aFinishedSnapshotIsFoundAndNothingIsAsked() async throws {
    let target = try QuickFolder()
    let store = FaultyObjectStore(try store())
    let bucket = TestBucket(store: store)
    #expect(try await SnapshotRecord.run(bucket, into: target.path).exitCode == .ok)
    let (lists, reads) = (store.calls(of: .list), store.calls(of: .read))
    #expect(lists > 0 && reads > 0)
    let again = try await SnapshotRecord.run(bucket, into: target.path)
    #expect(again.exitCode == .ok && again.output.contains("already complete"))
    #expect(store.calls(of: .list) == lists && store.calls(of: .read) == reads)
    for more in [["--timeline-id", "\(Self.branch)"], ["--all"], ["--at", "2026-01-01T00:00:00Z"]] {
      let other = try await SnapshotRecord.run(bucket, into: target.path, more)
      #expect(other.exitCode == .usage && other.error.contains("holds another snapshot"), "\(more)")
    }
    let tenant = try await SnapshotRecord.run(bucket, into: target.path, tenant: TenantID(high: 1, low: 2))
    #expect(tenant.exitCode == .usage && tenant.error.contains("holds another snapshot"))
  }

  @Test func otherContentIsLeftAlone() async throws {
    let target = try QuickFolder()
    try Data("mine".utf8).write(to: URL(filePath: "\(target.path)/notes.txt"))
    for more in [[], ["--resume"], ["--verify"]] {
      let record = try await SnapshotRecord.run(TestBucket(store: try store()), into: target.path, more)
      #expect(record.exitCode == .usage && record.error.contains("notes.txt"), "\(record.error)")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: target.path) == ["notes.txt"])
  }

  @Test func damageToAFinishedSnapshotIsFound() async throws {
    let target = try QuickFolder()
    let bucket = TestBucket(store: try store())
    #expect(
      try await SnapshotRecord.run(bucket, into: target.path, ["--verify"]).output.contains(
        "6 files by SHA-256"
      )
    )
    let document = try SnapshotOnDisk(path: target.path).document()
    let layer = try #require(document.files.first { $0.kind == .layer })
    var bytes = try Data(contentsOf: URL(filePath: "\(target.path)/\(layer.path)"))
    bytes[7] ^= 1
    try bytes.write(to: URL(filePath: "\(target.path)/\(layer.path)"))
    // The size alone does not tell.
    #expect(try await SnapshotRecord.run(bucket, into: target.path).exitCode == .ok)
    let verified = try await SnapshotRecord.run(bucket, into: target.path, ["--verify"])
    #expect(verified.exitCode == .damage && verified.output.contains("snapshot.file-damaged"))
    #expect(verified.output.contains(layer.path))
    try FileManager.default.removeItem(atPath: "\(target.path)/\(layer.path)")
    let missing = try await SnapshotRecord.run(bucket, into: target.path, ["--format", "json"])
    #expect(missing.exitCode == .damage && missing.output.contains("snapshot.file-missing"))
    #expect(missing.output.contains("\"complete\":false"))
  }

  @Test func placesThatCannotBeWrittenAreNamed() async throws {
    for path in ["/dev/null/x", "/proc/self/nothing/x"] {
      let record = try await SnapshotRecord.run(TestBucket(store: try store()), into: path)
      #expect(record.exitCode == .couldNotFinish && record.error.contains(path), "\(record.error)")
    }
  }

  @Test func theBucketItselfIsNotWrittenTo() throws {
    let bucket = try QuickFolder()
    try Self.fixture().write(to: bucket.path)
    for path in ["\(bucket.path)/new", "\(bucket.path)/pageserver/new/deeper"] {
      let outcome = try BuiltProgram.run(
        ["tenant-snapshot", "--bucket", bucket.path, "--tenant-id", "\(BucketFixture.tenant)", "-o", path]
      )
      #expect(outcome.exitCode == ExitCode.usage.rawValue && outcome.error.contains("lies in the bucket"))
    }
    let past = try BuiltProgram.run(
      [
        "tenant-snapshot", "--bucket", bucket.path, "--tenant-id", "\(BucketFixture.tenant)", "-o",
        "/tmp/never",
      ]
        + ["--at", "2026-01-01T00:00:00Z"]
    )
    #expect(past.exitCode == ExitCode.usage.rawValue && past.error.contains("keeps no versions"))
  }

  // MARK: Faults

  /// Every request fails once, in one way after the other: the run ends in an error or whole, and goes on to its end.
  @Test func everyFaultIsAnErrorOrNothing() async throws {
    let good = try QuickFolder()
    let counter = FaultyObjectStore(try store())
    #expect(try await SnapshotRecord.run(TestBucket(store: counter), into: good.path).exitCode == .ok)
    let expected = try SnapshotOnDisk(path: good.path).files()
    var failures = 0
    for (operation, total) in [
      (StoreError.Operation.read, counter.calls(of: .read)), (.list, counter.calls(of: .list)),
    ] {
      for call in 1...total {
        for kind in [StoreError.Kind.failed, .notFound, .changed, .accessDenied, .timedOut, .shortRead] {
          let target = try QuickFolder()
          let store = FaultyObjectStore(try store(), faults: [.fail(operation, .only(call), as: kind)])
          let record = try await SnapshotRecord.run(TestBucket(store: store), into: target.path + "/out")
          #expect(store.injections == 1)
          if record.exitCode != .ok {
            #expect(record.exitCode == .couldNotFinish, "\(operation) \(call) \(kind): \(record.error)")
            #expect(!FileManager.default.fileExists(atPath: target.path + "/out/snapshot.json"))
            failures += 1
          }
          let bucket = TestBucket(store: try self.store())
          let again = try await SnapshotRecord.run(
            bucket,
            into: target.path + "/out",
            ["--resume", "--verify"]
          )
          #expect(again.exitCode == .ok, "\(operation) \(call) \(kind): \(again.error)")
          #expect(try SnapshotOnDisk(path: target.path + "/out").files() == expected)
        }
      }
    }
    #expect(failures > 30)
  }

  @Test func aShortAnswerIsNoFile() async throws {
    let counter = FaultyObjectStore(try store())
    let good = try QuickFolder()
    _ = try await SnapshotRecord.run(TestBucket(store: counter), into: good.path)
    for call in 1...counter.calls(of: .read) {
      let target = try QuickFolder()
      let store = FaultyObjectStore(try store(), faults: [.shortenRead(.only(call), byteCount: 1)])
      let record = try await SnapshotRecord.run(TestBucket(store: store), into: target.path, ["-j", "1"])
      guard record.exitCode == .ok else { continue }
      #expect(try SnapshotOnDisk(path: target.path).files() == SnapshotOnDisk(path: good.path).files())
    }
  }

  // MARK: Unfinished ones

  @Test func anUnfinishedSnapshotIsGoneOnWithOnlyWhenAskedTo() async throws {
    let target = try QuickFolder()
    let store = try store()
    let faulty = FaultyObjectStore(store, faults: [.fail(.read, .only(6))])
    let first = try await SnapshotRecord.run(TestBucket(store: faulty), into: target.path, ["-j", "1"])
    #expect(first.exitCode == .couldNotFinish && first.error.contains("--resume"), "\(first.error)")
    let bucket = TestBucket(store: FaultyObjectStore(store))
    let refused = try await SnapshotRecord.run(bucket, into: target.path)
    #expect(refused.exitCode == .usage && refused.error.contains("--resume"))
    let other = try await SnapshotRecord.run(bucket, into: target.path, ["--resume", "--all"])
    #expect(other.exitCode == .usage && other.error.contains("another snapshot"))
    let kept = try count(target.path)
    #expect(kept > 0)
    let resumed = try await SnapshotRecord.run(bucket, into: target.path, ["--resume", "--format", "json"])
    #expect(resumed.exitCode == .ok && resumed.output.contains("\"kept_count\":\(kept)"), "\(resumed.output)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: target.path).count == 2)
  }

  @Test func filesThatChangedSinceAreFetchedAnew() async throws {
    let target = try QuickFolder()
    let store = try store()
    let faulty = FaultyObjectStore(store, faults: [.fail(.read, .from(6))])
    _ = try await SnapshotRecord.run(TestBucket(store: faulty), into: target.path, ["-j", "1"])
    let path = try #require(try SnapshotOnDisk(path: target.path).files().keys.first)
    let bytes = [UInt8](repeating: 7, count: 100)
    try store.put("pageserver/v1/tenants/\(path)", body: .bytes(bytes))
    let record = try await SnapshotRecord.run(
      TestBucket(store: store),
      into: target.path,
      ["--resume", "--verify"]
    )
    #expect(record.exitCode == .ok, "\(record.error)")
    #expect(try SnapshotOnDisk(path: target.path).files()[path] == bytes)
  }

  @Test func aFileThatIsNotOursIsNeverTouched() async throws {
    let target = try QuickFolder()
    let store = try store()
    let faulty = FaultyObjectStore(store, faults: [.fail(.read, .from(6))])
    _ = try await SnapshotRecord.run(TestBucket(store: faulty), into: target.path, ["-j", "1"])
    let ours = try #require(try SnapshotOnDisk(path: target.path).files().keys.first)
    let file = URL(filePath: "\(target.path)/\(ours)")
    try Data("mine".utf8).write(to: file)
    let record = try await SnapshotRecord.run(TestBucket(store: store), into: target.path, ["--resume"])
    #expect(record.exitCode == .usage && record.error.contains(ours), "\(record.error)")
    #expect(try Data(contentsOf: file) == Data("mine".utf8))
  }

  @Test func anInterruptionLeavesWhatCanBeGoneOnWith() async throws {
    let target = try QuickFolder()
    let stalled = FaultyObjectStore(try store(), faults: [.stall(.read, .from(6))])
    let task = Task {
      try await SnapshotRecord.run(TestBucket(store: stalled), into: target.path, ["-j", "1"])
    }
    while stalled.injections == 0 { try await Task.sleep(for: .milliseconds(5)) }
    task.cancel()
    let record = try await task.value
    #expect(record.exitCode == .interrupted && record.error.contains("--resume"), "\(record.error)")
    let again = try await SnapshotRecord.run(TestBucket(store: try store()), into: target.path, ["--resume"])
    #expect(again.exitCode == .ok)
  }

  // MARK: Hostile buckets

  @Test func namesThatLeadElsewhereAreNoFiles() throws {
    for path in [
      "", "..", "a/..", "a/../b", "/a", "a//b", "a/", "./a", "a\0b", String(repeating: "n", count: 256),
    ] {
      #expect(!SnapshotPath.isPossible(path), "\(path)")
    }
    #expect(
      SnapshotPath.isPossible("a/b..c/...") && SnapshotPath.isPossible(String(repeating: "n", count: 255))
    )
    let prefix = "pageserver/v1/tenants/"
    let tenant = "\(BucketFixture.tenant)"
    let hostile = ["\(tenant)/../../../etc/passwd", "\(tenant)/a", "\(tenant)/a/b", "\(tenant)//x"]
    let plan = SnapshotPlanner.plan(
      TenantInventory(tenant: BucketFixture.tenant),
      TenantContents(),
      SnapshotSelection(tenant: BucketFixture.tenant, isAll: true),
      tenantsPrefix: prefix,
      others: hostile.map { ListedObject(key: prefix + $0, size: 1, lastModified: .init(seconds: 1)) },
      digest: { _ in nil }
    )
    #expect(plan.items.map(\.path) == ["\(tenant)/a"])
    #expect(plan.leftOut.map(\.reason) == [.noFileName, .noFileName, .noFileName])
  }

  @Test func aDescriptionThatLeadsElsewhereReadsNothing() async throws {
    let target = try QuickFolder()
    let bucket = TestBucket(store: try store())
    #expect(try await SnapshotRecord.run(bucket, into: target.path).exitCode == .ok)
    var document = try SnapshotOnDisk(path: target.path).document()
    document.files[0].path = "../../../../etc/passwd"
    try Data(document.encode()).write(to: URL(filePath: "\(target.path)/snapshot.json"))
    let record = try await SnapshotRecord.run(bucket, into: target.path, ["--verify"])
    #expect(record.exitCode == .couldNotFinish && record.error.contains("leads elsewhere"), "\(record.error)")
  }

  @Test func linksInTheFolderAreNotFollowed() async throws {
    let (target, elsewhere) = (try QuickFolder(), try QuickFolder())
    let store = try store()
    let faulty = FaultyObjectStore(store, faults: [.fail(.read, .from(6))])
    _ = try await SnapshotRecord.run(TestBucket(store: faulty), into: target.path, ["-j", "1"])
    try FileManager.default.removeItem(atPath: "\(target.path)/\(BucketFixture.tenant)")
    try FileManager.default.createSymbolicLink(
      atPath: "\(target.path)/\(BucketFixture.tenant)",
      withDestinationPath: elsewhere.path
    )
    let record = try await SnapshotRecord.run(TestBucket(store: store), into: target.path, ["--resume"])
    #expect(record.exitCode != .ok)
    #expect(try FileManager.default.contentsOfDirectory(atPath: elsewhere.path) == [])
  }
}

import Foundation
import IndexFormat
import Testing

@testable import Scrubber

/// The conformance suite of object stores against servers that others wrote. SeaweedFS sorts by folders and names, and
/// checks signatures, which moto as started here does not.
private let moto = ObjectStoreConformance(
  name: "moto",
  // It cannot hold them.
  canHold: { !$0.contains("\n") },
  step: 13
) { objects, check in
  try await check(try await RealS3Server.running(.moto).makeBucket(objects))
}

private let seaweedFS = ObjectStoreConformance(
  name: "SeaweedFS",
  holdsLongNames: false,
  canHold: { !$0.contains("\\") },
  step: 7
) { objects, check in
  try await check(try await RealS3Server.running(.seaweedFS).makeBucket(objects))
}

private let servers = [moto, seaweedFS]

@Suite(
  "S3 by real servers",
  .serialized,
  .enabled(if: RealS3Server.areInstalled, "moto and SeaweedFS are not in .venv: run tools/setup")
)
struct S3ServerTests {
  @Test("lists keys in the server's order, in pages of the wanted size", arguments: servers)
  func keyOrder(_ server: ObjectStoreConformance) async throws { try await server.checkKeyOrder() }

  @Test("lists by prefixes that end anywhere", arguments: servers)
  func prefixes(_ server: ObjectStoreConformance) async throws { try await server.checkPrefixes() }

  @Test("lists between any two borders", arguments: servers)
  func borders(_ server: ObjectStoreConformance) async throws { try await server.checkBorders() }

  @Test("cuts a listing without losing a key", arguments: servers)
  func splitting(_ server: ObjectStoreConformance) async throws { try await server.checkSplitting() }

  @Test("lists the same by several requests", arguments: servers)
  func parallelListing(_ server: ObjectStoreConformance) async throws {
    try await server.checkListingInParallel()
  }

  @Test("lists nothing where nothing is", arguments: servers)
  func emptyStore(_ server: ObjectStoreConformance) async throws { try await server.checkEmptyStore() }

  @Test("reads any part of an object", arguments: servers)
  func ranges(_ server: ObjectStoreConformance) async throws { try await server.checkRanges() }

  @Test("refuses to read more than the limit", arguments: servers)
  func limits(_ server: ObjectStoreConformance) async throws { try await server.checkLimits() }

  @Test("reads only the object that is asked for", arguments: servers)
  func conditions(_ server: ObjectStoreConformance) async throws { try await server.checkConditions() }

  @Test("tells a missing object from an error", arguments: servers)
  func missing(_ server: ObjectStoreConformance) async throws { try await server.checkMissingObjects() }

  @Test("refuses keys that lead elsewhere, and then does nothing", arguments: servers)
  func badKeys(_ server: ObjectStoreConformance) async throws { try await server.checkBadKeys() }

  @Test("stops listing when its task is cancelled", arguments: servers)
  func cancellation(_ server: ObjectStoreConformance) async throws { try await server.checkCancellation() }

  @Test("writes, overwrites and deletes", arguments: servers)
  func writing(_ server: ObjectStoreConformance) async throws { try await server.checkWriting() }

  @Test("shows an object whole while it is overwritten", arguments: servers)
  func atomicity(_ server: ObjectStoreConformance) async throws {
    try await server.checkOverwritingIsAtomic()
  }

  // MARK: What only servers do

  @Test func theOrderOfAServerIsLearned() async throws {
    let store = try await RealS3Server.running(.seaweedFS).makeBucket([("a b", [1]), ("a/1", [2])])
    #expect(try await listedKeys(store, ListRequest()) == ["a/1", "a b"])
    #expect(store.keyOrder == .path)
    // Asked as of S3, the server would leave out what lies in a folder of just that name.
    #expect(try await listedKeys(store, ListRequest(startAfter: "a")) == ["a/1", "a b"])
    let fresh = try await RealS3Server.running(.seaweedFS).store(store.client.configuration.bucket)
    #expect(try await listedKeys(fresh, ListRequest(startAfter: "a")) == ["a/1", "a b"])
  }

  @Test func awkwardKeysAreSignedAsTheServerDoes() async throws {
    let store = try await RealS3Server.running(.seaweedFS).makeBucket()
    for (number, key) in ["a b", "a+b", "x=y&z", "%2F", "quote'\"", "~*()!@$,;:?#[]", "ä/é", "z\u{10FFFF}"]
      .enumerated()
    {
      _ = try await store.put(key, bytes: [UInt8(number)])
      #expect(try await store.read(ReadRequest(key, limit: 1)).bytes == [UInt8(number)], "\(key)")
      try await expectKeys([key], store, ListRequest(prefix: key))
      try await store.delete([key])
      #expect(try await store.head(key) == nil, "\(key)")
    }
  }

  @Test func aWrongSecretIsRefusedAndNotRepeated() async throws {
    let server = try await RealS3Server.running(.seaweedFS)
    let bucket = try await server.makeBucket([("a", [1])])
    let wrong = S3Credentials(accessKey: "testkey1", secretKey: "wrongsecret99", sessionToken: "token77")
    let store = try server.store(bucket.client.configuration.bucket, wrong)
    do {
      _ = try await store.read(ReadRequest("a", limit: 1))
      Issue.record("read with a wrong secret")
    } catch {
      #expect(error.kind == .accessDenied, "\(error)")
      #expect(error.detail.contains("SignatureDoesNotMatch"), "\(error)")
      #expect(!"\(error)".contains("wrongsecret99") && !"\(error)".contains("token77"))
      // One try: another would be refused too.
      #expect(!error.detail.contains("tries"))
    }
    var text = "\(wrong) \(String(reflecting: wrong)) \(store)"
    dump(store, to: &text)
    dump(wrong, to: &text)
    #expect(!text.contains("wrongsecret99") && !text.contains("token77"))
  }

  @Test(arguments: RealS3Server.Kind.allCases)
  func aMissingBucketIsNoMissingObject(_ kind: RealS3Server.Kind) async throws {
    let store = try await RealS3Server.running(kind).store("no-such-bucket-0")
    await expectStoreError(.failed, .read, key: "a") { _ = try await store.read(ReadRequest("a", limit: 1)) }
    await expectStoreError(.failed, .head, key: "a") { _ = try await store.head("a") }
  }

  @Test(arguments: RealS3Server.Kind.allCases)
  func versionsComeByKeyAndTheNewestFirst(_ kind: RealS3Server.Kind) async throws {
    let store = try await RealS3Server.running(kind).makeBucket(versioned: true)
    #expect(try await store.keepsHistory())
    #expect(try await !RealS3Server.running(kind).makeBucket().keepsHistory())
    let first = try await store.put("k/a", bytes: [1])
    _ = try await store.put("k/b", bytes: [2])
    let second = try await store.put("k/a", bytes: [3, 3])
    try await store.delete(["k/b"])
    for limit in [1, 2, 1000] {
      let pages = try store.listVersions(ListRequest(prefix: "k/", pageLimit: limit))
      var seen: [ObjectVersion] = []
      while let page = try await pages.next() { seen += page }
      #expect(seen.map(\.key) == ["k/a", "k/a", "k/b", "k/b"], "\(limit) a page")
      #expect(seen.map(\.isDeleteMarker) == [false, false, true, false])
      #expect(seen.map(\.isLatest) == [true, false, true, false])
      #expect(seen.prefix(2).map(\.version) == [second.version, first.version])
    }
    #expect(try await store.read(ReadRequest("k/a", version: first.version, limit: 9)).bytes == [1])
    #expect(try await store.head("k/b") == nil)
  }

  // MARK: Scans

  /// The scan of a bucket says what the scan of the same objects in a folder or in memory says.
  @Test func aGoldenBucketScansTheSameFromAServer() async throws {
    let fixture = try BucketFixture(tenants: ["A"])
    let memory = try fixture.makeStore()
    let server = try await RealS3Server.running(.moto)
    let store = try await server.makeBucket()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (key, object) in fixture.objects {
        let body = object.text.map { Array($0.utf8) } ?? [UInt8](repeating: 0, count: Int(object.size))
        group.addTask { _ = try await store.put(key, bytes: body) }
      }
      try await group.waitForAll()
    }
    let expected = await ScanRecord.scan(memory)
    let found = await ScanRecord.scan(store, jobs: 32)
    #expect(found.errors == [])
    #expect(found.findings == expected.findings)
    #expect(found.summary.coverage == expected.summary.coverage)
    #expect(found.summary.coverage.isComplete)
    try await checkProgram(server, store)
  }

  /// With versioning a bucket can be scanned as it was: before a page server wrote, after it, and after all is deleted.
  @Test(.timeLimit(.minutes(60)))
  func aBucketWithVersioningIsScannedAsItWas() async throws {
    let server = try await RealS3Server.running(.seaweedFS)
    let store = try await server.makeBucket(versioned: true)
    func now() async throws -> Timestamp {
      // Servers tell times to the second.
      try await Task.sleep(for: .milliseconds(1100))
      let moment = Timestamp.now
      try await Task.sleep(for: .milliseconds(1100))
      return moment
    }
    let before = try await now()
    let fixture = try BucketFixture(tenants: ["E"])
    for (key, object) in fixture.objects {
      let body = object.text.map { Array($0.utf8) } ?? [UInt8](repeating: 0, count: Int(object.size))
      _ = try await store.put(key, bytes: body)
    }
    let between = try await now()
    try await store.delete(Array(fixture.objects.keys))
    let expected = await ScanRecord.scan(try fixture.makeStore())
    let then = await ScanRecord.scan(MomentObjectStore(store, at: between), jobs: 8)
    #expect(then.errors == [])
    #expect(then.findings == expected.findings)
    #expect(then.summary.coverage == expected.summary.coverage)
    for (moment, exitCode) in [(before, ExitCode.nothingMatched), (between, .ok), (.now, .nothingMatched)] {
      let outcome = try BuiltProgram.run(
        ["scan-metadata", "--bucket", store.location, "-n", "pageserver", "--at", moment.rfc3339],
        environment: server.environment()
      )
      #expect(outcome.exitCode == exitCode.rawValue, "\(outcome.output) \(outcome.error)")
    }
  }

  /// WAL of safekeepers is found on a server as in a folder, with few requests.
  @Test func theWALOfSafekeepersIsScannedOnAServer() async throws {
    let server = try await RealS3Server.running(.seaweedFS)
    let store = try await server.makeBucket()
    for (key, size) in WALFixture.objects() {
      _ = try await store.put(key, bytes: [UInt8](repeating: 0, count: Int(size)))
    }
    for (name, exitCode) in [
      ("complete", ExitCode.ok), ("backup-ahead", .damage), ("branch-missing", .damage),
    ] {
      let one = try #require(try WALFixture.cases().first { $0.name == name })
      for name in one.removed { try await store.delete([WALFixture.key(WALFixture.main, name)]) }
      let lsns = String(decoding: try JSONEncoder().encode(one.timelines), as: UTF8.self)
      let outcome = try BuiltProgram.run(
        ["scan-metadata", "--bucket", "\(store.location)/\(WALFixture.prefix)", "-n", "safekeeper", "--json"]
          + ["--timeline-lsns", lsns],
        environment: server.environment()
      )
      #expect(outcome.exitCode == exitCode.rawValue, "\(name): \(outcome.output) \(outcome.error)")
      #expect(outcome.output.contains("wal.segment-missing") == (exitCode == .damage), "\(name)")
    }
  }

  private func checkProgram(_ server: RealS3Server, _ store: S3ObjectStore) async throws {
    func run(_ bucket: String, _ more: [String] = []) throws -> BuiltProgram.Outcome {
      try BuiltProgram.run(
        ["scan-metadata", "--bucket", bucket, "--node-kind", "pageserver"] + more,
        environment: server.environment()
      )
    }
    let whole = try run(store.location)
    #expect(whole.exitCode == 0, "\(whole.output) \(whole.error)")
    #expect(whole.output.contains(store.location))
    #expect(try run("\(store.location)/pageserver/v1/").exitCode == 0)
    let elsewhere = try run("\(store.location)/other")
    #expect(elsewhere.exitCode == ExitCode.nothingMatched.rawValue)
    let past = try run(store.location, ["--at", "2026-11-23T02:10:30Z"])
    #expect(past.exitCode == ExitCode.usage.rawValue)
    #expect(past.error.contains("keeps no versions"))
    let missing = try run("s3://no-such-bucket-0")
    #expect(missing.exitCode == ExitCode.couldNotFinish.rawValue)
    #expect(missing.error.contains("NoSuchBucket"))
    for outcome in [whole, elsewhere, past, missing] {
      #expect(!(outcome.output + outcome.error).contains(RealS3Server.credentials.secretKey))
    }
  }
}

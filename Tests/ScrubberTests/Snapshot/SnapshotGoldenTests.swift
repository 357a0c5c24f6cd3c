import Foundation
import IndexFormat
import Testing

@testable import Scrubber

/// Snapshots of two real tenants: the paths and sizes that Neon's own tool takes, and what is added on purpose.
struct SnapshotGoldenTests {
  static let tenants = ["A": "4f1bca4f36e70647a6a0e573c9de17af", "B": "960d9d0b9e77e0bd7221cb08d27fe138"]

  /// What Neon's tool leaves out: without a heatmap a secondary cannot warm up, and without a manifest nobody knows the
  /// stripe size of shards and which timelines are offloaded.
  static let added: [String: [String: UInt64]] = [
    "A": [
      "4f1bca4f36e70647a6a0e573c9de17af/heatmap-v1.json": 18165,
      "4f1bca4f36e70647a6a0e573c9de17af/tenant-manifest-00000002.json": 245,
    ],
    "B": [
      "960d9d0b9e77e0bd7221cb08d27fe138-0004/heatmap-v1.json": 10226,
      "960d9d0b9e77e0bd7221cb08d27fe138-0104/heatmap-v1.json": 8435,
      "960d9d0b9e77e0bd7221cb08d27fe138-0204/heatmap-v1.json": 2749,
      "960d9d0b9e77e0bd7221cb08d27fe138-0304/heatmap-v1.json": 8877,
      "960d9d0b9e77e0bd7221cb08d27fe138-0004/tenant-manifest-00000001.json": 55,
      "960d9d0b9e77e0bd7221cb08d27fe138-0104/tenant-manifest-00000001.json": 55,
      "960d9d0b9e77e0bd7221cb08d27fe138-0204/tenant-manifest-00000001.json": 55,
      "960d9d0b9e77e0bd7221cb08d27fe138-0304/tenant-manifest-00000001.json": 55,
    ],
  ]

  static func expected(_ name: String) throws -> [String: UInt64] {
    let file = BucketFixture.folder.appending(path: "snapshots/tenant-snapshot.\(name).tsv")
    var sizes = added[name] ?? [:]
    for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
      let parts = line.split(separator: "\t")
      sizes[String(parts[0])] = UInt64(parts[1])
    }
    return sizes
  }

  private func check(_ name: String, _ folder: String, _ outcome: (code: Int32, text: String)) throws {
    #expect(outcome.code == 0, "\(outcome.text)")
    let disk = SnapshotOnDisk(path: folder)
    let sizes = try disk.sizes()
    let expected = try Self.expected(name)
    #expect(sizes == expected, "\(Set(sizes.keys).symmetricDifference(expected.keys).sorted())")
    let document = try disk.document()
    #expect(document.isComplete && document.missing == [])
    #expect(Dictionary(uniqueKeysWithValues: document.files.map { ($0.path, $0.size) }) == expected)
    #expect(!document.leftOut.isEmpty)
  }

  @Test(arguments: ["A", "B"])
  func fromAFolder(_ name: String) throws {
    let (bucket, target) = (try QuickFolder(), try QuickFolder())
    try BucketFixture(tenants: ["A", "B"]).write(to: bucket.path)
    let outcome = try BuiltProgram.run(
      ["tenant-snapshot", "--bucket", bucket.path, "--tenant-id", try #require(Self.tenants[name])]
        + ["-o", target.path, "--verify"]
    )
    try check(name, target.path, (outcome.exitCode, outcome.output + outcome.error))
    // What was taken is healthy by our own scan, which knows what snapshot.json is.
    let scan = try BuiltProgram.run([
      "scan-metadata", "--bucket", target.path, "-n", "pageserver", "--strict",
    ])
    #expect(scan.exitCode == 0, "\(scan.output)")
  }

  @Test(
    .enabled(if: RealS3Server.areInstalled, "SeaweedFS is not in .venv: run tools/setup"),
    .timeLimit(.minutes(60))
  )
  func fromAServer() async throws {
    let server = try await RealS3Server.running(.seaweedFS)
    let bucket = try await server.makeBucket()
    try await BucketFixture(tenants: ["A", "B"]).put(into: bucket)
    for (name, tenant) in Self.tenants {
      let target = try QuickFolder()
      let outcome = try BuiltProgram.run(
        [
          "tenant-snapshot", "--bucket", bucket.location, "--tenant-id", tenant, "-o", target.path,
          "--format", "json",
        ],
        environment: server.environment()
      )
      try check(name, target.path, (outcome.exitCode, outcome.output + outcome.error))
      #expect(outcome.output.contains("\"action\":\"taken\"") && outcome.error.isEmpty)
    }
  }

  // MARK: Moments

  private static let half = "115494543c3b4800be7a685a62ef9b35"

  /// What the fixture of the history says was there: index bytes and layer sizes of `half`.
  private func half(_ path: String) throws -> [String: UInt64] {
    try SnapshotOnDisk(path: path).sizes().filter { $0.key.contains("/\(Self.half)/") }
  }

  private func checkHalf(_ path: String, number: Int) throws {
    let names = Set(try half(path).keys.compactMap { $0.split(separator: "/").last.map(String.init) })
    let document = try SnapshotOnDisk(path: path).document()
    switch number {
    case 0:
      // Before its deletion began: whole.
      #expect(names.count == 2 && names.contains("index_part.json-00000001"))
      #expect(document.missing == [])
    case 1:
      // Its deletion was interrupted: the index is a tombstone, and the layer that it names has gone.
      #expect(names == ["index_part.json-00000003"])
      #expect(document.missing.map(\.reason) == [.deleting])
      let file = try #require(
        document.files.first { $0.path.hasSuffix("\(Self.half)/index_part.json-00000003") }
      )
      let bytes = try Data(contentsOf: URL(filePath: "\(path)/\(file.path)"))
      #expect(try IndexPart(parsing: Array(bytes)).deletedAt != nil)
    default: #expect(names == [])
    }
    #expect(document.isComplete && document.isByVersions)
  }

  @Test func atThreeMomentsOfItsStory() async throws {
    let store = try VersionHistory.store()
    let tenant = try #require(TenantID(Self.tenants["A"] ?? ""))
    for (number, time) in ["2026-11-23T02:10:25Z", "2026-11-23T02:10:35Z", "2026-11-23T02:11:20Z"]
      .enumerated()
    {
      let target = try QuickFolder()
      let bucket = TestBucket(store: store)
      let record = try await SnapshotRecord.run(bucket, into: target.path, tenant: tenant, ["--at", time])
      #expect(record.exitCode == .ok, "\(record.output) \(record.error)")
      try checkHalf(target.path, number: number)
      // Nothing but what was there then, with the bytes of then.
      let moment = try #require(Timestamp(rfc3339: time))
      let document = try SnapshotOnDisk(path: target.path).document()
      for file in document.files {
        let version = try #require(try VersionHistory.lines().first { $0.version == file.version })
        #expect(version.key == file.key && Timestamp(nanoseconds: version.lastModified) <= moment)
      }
      if number == 2 { #expect(try SnapshotOnDisk(path: target.path).sizes() == Self.expected("A")) }
    }
  }

  /// The scan of a bucket at a moment finds what that of the recorded history at the moment meant finds.
  private func checkScan(of bucket: S3ObjectStore, at moment: Timestamp, _ meant: Timestamp) async throws {
    func summary(_ record: ScanRecord) -> Set<String> {
      let findings = record.findings.filter { $0.tenant?.description == Self.tenants["A"] }
      return Set(
        findings.map { "\($0.code.rawValue) \($0.objectKey ?? "") \($0.timeline?.description ?? "")" }
      )
    }
    let found = await ScanRecord.scan(MomentObjectStore(bucket, at: moment), jobs: 8)
    let expected = await ScanRecord.scan(MomentObjectStore(try VersionHistory.store(), at: meant))
    #expect(found.errors == [])
    #expect(found.summary.coverage.isComplete)
    #expect(summary(found) == summary(expected))
    #expect(!summary(found).isEmpty)
  }

  @Test(
    .enabled(if: RealS3Server.areInstalled, "SeaweedFS is not in .venv: run tools/setup"),
    .timeLimit(.minutes(60))
  )
  func atThreeMomentsOfAServersBucket() async throws {
    let server = try await RealS3Server.running(.seaweedFS)
    let bucket = try await server.makeBucket(versioned: true)
    let tenant = Self.tenants["A"] ?? ""
    let lines = try VersionHistory.lines().filter { $0.key.contains(tenant) }
    let borders = try ["2026-11-23T02:10:25Z", "2026-11-23T02:10:35Z", "2026-11-23T02:11:20Z"].map {
      try #require(Timestamp(rfc3339: $0)).nanoseconds
    }
    var start = Int64.min
    var moments: [Timestamp] = []
    for border in borders {
      for line in lines.sorted(by: { $0.lastModified < $1.lastModified })
      where line.lastModified > start && line.lastModified <= border {
        if line.isDeletion {
          try await bucket.delete([line.key])
        } else {
          _ = try await bucket.put(line.key, bytes: line.bytes)
        }
      }
      start = border
      // Servers tell times to the second.
      try await Task.sleep(for: .milliseconds(1100))
      moments.append(.now)
      try await Task.sleep(for: .milliseconds(1100))
    }
    for (number, moment) in moments.enumerated() {
      let target = try QuickFolder()
      let outcome = try BuiltProgram.run(
        ["tenant-snapshot", "--bucket", bucket.location, "--tenant-id", tenant, "-o", target.path]
          + ["--at", moment.rfc3339],
        environment: server.environment()
      )
      #expect(outcome.exitCode == 0, "\(outcome.output) \(outcome.error)")
      try checkHalf(target.path, number: number)
      try await checkScan(of: bucket, at: moment, Timestamp(nanoseconds: borders[number]))
    }
    // Without --at the bucket's versioning is used all the same.
    let target = try QuickFolder()
    let outcome = try BuiltProgram.run(
      ["tenant-snapshot", "--bucket", bucket.location, "--tenant-id", tenant, "-o", target.path],
      environment: server.environment()
    )
    #expect(
      outcome.exitCode == 0 && outcome.output.contains(", by versions"),
      "\(outcome.output) \(outcome.error)"
    )
    #expect(try SnapshotOnDisk(path: target.path).sizes() == Self.expected("A"))
  }
}

extension BucketFixture {
  private func bytes(_ object: Object) -> [UInt8] {
    object.text.map { Array($0.utf8) } ?? [UInt8](repeating: 0, count: Int(object.size))
  }

  /// Writes the objects as files, layers as holes of their size.
  func write(to path: String) throws {
    for (key, object) in objects {
      let file = URL(filePath: "\(path)/\(key)")
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(),
        withIntermediateDirectories: true
      )
      try Data((object.text ?? "").utf8).write(to: file)
      guard object.text == nil else { continue }
      let handle = try FileHandle(forWritingTo: file)
      try handle.truncate(atOffset: object.size)
      try handle.close()
    }
  }

  func put(into store: S3ObjectStore) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (key, object) in objects { group.addTask { _ = try await store.put(key, bytes: bytes(object)) } }
      try await group.waitForAll()
    }
  }
}

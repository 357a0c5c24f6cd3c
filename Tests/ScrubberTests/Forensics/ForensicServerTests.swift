import Foundation
import IndexFormat
import Testing

@testable import Scrubber

/// The commands on buckets of real servers that speak S3.
@Suite(
  .enabled(if: RealS3Server.areInstalled, "servers are not in .venv: run tools/setup"),
  .timeLimit(.minutes(60))
)
struct ForensicServerTests {
  /// The sample bucket by key.
  private static func objects() throws -> [(String, [UInt8])] {
    try FileManager.default.subpathsOfDirectory(atPath: ForensicRecord.samples).sorted().compactMap { path in
      let file = URL(filePath: "\(ForensicRecord.samples)/\(path)")
      guard try file.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile ?? false else { return nil }
      return (path, [UInt8](try Data(contentsOf: file)))
    }
  }

  @Test(arguments: RealS3Server.Kind.allCases)
  func aServersBucketGivesWhatTheFolderGives(_ kind: RealS3Server.Kind) async throws {
    let server = try await RealS3Server.running(kind)
    let bucket = try await server.makeBucket(try Self.objects())
    let commands = [
      ["timeline", "tree"], ["layer", "list", "--timeline-id", ForensicRecord.main],
      ["layer", "show", ForensicRecord.image], ["layer", "dump", ForensicRecord.delta],
      ["index", "dump", "--timeline-id", ForensicRecord.main],
      [
        "page", "get", "--timeline-id", ForensicRecord.main, "--rel", "1663/5/1259", "--block=0", "--explain",
      ],
      ["page", "history", "--timeline-id", ForensicRecord.main, "--rel", "1663/5/1259", "--block=0"],
      ["keyspace", "--timeline-id", ForensicRecord.main, "--json"],
    ]
    for command in commands {
      let remote = try BuiltProgram.run(
        command + ["--bucket", bucket.location],
        environment: server.environment()
      )
      let local = try BuiltProgram.run(command + ["--bucket", ForensicRecord.samples])
      #expect(remote.output == local.output && remote.exitCode == 0, "\(remote.error)")
    }
    let other = try BuiltProgram.run(
      ["timeline", "list", "00000000000000000000000000000000", "--bucket", bucket.location],
      environment: server.environment()
    )
    #expect(other.exitCode == 66 && other.error.contains("Did you mean \(ForensicRecord.tenant)?"))
  }

  /// Layers are read by ranges, and what is found is what a folder has.
  @Test(arguments: RealS3Server.Kind.allCases, ["layers", "blobs"])
  func aScanReadsLayersOfAServer(_ kind: RealS3Server.Kind, _ depth: String) async throws {
    let server = try await RealS3Server.running(kind)
    let bucket = try await server.makeBucket(try Self.objects())
    let command = ["scan-metadata", "--node-kind", "pageserver", "--depth", depth, "--json", "--bucket"]
    let remote = try BuiltProgram.run(command + [bucket.location], environment: server.environment())
    let local = try BuiltProgram.run(command + [ForensicRecord.samples])
    #expect(remote.exitCode == 0 && local.exitCode == 0, "\(remote.error)")
    func counts(_ text: String) throws -> [String: NSObject] {
      let json = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: NSObject]
      let names = ["timeline_count", "counts_by_code", "coverage", "layers"]
      return try #require(json).filter { names.contains($0.key) }
    }
    #expect(try counts(remote.output) == counts(local.output))
  }

  @Test func theTenantIsSeenAsItWas() async throws {
    let server = try await RealS3Server.running(.seaweedFS)
    let bucket = try await server.makeBucket(versioned: true)
    var fixture = BucketFixture()
    fixture.addTimeline(BucketFixture.timeline(1))
    try await fixture.put(into: bucket)
    try await Task.sleep(for: .seconds(2))
    let moment = Timestamp.now.wholeSeconds
    try await Task.sleep(for: .seconds(2))
    var later = BucketFixture()
    later.addTimeline(BucketFixture.timeline(2))
    try await later.put(into: bucket)
    func list(_ more: [String]) throws -> String {
      try BuiltProgram.run(
        ["timeline", "list", "--bucket", bucket.location] + more,
        environment: server.environment()
      ).output
    }
    let (now, then) = (try list([]), try list(["--at", moment.rfc3339]))
    let (first, second) = ("\(BucketFixture.timeline(1)) ", "\(BucketFixture.timeline(2)) ")
    #expect(now.contains(first) && now.contains(second))
    #expect(then.contains(first) && !then.contains(second))
  }
}

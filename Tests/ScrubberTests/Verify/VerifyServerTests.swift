import Foundation
import Testing

@testable import Scrubber

/// Verifying buckets of real servers that speak S3.
@Suite(
  .enabled(if: RealS3Server.areInstalled, "servers are not in .venv: run tools/setup"),
  .timeLimit(.minutes(60))
)
struct VerifyServerTests {
  private func document(_ arguments: [String], _ environment: [String: String]) throws -> NSDictionary {
    let state = try TemporaryFolder()
    let outcome = try BuiltProgram.run(
      ["verify", "--json"] + arguments,
      environment: environment.merging(["XDG_STATE_HOME": state.path]) { $1 }
    )
    #expect(outcome.exitCode == 0, "\(outcome.output.prefix(2000)) \(outcome.error)")
    return try VerifyProgram.document(outcome)
  }

  @Test(arguments: RealS3Server.Kind.allCases)
  func aServersBucketGivesWhatTheFolderGives(_ kind: RealS3Server.Kind) async throws {
    let server = try await RealS3Server.running(kind)
    let objects = try RealBucket.sample().sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    let bucket = try await server.makeBucket(objects)
    let words = ["--timeline-id", ForensicRecord.main, "--bucket"]
    let remote = try document(words + [bucket.location], server.environment())
    #expect(remote == (try document(words + [ForensicRecord.samples], [:])))
    #expect(try remote.tally("keys").checked > 1000)
  }

  @Test(.enabled(if: Golden.isPresent, Golden.absence))
  func walOfAServersBucketGivesWhatTheFolderGives() async throws {
    let golden = try ReplayedBucket("C", wal: nil)
    let server = try await RealS3Server.running(.seaweedFS)
    var objects = try RealBucket.objects(below: URL(filePath: golden.bucket.path)).map { ($0.key, $0.value) }
    let index = try #require(objects.map(\.0).first { $0.contains("/index_part.json") })
    let parts = index.split(separator: "/").map(String.init)
    let (tenant, timeline) = (parts[3], parts[5])
    for segment in try golden.segments {
      let bytes = [UInt8](try Data(contentsOf: URL(filePath: "\(golden.wal.path)/\(segment)")))
      objects.append(("wal/\(tenant)/\(timeline)/\(segment)", bytes))
    }
    let bucket = try await server.makeBucket(objects.sorted { $0.0 < $1.0 })
    let words = ["--level", "replay"]
    let remote = try document(
      words + ["--bucket", bucket.location, "--wal", "\(bucket.location)/wal"],
      server.environment()
    )
    let local = try document(words + [golden.bucket.path, "--wal", golden.wal.path], [:])
    #expect(remote == local)
    #expect(try remote.tally("values").checked == 74_046)
  }
}

import Foundation
import Testing

@testable import Scrubber

/// Data directories out of buckets of real servers that speak S3.
@Suite(
  .enabled(if: RealS3Server.areInstalled, "servers are not in .venv: run tools/setup"),
  .timeLimit(.minutes(60))
)
struct BackupServerTests {
  /// The same bytes come out of a bucket and out of a folder.
  @Test(arguments: RealS3Server.Kind.allCases)
  func aServersBucketGivesWhatTheFolderGives(_ kind: RealS3Server.Kind) async throws {
    let server = try await RealS3Server.running(kind)
    let objects = try RealBucket.sample().sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    let bucket = try await server.makeBucket(objects)
    let folder = try TemporaryFolder()
    for command in ["basebackup", "fullbackup"] {
      let (remote, local) = ("\(folder.path)/\(command)-remote", "\(folder.path)/\(command)-local")
      let fetched = try BuiltProgram.run(
        [command, "--timeline-id", ForensicRecord.main, "--bucket", bucket.location, "--output", remote],
        environment: server.environment()
      )
      #expect(fetched.exitCode == 0, "\(fetched.error)")
      let copied = try BuiltProgram.run([
        command, "--timeline-id", ForensicRecord.main, "--bucket", ForensicRecord.samples, "--output", local,
      ])
      #expect(copied.exitCode == 0, "\(copied.error)")
      #expect(try BackupProgram.bytes(remote) == BackupProgram.bytes(local))
    }
  }
}

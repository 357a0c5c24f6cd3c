import Foundation
import IndexFormat
import Testing

@testable import Scrubber

/// A bucket of a test, as the command sees it.
struct TestBucket: SnapshotBucket {
  var store: any ObjectStore
  /// The moment to pin where none is asked for.
  var present: Timestamp?
  var root = BucketRoot(prefix: "pageserver/v1/", tenantsPrefix: "pageserver/v1/tenants/")

  var location: String { store.location }
  var tenantsPrefix: String? { root.tenantsPrefix }

  func open(at moment: Timestamp?, jobs: Int) async throws(ScanFailure) -> SnapshotOrigin {
    SnapshotOrigin(store: store, root: root, moment: moment ?? present, jobs: jobs)
  }
}

/// What a run of the command came to.
struct SnapshotRecord {
  var exitCode: ExitCode
  var output: String
  var error: String

  /// Runs the command on a bucket.
  static func run(
    _ bucket: TestBucket,
    into path: String,
    tenant: TenantID = BucketFixture.tenant,
    _ more: [String] = []
  ) async throws -> SnapshotRecord {
    let arguments =
      ["tenant-snapshot", "--bucket", "/nowhere", "--tenant-id", "\(tenant)", "-o", path] + more
    guard case .tenantSnapshot(let command) = try Invocation(arguments, environment: Environment([:])) else {
      throw SnapshotFixtureError(message: "not a snapshot: \(arguments)")
    }
    let (output, error) = (CapturedOutput(), CapturedOutput())
    let terminals = ScanMetadataCommand.Terminals(output: output, error: error)
    let exitCode = await command.run(bucket, terminals: terminals)
    return SnapshotRecord(exitCode: exitCode, output: output.text, error: error.text)
  }
}

struct SnapshotFixtureError: Error {
  var message: String
}

/// A folder with a snapshot, read as a test wants it.
struct SnapshotOnDisk {
  let path: String

  /// All files by path, without those that are not objects.
  func files() throws -> [String: [UInt8]] {
    var files: [String: [UInt8]] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: path) {
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: "\(path)/\(name)", isDirectory: &isFolder),
        !isFolder.boolValue,
        name != SnapshotDocument.fileName, !name.hasPrefix(SnapshotFolder.workFolder)
      else { continue }
      files[name] = Array(try Data(contentsOf: URL(filePath: "\(path)/\(name)")))
    }
    return files
  }

  func sizes() throws -> [String: UInt64] { try files().mapValues { UInt64($0.count) } }

  func document() throws -> SnapshotDocument {
    try SnapshotDocument(
      parsing: Array(try Data(contentsOf: URL(filePath: "\(path)/\(SnapshotDocument.fileName)")))
    )
  }
}

/// A folder in memory where there is one: the disk has nothing to do with what these tests are about.
final class QuickFolder: Sendable {
  let path: String

  init() throws {
    let parent = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
    path = "\(parent)/scrubber-snapshot-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit {
    // What cannot be removed lies in a folder for temporary files.
    try? FileManager.default.removeItem(atPath: path)
  }
}

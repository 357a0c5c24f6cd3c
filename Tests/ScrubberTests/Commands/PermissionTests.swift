import Foundation
import Testing

@testable import Scrubber

/// Buckets that the program may not read everywhere. Root may read all, so there the program runs as nobody.
@Suite(.serialized) struct PermissionTests {
  private static let sample = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "samples/bucket")
  private static let timeline =
    "pageserver/v1/tenants/f8d29c5dd92e0ee1bdf5d3a6513060f1/timelines/368c353096ae11b85437e6760663c46f"
  private static let nobody = "65534"

  private struct Report: Decodable {
    struct LookError: Decodable {
      var objectKey: String
      var reason: String
    }

    var countsBySeverity: [String: Int]
    var lookErrors: [LookError]
    var lookErrorCount: Int
    var timelineCount: Int
    var exitCode: Int32
  }

  /// Scans a copy of the sample in which the main timeline's folder has these permissions.
  private func scan(mode: mode_t) throws -> Report {
    let work = FileManager.default.temporaryDirectory.appending(path: "scrubber-\(UUID())")
    try FileManager.default.createDirectory(at: work, withIntermediateDirectories: true)
    let bucket = work.appending(path: "bucket")
    let folder = bucket.appending(path: Self.timeline).path()
    defer {
      chmod(folder, 0o755)
      // Left behind, it is in nobody's way.
      try? FileManager.default.removeItem(at: work)
    }
    try FileManager.default.copyItem(at: Self.sample, to: bucket)
    // A copy, because nobody may not reach every folder that a project lies in.
    let program = work.appending(path: "scrubber")
    try FileManager.default.copyItem(at: try BuiltProgram.path(), to: program)
    try #require(chmod(folder, mode) == 0)

    let process = Process()
    let output = Pipe()
    let arguments = ["scan-metadata", "--bucket", bucket.path(), "--node-kind", "pageserver", "--json"]
    let asNobody = ["--reuid=\(Self.nobody)", "--regid=\(Self.nobody)", "--clear-groups", program.path()]
    process.executableURL = geteuid() == 0 ? URL(filePath: "/usr/bin/setpriv") : program
    process.arguments = (geteuid() == 0 ? asNobody : []) + arguments
    process.standardOutput = output
    try process.run()
    let text = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let report = try decoder.decode(Report.self, from: text)
    #expect(report.exitCode == process.terminationStatus)
    return report
  }

  @Test func aFolderThatMayNotBeListedIsOneErrorAndNothingInItIsAccused() throws {
    let report = try scan(mode: 0)
    #expect(report.lookErrors.map(\.objectKey) == [Self.timeline + "/"])
    #expect(report.lookErrors.first?.reason.contains("Permission denied") == true)
    #expect(report.countsBySeverity["error"] == 0)
    #expect(report.countsBySeverity["warning"] == 0)
    #expect(report.timelineCount == 4)
    #expect(report.exitCode == 1)
  }

  @Test func filesOfWhichTheSizesCannotBeToldAreOneError() throws {
    let report = try scan(mode: 0o444)
    #expect(report.lookErrors.map(\.objectKey) == [Self.timeline + "/"])
    #expect(report.lookErrors.first?.reason.contains("and 18 more") == true)
    #expect(report.countsBySeverity["error"] == 0)
    #expect(report.exitCode == 1)
  }

  @Test func aFolderThatMayBeReadIsClean() throws {
    let report = try scan(mode: 0o755)
    #expect(report.lookErrorCount == 0)
    #expect(report.exitCode == 0)
  }
}

import Foundation
import IndexFormat
import Testing

@testable import Scrubber

/// Scans of folders: in every layout the same bucket gives the same findings.
struct FolderScanTests {
  private static let sample = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(
      path: "samples/bucket/pageserver/v1/tenants"
    )

  /// Copies the sample tenant below `root` in a folder of its own and scans that folder.
  private func scan(at root: String, change: (URL) throws -> Void = { _ in }) async throws -> ScanRecord {
    let folder = FileManager.default.temporaryDirectory.appending(path: "scrubber-\(UUID())")
    defer {
      // Left behind, it is in nobody's way.
      try? FileManager.default.removeItem(at: folder)
    }
    let tenants = folder.appending(path: root)
    try FileManager.default.createDirectory(
      at: tenants.deletingLastPathComponent(),
      withIntermediateDirectories: true
    )
    try FileManager.default.copyItem(at: Self.sample, to: tenants)
    try change(tenants)
    let record = LockedRecord()
    var options = ScanOptions(address: .folder(path: folder.path()))
    options.jobs = 2
    try await FolderScan(path: folder.path()).run(options) { record.receive($0) }
    return record.value
  }

  /// Findings without what the layout changes: the beginning of their keys.
  private func described(_ record: ScanRecord) -> [String] {
    record.findings.map { finding in
      let key = finding.objectKey.map {
        String($0[($0.range(of: "f8d29c5d")?.lowerBound ?? $0.startIndex)...])
      }
      return "\(finding.code.rawValue) \(key ?? "")"
    }
  }

  @Test(arguments: ["pageserver/v1/tenants", "v1/tenants", "pageserver/tenants", "tenants", "snapshot"])
  func everyLayoutGivesTheSameFindings(_ root: String) async throws {
    let bucket = try await scan(at: "pageserver/v1/tenants")
    #expect(bucket.findings.count == 5)
    let folder: ScanRecord
    if root == "snapshot" {
      // The folder itself holds the tenants.
      folder = try await snapshotScan()
    } else {
      folder = try await scan(at: root)
    }
    #expect(described(folder) == described(bucket))
    #expect(folder.summary.coverage.isComplete)
    #expect(folder.summary.timelineCount == bucket.summary.timelineCount)
  }

  private func snapshotScan() async throws -> ScanRecord {
    let record = LockedRecord()
    let path = Self.sample.path()
    try await FolderScan(path: path).run(ScanOptions(address: .folder(path: path))) { record.receive($0) }
    return record.value
  }

  @Test func leftoversOfALocalStoreAreSkippedWithTheReason() async throws {
    let record = try await scan(at: "pageserver/tenants") { tenants in
      let tenant = tenants.appending(path: "f8d29c5dd92e0ee1bdf5d3a6513060f1")
      for name in ["heatmap-v1.json.___temp", "tenant-manifest-00000001.json.metadata"] {
        try Data("{}".utf8).write(to: tenant.appending(path: name))
      }
    }
    #expect(record.findings(.warning) == [])
    #expect(record.summary.coverage.objectsSkipped == [.temporary: 2])
    #expect(record.summary.coverage.isComplete)
  }

  /// A file that is named exactly as a range of the listing ends belongs to one range and not to none.
  @Test func anObjectNamedLikeACutIsSeenOnce() async throws {
    let record = try await scan(at: "pageserver/v1/tenants") { tenants in
      for tenant in ["0", "8", "f8d29c5dd92e0ee1bdf5d3a6513060f2", "ff000000000000000000000000000000"] {
        try Data().write(to: tenants.appending(path: tenant))
      }
      for number in 0..<40 {
        let tenant = String(repeating: "0", count: 30) + String(10 + number)
        let timeline = tenants.appending(path: "\(tenant)/timelines/\(tenant)")
        try FileManager.default.createDirectory(at: timeline, withIntermediateDirectories: true)
        try Data().write(to: timeline.appending(path: "initdb.tar.zst"))
      }
    }
    let unknown = record.findings.filter { $0.code == .objectUnknownName }
    #expect(unknown.count == 4)
    #expect(record.summary.tenantCount == 41)
    #expect(record.summary.coverage.isComplete)
    #expect(record.summary.coverage.objectsListed == 25 + 4 + 40)
  }

  @Test func aFolderThatIsNoBucketIsRefused() async throws {
    let empty = FileManager.default.temporaryDirectory.appending(path: "scrubber-\(UUID())")
    try FileManager.default.createDirectory(at: empty, withIntermediateDirectories: true)
    defer {
      // Left behind, it is in nobody's way.
      try? FileManager.default.removeItem(at: empty)
    }
    for path in [empty.path(), "/etc", "/etc/hostname", empty.path() + "/absent"] {
      let error = await #expect(throws: ScanFailure.self) {
        try await FolderScan(path: path).run(ScanOptions(address: .folder(path: path))) { _ in }
      }
      #expect(error?.exitCode == .nothingMatched, "\(path)")
    }
  }
}

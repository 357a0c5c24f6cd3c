@testable import Engine
import Foundation
import IndexFormat
import Testing

@testable import Scrubber

/// A golden tenant with WAL, in folders.
struct ReplayedBucket {
  static let main = "5fe8b8114a3857e52fdd46ec6012f196"
  static let dev = "827604938300ca90278a19b256e6932f"
  static let shards = "4cff11de2de343f13f5d8f899072ad6d"

  let bucket: TemporaryFolder
  let wal: TemporaryFolder

  /// - wal: a folder of WAL, or nil for the segment of a real compute, which is C's.
  init(_ tenant: String, wal name: String?) throws {
    bucket = try RealBucket.unpack([tenant])
    wal = try TemporaryFolder()
    guard let name else {
      let segment = "000000010000000000000001"
      try Self.decompress("neon-testdata/\(segment).zst", to: "\(wal.path)/\(segment)")
      return
    }
    let folder = Golden.folder.appending(path: "pageserver/wal/\(name)")
    for file in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
      let segment = String(file.dropLast(".zst".count))
      try Self.decompress("pageserver/wal/\(name)/\(file)", to: "\(wal.path)/\(segment)")
    }
  }

  private static func decompress(_ path: String, to target: String) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["zstd", "-dqf", Golden.folder.appending(path: path).path, "-o", target]
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
  }

  var segments: [String] { get throws { try BackupProgram.names(wal.path) } }

  func verify(_ more: String..., state: TemporaryFolder? = nil) throws -> BuiltProgram.Outcome {
    try VerifyProgram.run(bucket.path, ["--json", "--wal", wal.path] + more, state: state)
  }

  /// Changes a byte of a file of WAL, or of an object of the bucket.
  static func flip(_ path: String, at offset: Int) throws {
    var bytes = try Data(contentsOf: URL(filePath: path))
    bytes[offset] ^= 8
    try bytes.write(to: URL(filePath: path))
  }

  /// Where a record stands; covered is one that no read at the end of its timeline needs, as a page stands whole above
  /// it in the same layer.
  func record(isCovered: Bool) async throws -> (object: String, offset: Int) {
    let opened = try await ForensicBucket.open(.folder(path: bucket.path), Environment([:]), at: nil)
    let tenant = try await TenantView.open(nil, in: opened)
    let timeline = try WholeTimeline(try tenant.timelineID(nil), in: tenant).first.timeline
    for index in timeline.map.layers.indices where timeline.map.layers[index].name.isDelta {
      let reader = try await timeline.open(LayerMap.Position(index), nil)
      var last: LayerEntry?
      let stream = reader.blobs(of: try await reader.entries())
      while let batch = try await stream.next() {
        var found: LayerEntry?
        try batch.decode { entry, bytes in
          // What is no value is none of these.
          guard let outline = try? ValueOutline(parsing: bytes), entry.key.isRelationBlock else { return }
          if outline.willInit, let last, last.key == entry.key, found == nil { found = last }
          last = outline.form == .record(.postgres) && !outline.willInit ? entry : nil
          if !isCovered, found == nil { found = last }
        }
        if let found { return (reader.object.key, Int(found.blob.upperBound) - 1) }
      }
    }
    throw ForensicTestError(arguments: ["no such record"])
  }
}

extension NSDictionary {
  func findings() throws -> [[String: Any]] { try #require(self["findings"] as? [[String: Any]]) }

  func replays() throws -> [[String: Any]] { try #require(self["replays"] as? [[String: Any]]) }

  /// Timelines that were not replayed, and why.
  func notReplayed() throws -> [String: String] {
    let list = try #require(self["not_replayed"] as? [[String: String]])
    return Dictionary(list.map { ($0["timeline_id"] ?? "", $0["kind"] ?? "") }, uniquingKeysWith: { $1 })
  }

  var isComplete: Bool { (self["coverage"] as? [String: Any])?["complete"] as? Bool == true }
}

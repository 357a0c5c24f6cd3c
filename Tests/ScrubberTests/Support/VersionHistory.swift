import Foundation

@testable import Scrubber

/// The history of two real tenants: every version and delete marker that their page server left while it flushed,
/// compacted, branched, detached, archived and deleted.
enum VersionHistory {
  struct Line: Decodable {
    var key: String
    var version: String
    var lastModified: Int64
    var deleteMarker: Bool?
    var size: UInt64?
    var text: String?

    var isDeletion: Bool { deleteMarker ?? false }
    var bytes: [UInt8] { text.map { Array($0.utf8) } ?? [UInt8](repeating: 0, count: Int(size ?? 0)) }

    private enum CodingKeys: String, CodingKey {
      case key, version, size, text
      case lastModified = "last_modified"
      case deleteMarker = "delete_marker"
    }
  }

  static func lines() throws -> [Line] {
    try Data(contentsOf: BucketFixture.folder.appending(path: "versions.jsonl"))
      .split(separator: UInt8(ascii: "\n")).map { try JSONDecoder().decode(Line.self, from: $0) }
  }

  static func store() throws -> MemoryObjectStore {
    let store = MemoryObjectStore(keepsVersions: true)
    for line in try lines() {
      let time = Timestamp(nanoseconds: line.lastModified)
      if line.isDeletion {
        try store.putDeleteMarker(line.key, lastModified: time, version: line.version)
      } else {
        let body = line.text.map { MemoryObjectStore.Body.bytes(Array($0.utf8)) } ?? .zeros(line.size ?? 0)
        try store.put(line.key, body: body, lastModified: time, version: line.version)
      }
    }
    return store
  }
}

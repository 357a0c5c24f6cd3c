import Engine
import Foundation
import IndexFormat
import Testing

/// A layer file on disk, and what its path says of it.
struct LayerFile: Sendable, CustomTestStringConvertible {
  let object: LayerObject
  let shard: ShardIndex
  let url: URL

  var testDescription: String { url.lastPathComponent }

  func bytes() throws -> [UInt8] { [UInt8](try Data(contentsOf: url)) }

  /// Nil if the path is not that of a layer: `…/tenant[-shard]/timelines/timeline/layer`.
  init?(_ url: URL) {
    let parts = url.pathComponents
    guard parts.count >= 4, let name = LayerFileName(url.lastPathComponent),
      let timeline = TimelineID(parts[parts.count - 2])
    else { return nil }
    let tenant = parts[parts.count - 4].split(separator: "-")
    guard let first = tenant.first, let id = TenantID(String(first)) else { return nil }
    self.url = url
    shard = TenantShardID(parts[parts.count - 4])?.shard ?? .unsharded
    object = LayerObject(
      key: parts.suffix(4).joined(separator: "/"),
      name: name.layer,
      tenant: id,
      timeline: timeline
    )
  }

  /// All layers below a folder, in the order of their paths.
  static func all(below folder: URL) throws -> [LayerFile] {
    try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted()
      .compactMap { LayerFile(folder.appending(path: $0)) }
  }

  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// Of page servers of March 2026 and June 2024.
  static let committed: [LayerFile] = {
    // What cannot be read is missing in the count of them.
    ["samples/bucket", "Tests/Fixtures/layers-2024"].flatMap {
      (try? all(below: root.appending(path: $0))) ?? []
    }
  }()

  /// The smallest of both kinds and both eras: 24 to 56 KiB each.
  static let small: [LayerFile] = {
    let files = committed.map { ($0, (try? $0.bytes().count) ?? .max) }
    return [
      ("samples", LayerName.Kind.image), ("samples", .delta), ("layers-2024", .image),
      ("layers-2024", .delta),
    ]
    .compactMap { folder, kind in
      files.filter { $0.0.url.path.contains(folder) && $0.0.object.name.kind == kind }.min { $0.1 < $1.1 }?.0
    }
  }()
}

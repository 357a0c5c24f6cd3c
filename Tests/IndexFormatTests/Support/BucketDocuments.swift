import Foundation

@testable import IndexFormat

/// The JSON documents among the objects of `Tests/Fixtures/buckets`, as real page servers wrote them.
struct BucketDocument: Sendable {
  enum Kind: Sendable, CaseIterable {
    case index
    case manifest
    case heatmap
  }

  var kind: Kind
  var key: String
  var bytes: [UInt8]

  private struct Line: Decodable {
    var key: String
    var text: String?
  }

  /// All of them, by bucket and key.
  static let all: [BucketDocument] = {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Fixtures/buckets")
    // A folder that cannot be read gives no documents, which the tests that count them notice.
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return files.sorted().flatMap { file -> [BucketDocument] in
      let data = FileManager.default.contents(atPath: folder.appending(path: file).path) ?? Data()
      return data.split(separator: UInt8(ascii: "\n")).compactMap { line in
        // As above: a line that cannot be read is missing in the count.
        (try? JSONDecoder().decode(Line.self, from: line)).flatMap(BucketDocument.init)
      }
    }
  }()

  static func all(_ kind: Kind) -> [BucketDocument] { all.filter { $0.kind == kind } }

  private init?(_ line: Line) {
    guard let text = line.text, let kind = Kind(key: line.key) else { return nil }
    self.kind = kind
    key = line.key
    bytes = Array(text.utf8)
  }

  /// Decoded and encoded again.
  func rewritten() throws -> [UInt8] { try kind.rewrite(bytes) }
}

extension BucketDocument.Kind {
  init?(key: String) {
    if key.contains("/index_part.json") {
      self = .index
    } else if key.contains("/tenant-manifest") {
      self = .manifest
    } else if key.hasSuffix("/heatmap-v1.json") {
      self = .heatmap
    } else {
      return nil
    }
  }

  func rewrite(_ bytes: [UInt8]) throws -> [UInt8] {
    switch self {
    case .index: try IndexPart(parsing: bytes).encode()
    case .manifest: try TenantManifest(parsing: bytes).encode()
    case .heatmap: try Heatmap(parsing: bytes).encode()
    }
  }
}

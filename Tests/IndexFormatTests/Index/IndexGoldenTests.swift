import Foundation
import Testing

@testable import IndexFormat

/// Documents of real page servers of 2024 and 2026: read and written, they are the same bytes.
struct IndexGoldenTests {
  @Test func countOfCommittedDocuments() {
    #expect(BucketDocument.all(.index).count == 65)
    #expect(BucketDocument.all(.manifest).count == 16)
    #expect(BucketDocument.all(.heatmap).count == 19)
  }

  @Test(arguments: BucketDocument.Kind.allCases)
  func committedDocumentsComeBack(kind: BucketDocument.Kind) throws {
    for document in BucketDocument.all(kind) {
      #expect(try document.rewritten() == document.bytes, "\(document.key)")
    }
  }

  /// Nothing that real page servers wrote is unknown.
  @Test func noUnknownFields() throws {
    for document in BucketDocument.all {
      let names =
        switch document.kind {
        case .index: try IndexPart(parsing: document.bytes).allUnknownFieldNames
        case .manifest: try TenantManifest(parsing: document.bytes).allUnknownFieldNames
        case .heatmap: try Heatmap(parsing: document.bytes).allUnknownFieldNames
        }
      #expect(names.isEmpty, "\(document.key)")
    }
  }

  @Test func bothErasAreThere() throws {
    let indices = try BucketDocument.all(.index).map { try IndexPart(parsing: $0.bytes) }
    #expect(indices.count { $0.metadataForm != .object } == 25)
    #expect(indices.count { $0.metadataForm == .object } == 40)
    #expect(indices.count { $0.layers.contains { !$0.shard.isUnsharded } } > 5)
    #expect(
      indices.count { !$0.lineage.reparentingHistory.isEmpty || $0.lineage.originalAncestor != nil } > 0
    )
    #expect(indices.allSatisfy { $0.diskConsistentLsn == $0.metadata.diskConsistentLsn })
    #expect(indices.allSatisfy { $0.newestFieldVersion <= $0.version })
  }

  @Test(.enabled(if: Golden.isPresent, Golden.absence))
  func formerObjectVersions() throws {
    let archive = "pageserver/versions/old.tar.zst"
    var counts: [BucketDocument.Kind: Int] = [:]
    struct Version: Decodable {
      var key: String
      var sha256: String?
    }
    var kinds: [String: BucketDocument.Kind] = [:]
    for line in try Golden.lines("pageserver/versions/versions.jsonl") {
      let version = try JSONDecoder().decode(Version.self, from: Data(line.utf8))
      if let hash = version.sha256, let kind = BucketDocument.Kind(key: version.key) { kinds[hash] = kind }
    }
    for name in try Golden.archiveNames(archive) {
      guard let kind = kinds[String(name.split(separator: "/").last ?? "")] else { continue }
      let lines = try Golden.archiveLines(archive, member: name)
      // Compact JSON has no line ends.
      #expect(lines.count == 1)
      let bytes = Array(lines.joined().utf8)
      #expect(try kind.rewrite(bytes) == bytes, "\(name)")
      counts[kind, default: 0] += 1
    }
    #expect(counts == [.index: 41, .manifest: 1, .heatmap: 1])
  }

  @Test(.enabled(if: Golden.isPresent, Golden.absence))
  func indexOfALargeStagingTenant() throws {
    let bytes = try Golden.content("neon-testdata/mixed_workload_index_part.json")
    let index = try IndexPart(parsing: bytes)
    #expect(index.layers.count > 1000)
    #expect(index.version == 7)
    #expect(index.newestFieldVersion == 7)
    // The file ends in a line end, which no page server writes.
    #expect(index.encode() + [0x0a] == bytes)
  }
}

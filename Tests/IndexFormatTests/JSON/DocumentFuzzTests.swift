import Testing

@testable import IndexFormat

/// Hundred thousand documents that no page server wrote: none may trap, hang, be read as two things or lose something.
struct DocumentFuzzTests {
  typealias V = IndexVectors

  private func expect(_ result: Fuzzing.Result, _ count: Int, accepted percent: Int) {
    #expect(result.failures.isEmpty, "\(result.failures.joined(separator: "\n"))")
    #expect(result.inputCount == count)
    // A mutator whose documents are all refused tests little.
    #expect(count < 1000 || result.acceptedCount * 100 > count * percent, "\(result.acceptedCount) accepted")
    #expect(count < 1000 || result.comparedCount > 0)
  }

  private func small(_ kind: BucketDocument.Kind, below limit: Int) -> [[UInt8]] {
    BucketDocument.all(kind).map(\.bytes).filter { $0.count < limit }
  }

  @Test func indicesWithMetadataAsObject() {
    let documents =
      small(.index, below: 900)
      + [
        V.minimal(
          #""version":15,"layer_metadata":{"\#(V.deltaA)":{"file_size":1,"generation":2,"shard":"0102"}}"#,
          V.gcBlocking,
          V.importPgdata,
          V.legacy,
          V.compaction,
          V.invisible,
          V.migrated
        ),
        V.minimal(#""version":5"#, V.layers, V.lineage, V.formerLayers, #""last_aux_file_policy":"V2""#),
      ].map { Array($0.utf8) }
    let count = Fuzzing.count(percent: 25)
    expect(Fuzzing.run(IndexPart.self, from: documents, count: count), count, accepted: 20)
  }

  @Test func indicesWithBinaryMetadata() {
    let documents =
      small(.index, below: 1400).filter { $0.count > 1100 } + [Array(V.minimal(V.array(V.metadataB)).utf8)]
    #expect(documents.count > 3)
    let count = Fuzzing.count(percent: 10)
    expect(Fuzzing.run(IndexPart.self, from: documents, count: count), count, accepted: 20)
  }

  @Test func manifests() {
    let documents = small(.manifest, below: 1000)
    let count = Fuzzing.count(percent: 20)
    expect(Fuzzing.run(TenantManifest.self, from: documents, count: count), count, accepted: 20)
  }

  @Test func heatmaps() {
    let layer =
      #"{"name":"\#(V.deltaA)","metadata":{"file_size":1,"generation":1,"shard":"0102"},"access_time":-5,"cold":true}"#
    let synthetic =
      #"{"generation":1,"timelines":[{"timeline_id":"11223344556677881122334455667788","layers":[\#(layer)]}],"#
      + #""upload_period_ms":60000}"#
    let documents = small(.heatmap, below: 900) + [Array(synthetic.utf8)]
    let count = Fuzzing.count(percent: 15)
    expect(Fuzzing.run(Heatmap.self, from: documents, count: count), count, accepted: 20)
  }

  @Test func deletionListsAndHeaders() {
    let list =
      #"{"version":1,"sequence":1,"tenants":{"ad6c1a56f5680419d3a16ff55d97ec3c":{"timelines":{"#
      + #""be322c834ed9e709e63b5c9698691910":["foo","b\"r"]},"generation":123},"#
      + #""ad6c1a56f5680419d3a16ff55d97ec3c-0102":{"timelines":{},"generation":0}},"size":2,"validated":true}"#
    let count = Fuzzing.count(percent: 10)
    expect(Fuzzing.run(DeletionList.self, from: [Array(list.utf8)], count: count), count, accepted: 20)
    let headers = [Array(#"{"version":1,"validated_sequence":281474976710656}"#.utf8)]
    let headerCount = Fuzzing.count(percent: 5)
    expect(Fuzzing.run(DeletionHeader.self, from: headers, count: headerCount), headerCount, accepted: 20)
  }

  @Test func snapshotDescriptionsAndJournals() throws {
    let document = Array(SnapshotDocumentTests.document.utf8)
    let count = Fuzzing.count(percent: 10)
    expect(Fuzzing.run(SnapshotDocument.self, from: [document], count: count), count, accepted: 20)
    let files = try SnapshotDocument(parsing: document).files.map { $0.encode() }
    let fileCount = Fuzzing.count(percent: 5)
    expect(Fuzzing.run(SnapshotFile.self, from: files, count: fileCount), fileCount, accepted: 20)
  }

  /// A reader that is wrong only with numbers that no golden manifest has, in one way each.
  private struct WrongManifest: DocumentFormat {
    let manifest: TenantManifest

    init(parsing bytes: [UInt8]) throws(FormatError) {
      manifest = try TenantManifest(parsing: bytes)
      // One that says the wrong place.
      if manifest.version == 256 {
        throw FormatError(.badValue, offset: bytes.count + 1, found: "256", expected: "another number")
      }
    }

    func encode() -> [UInt8] {
      var changed = manifest
      // One that loses a bit, one that forgets what it does not know.
      if manifest.stripeSize == .max { changed.stripeSize = .max - 1 }
      if manifest.version > 9_007_199_254_740_992 { changed.unknownFields = [] }
      return changed.encode()
    }
  }

  /// The canary: the harness must notice that this reader is wrong, in all three ways.
  @Test func aWrongReaderIsNoticed() {
    var mutated = Set<String>()
    for document in small(.manifest, below: 1000) {
      let text = String(decoding: document, as: UTF8.self)
      mutated.insert(text)
      mutated.insert(text.replacing("{\"version\":2", with: "{\"x\":1,\"version\":2"))
    }
    let result = Fuzzing.run(WrongManifest.self, from: mutated.sorted().map { Array($0.utf8) }, count: 20_000)
    #expect(result.failures.contains { $0.hasPrefix("error at byte") })
    #expect(result.failures.contains { $0.hasPrefix("rewritten, it says something else") })
    #expect(result.failures.allSatisfy { $0.contains("seed \(Fuzzing.seed)") })
    #expect(
      Fuzzing.run(TenantManifest.self, from: mutated.sorted().map { Array($0.utf8) }, count: 2000).failures
        .isEmpty
    )
  }

  /// The comparison with another parser notices as well, even a reader that is one with itself.
  @Test func aForgetfulReaderIsNoticed() {
    struct Forgetful: DocumentFormat {
      let manifest: TenantManifest

      init(parsing bytes: [UInt8]) throws(FormatError) {
        var manifest = try TenantManifest(parsing: bytes)
        manifest.unknownFields = []
        self.manifest = manifest
      }

      func encode() -> [UInt8] { manifest.encode() }
    }
    let result = Fuzzing.run(Forgetful.self, from: small(.manifest, below: 1000), count: 5000)
    #expect(result.failures.contains { $0.hasPrefix("another value was written") })
  }
}

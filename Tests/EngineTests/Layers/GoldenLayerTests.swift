import Engine
import Foundation
import IndexFormat
import Testing

/// Layers of real page servers of both eras: nothing is wrong with them, and written anew they are the same.
struct GoldenLayerTests {
  struct Counts: Equatable {
    var layers = 0
    var foreign = 0
    var deltaValues = 0
    var imageValues = 0
    /// Files that are the same byte for byte when written anew.
    var identical = 0
  }

  @Test func committedLayersAreThere() {
    #expect(LayerFile.committed.count == 19)
    #expect(LayerFile.small.count == 4)
  }

  @Test(arguments: LayerFile.committed)
  func committedLayerIsWhole(file: LayerFile) throws {
    var counts = Counts()
    try Self.examine(file, &counts)
  }

  @Test(.enabled(if: Golden.isPresent, Golden.absence))
  func allLayersAreWholeAndCanBeWrittenAnew() throws {
    var counts = Counts()
    for tenant in Golden.tenants {
      try Golden.withTenant(tenant) { for file in $0 { try Self.examine(file, &counts) } }
    }
    #expect(
      counts
        == Counts(layers: 752, foreign: 53, deltaValues: 1_378_601, imageValues: 96_109, identical: 752)
    )
  }

  private static func examine(_ file: LayerFile, _ counts: inout Counts) throws {
    let bytes = try file.bytes()
    var values: [SeenValue] = []
    let report = try file.object.check(bytes) { values.append(SeenValue($0, $1)) }
    #expect(report.findings.filter { $0.code != .layerForeignTimeline } == [], "\(file.url.path)")
    #expect(report.coverage.total == UInt64(bytes.count))
    #expect(report.coverage.unread == 0)
    #expect(report.entryCount == values.count && report.valueCount == values.count)
    counts.layers += 1
    counts.foreign += report.findings.count
    if file.object.name.isDelta {
      counts.deltaValues += values.count
    } else {
      counts.imageValues += values.count
    }

    let tree = try file.object.check(bytes, depth: .tree)
    #expect(tree.findings == report.findings)
    #expect(tree.entryCount == report.entryCount)
    #expect(tree.coverage.total == UInt64(bytes.count))

    let summary = try #require(report.summary)
    let isCompressed = report.coverage.decompressed > 0
    let again = try file.object.rewrite(
      values,
      timeline: summary.timeline,
      compression: isCompressed ? .standard : .none
    )
    if again == bytes {
      counts.identical += 1
    } else {
      var seen: [SeenValue] = []
      let second = try file.object.check(again) { seen.append(SeenValue($0, $1)) }
      #expect(second.findings == report.findings)
      #expect(seen == values)
      #expect(second.summary?.layer == summary.layer && second.summary?.timeline == summary.timeline)
    }
  }
}

import IndexFormat
import Testing

@testable import Scrubber

/// Overlaps and gaps, against the plain way of comparing each with each.
struct LayerMapSweepTests {
  private static func delta(_ keys: Range<UInt32>, _ lsns: Range<UInt64>) -> LayerName {
    LayerName(
      delta: KeyRange(
        start: Key(0, 1663, 5, 16384, 0, keys.lowerBound),
        end: Key(0, 1663, 5, 16384, 0, keys.upperBound)
      ),
      from: Lsn(lsns.lowerBound),
      to: Lsn(lsns.upperBound)
    )
  }

  private static func overlaps(_ left: LayerName, _ right: LayerName) -> Bool {
    left.keys.overlaps(right.keys) && left.startLsn < right.endLsn && right.startLsn < left.endLsn
  }

  /// All sets of three deltas in a world of three keys and three LSNs.
  @Test func threeDeltasOfASmallWorldOverlapExactlyWhenTwoOfThemDo() {
    let keys: [Range<UInt32>] = [0..<1, 1..<2, 2..<3, 0..<2, 1..<3, 0..<3]
    let lsns: [Range<UInt64>] = [8..<16, 16..<24, 24..<32, 8..<24, 16..<32, 8..<32]
    let all = keys.flatMap { key in lsns.map { Self.delta(key, $0) } }
    for first in all.indices {
      for second in all.indices.suffix(from: first + 1) {
        for third in all.indices.suffix(from: second + 1) {
          let layers = [all[third], all[first], all[second]]
          let expected =
            Self.overlaps(layers[0], layers[1]) || Self.overlaps(layers[0], layers[2])
            || Self.overlaps(layers[1], layers[2])
          let problems = LayerMapSweep.overlaps(layers)
          #expect(problems.isEmpty != expected, "\(layers)")
          for case .overlap(let left, let right) in problems { #expect(Self.overlaps(left, right)) }
        }
      }
    }
  }

  @Test func aGapIsToldOnlyAboveWhatGcRemoved() {
    let layers = [
      Self.delta(0..<3, 8..<16), Self.delta(0..<1, 24..<32), Self.delta(1..<3, 24..<40),
      Self.delta(0..<3, 40..<48),
    ].map { IndexLayer(name: $0, generation: .valid(1), shard: .unsharded, fileSize: 1) }
    #expect(
      LayerMapSweep.gaps(layers, above: Lsn(0))
        == [.gap(start: Lsn(16), end: Lsn(24), before: Self.delta(0..<1, 24..<32))]
    )
    #expect(LayerMapSweep.gaps(layers, above: Lsn(24)) == [])
  }

  @Test func overlapsOfManyLayersAreFoundInReasonableWork() {
    // 20,000 deltas: comparing each with each would take minutes in a debug build.
    var layers: [LayerName] = []
    for level in 0..<UInt64(200) {
      for slice in 0..<UInt32(100) {
        layers.append(Self.delta(slice * 10..<slice * 10 + 10, level * 16..<level * 16 + 16))
      }
    }
    #expect(LayerMapSweep.overlaps(layers) == [])
    #expect(LayerMapSweep.overlaps(layers + [Self.delta(55..<56, 160..<161)]).count == 1)
  }

  /// Deltas that come in any order of keys and none of which ends before the last begins.
  @Test func layersSideBySideInAnyOrderAreNoMatter() {
    let count: UInt32 = 20_000
    let layers = (0..<count).map { number in
      let slice = UInt32((UInt64(number) * 7_919) % UInt64(count))
      return Self.delta(slice..<slice + 1, UInt64(number)..<UInt64(number) + 100_000)
    }
    #expect(LayerMapSweep.overlaps(layers) == [])
    let wide = Self.delta(5..<count - 5, 50_000..<50_001)
    #expect(LayerMapSweep.overlaps(layers + [wide]).count == 1)
  }

  /// A layer that crosses one which itself crosses another is found, too.
  @Test func aChainOfOverlapsIsFoundLinkByLink() {
    let layers = [Self.delta(0..<2, 8..<24), Self.delta(1..<4, 16..<32), Self.delta(3..<6, 24..<40)]
    #expect(
      LayerMapSweep.overlaps(layers) == [.overlap(layers[0], layers[1]), .overlap(layers[1], layers[2])]
    )
  }
}

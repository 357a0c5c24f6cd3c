import IndexFormat
import Testing

@testable import Scrubber

struct ReplaySplitsTests {
  private func delta(_ shard: ShardIndex, _ start: UInt64, _ end: UInt64) -> IndexLayer {
    let name = LayerName(delta: .all, from: Lsn(start), to: Lsn(end))
    return IndexLayer(name: name, generation: .valid(1), shard: shard, fileSize: 1)
  }

  private func image(_ shard: ShardIndex, _ lsn: UInt64) -> IndexLayer {
    IndexLayer(name: LayerName(image: .all, at: Lsn(lsn)), generation: .valid(1), shard: shard, fileSize: 1)
  }

  private func shard(_ number: UInt8, _ count: UInt8) -> ShardIndex {
    ShardIndex(number: number, count: count)
  }

  /// Unsharded, then two, then four; not all shards name all layers of their forebears.
  private var layers: [(index: ShardIndex, layers: [IndexLayer])] {
    [
      (shard(0, 4), [image(.unsharded, 10), delta(shard(0, 2), 31, 41), delta(shard(0, 4), 41, 61)]),
      (shard(1, 4), [delta(.unsharded, 11, 31), delta(shard(1, 2), 31, 46), delta(shard(1, 4), 46, 61)]),
      (shard(2, 4), [delta(shard(0, 2), 31, 36), image(shard(2, 4), 50)]),
      (shard(3, 4), [delta(.unsharded, 11, 21), delta(shard(1, 2), 31, 33)]),
    ]
  }

  @Test func aSplitIsWhereTheLayersOfTheShardBeforeEnd() {
    let splits = ReplaySplits(layers)
    func ends(_ number: UInt8) -> [String] {
      splits.ancestors(of: shard(number, 4)).map { "\($0.shard) \($0.end)" }
    }
    #expect(ends(0) == ["\(ShardIndex.unsharded) 0/1E", "0002 0/28"])
    #expect(ends(2) == ends(0))
    // Shards are split one by one, so each may have come further.
    #expect(ends(1) == ["\(ShardIndex.unsharded) 0/1E", "0102 0/2D"])
    #expect(ends(3) == ends(1))
  }

  @Test func whoWroteBehindAnLsnIsKnown() {
    let splits = ReplaySplits(layers)
    #expect(splits.shard(of: shard(3, 4), behind: Lsn(10)) == .unsharded)
    #expect(splits.shard(of: shard(3, 4), behind: Lsn(30)) == shard(1, 2))
    #expect(splits.shard(of: shard(3, 4), behind: Lsn(44)) == shard(1, 2))
    #expect(splits.shard(of: shard(3, 4), behind: Lsn(45)) == shard(3, 4))
    #expect(ReplaySplits([]).shard(of: .unsharded, behind: Lsn(1)) == .unsharded)
  }

  @Test func whereAShardHasRewrittenItsInheritanceItBeginsAtTheSplit() {
    let splits = ReplaySplits(layers)
    let three = shard(3, 4)
    #expect(splits.firstWhole(from: Lsn(10), of: three, layers[3].layers) == Lsn(10))
    let once = layers[3].layers + [image(shard(1, 2), 10)]
    #expect(splits.firstWhole(from: Lsn(10), of: three, once) == Lsn(30))
    let twice = layers[3].layers + [image(three, 10)]
    #expect(splits.firstWhole(from: Lsn(10), of: three, twice) == Lsn(45))
    #expect(splits.firstWhole(from: Lsn(50), of: three, twice) == Lsn(50))
  }

  /// Who writes an index chooses its names.
  @Test func layersOfOtherShardsSayNothing() {
    let strange = [
      delta(shard(1, 8), 1, 99), delta(shard(1, 2), 1, 99), delta(shard(0, 3), 1, 99),
      delta(shard(0, 4), 1, 0),
    ]
    let splits = ReplaySplits([(shard(0, 4), strange)])
    #expect(splits.ancestors(of: shard(0, 4)).isEmpty)
  }
}

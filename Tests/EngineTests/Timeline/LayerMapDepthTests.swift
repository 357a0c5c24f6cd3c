import Engine
import IndexFormat
import Testing

/// Depth, coverage by images, and visibility: vectors of the original's tests.
struct LayerMapDepthTests {
  @Test func visibilityIsThatOfThePublishedVector() {
    let expected: [(LayerName, Bool)] = [
      (delta(10..<20, 101..<110), true), (image(5..<25, at: 99), true), (delta(10..<20, 90..<100), false),
      (delta(1..<7, 90..<100), true), (delta(1..<4, 90..<100), true), (image(10..<20, at: 89), false),
      (image(1..<7, at: 89), true), (image(1..<4, at: 89), true), (delta(10..<20, 70..<79), true),
      (image(10..<20, at: 69), true), (delta(10..<15, 67..<69), false), (delta(15..<20, 60..<69), true),
      (image(10..<20, at: 65), true),
    ]
    let map = LayerMap(names: expected.map(\.0))
    let visibility = LayerVisibility(map, readPoints: [lsn(1000), lsn(80), lsn(65)])
    for (position, layer) in map.layers.enumerated() {
      let wanted = expected.first { $0.0 == layer.name }?.1
      #expect(visibility.isVisible[position] == wanted, "\(layer.name)")
    }
    #expect(visibility.shadow == KeySpace(keys(10..<20)))
  }

  @Test func imagesAreFoundForAllKeysOfARange() {
    let map = LayerMap(names: [image(0..<5, at: 10), image(5..<9, at: 20), delta(0..<9, 10..<30)])
    #expect(map.hasImages(keys(0..<9), in: lsn(10)..<lsn(21)))
    #expect(!map.hasImages(keys(0..<9), in: lsn(11)..<lsn(21)))
    #expect(!map.hasImages(keys(0..<9), in: lsn(10)..<lsn(20)))
    #expect(map.hasImages(keys(6..<8), in: lsn(11)..<lsn(21)))
    #expect(!map.hasImages(keys(6..<10), in: lsn(11)..<lsn(21)))
    #expect(map.hasImages(keys(6..<6), in: lsn(0)..<lsn(0)))
    #expect(
      map.imageCoverage(keys(3..<10), at: lsn(20)).map(\.keys) == [keys(3..<5), keys(5..<9), keys(9..<10)]
    )
    #expect(map.imageCoverage(keys(3..<10), at: lsn(9)).isEmpty)
  }

  @Test func depthCountsDeltasOneAboveTheOther() {
    let l0 = LayerName(delta: .all, from: lsn(50), to: lsn(60))
    let map = LayerMap(names: [delta(0..<9, 10..<20), delta(2..<4, 20..<30), delta(0..<3, 30..<40), l0])
    #expect(map.deltaDepth(keys(0..<9), in: lsn(0)..<lsn(50)) == 3)
    #expect(map.deltaDepth(keys(4..<9), in: lsn(0)..<lsn(50)) == 1)
    #expect(map.deltaDepth(keys(0..<9), in: lsn(20)..<lsn(50)) == 2)
    #expect(map.deltaDepth(keys(0..<9), in: lsn(0)..<lsn(70)) == 3, "an L0 does not count for a part")
    #expect(map.deltaDepth(.all, in: lsn(0)..<lsn(70)) == 4)
    #expect(map.deltaDepth(.all, in: lsn(0)..<lsn(70), limit: 2) == 2)
    #expect(map.deltaDepth(keys(5..<5), in: lsn(0)..<lsn(70)) == 0)
    #expect(map.readDepth(key(2), at: lsn(70)) == 4)
    #expect(map.readDepth(key(20), at: lsn(70)) == 1)
  }
}

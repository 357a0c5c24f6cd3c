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

  /// Each step adds layers to those of the ones before.
  @Test func imageConsistentLsnIsThatOfThePublishedVectors() {
    // The original's images are n..n; ours end one behind their LSN.
    let steps: [(layers: [LayerName], expected: Int)] = [
      ([], 999), ([delta(0..<100, 900..<990), delta(0..<100, 850..<899)], 849),
      ([image(0..<40, at: 99), image(40..<70, at: 199), image(70..<100, at: 149)], 849),
      ([delta(0..<50, 300..<350)], 299), ([delta(50..<72, 200..<300)], 199),
      ([delta(0..<30, 400..<500), delta(35..<100, 450..<600)], 199),
      ([delta(0..<40, 0..<50), delta(50..<100, 10..<60)], 199), ([delta(0..<50, 50..<250)], 100),
    ]
    var names: [LayerName] = []
    for step in steps {
      names += step.layers
      #expect(LayerMap(names: names).imageConsistentLsn(diskConsistentLsn: lsn(1000)) == lsn(step.expected))
    }
    let l0 = LayerName(delta: .all, from: lsn(50), to: lsn(60))
    #expect(LayerMap(names: [l0]).imageConsistentLsn(diskConsistentLsn: lsn(1000)) == lsn(49))
    #expect(LayerMap(names: []).imageConsistentLsn(diskConsistentLsn: lsn(0)) == lsn(0))
    let whole = LayerName(image: .all, at: lsn(54))
    #expect(LayerMap(names: [whole]).imageConsistentLsn(diskConsistentLsn: lsn(1000)) == lsn(999))
    let above = LayerMap(names: [whole, delta(0..<9, 30..<60)])
    #expect(above.imageConsistentLsn(diskConsistentLsn: lsn(1000)) == lsn(55), "where the image ends")
  }

  @Test func difficultyCountsDeltasAboveTheNewestImage() {
    let l0 = LayerName(delta: .all, from: lsn(50), to: lsn(60))
    let map = LayerMap(names: [
      delta(0..<9, 10..<20), image(0..<5, at: 25), delta(2..<4, 20..<30), delta(0..<3, 30..<40), l0,
    ])
    #expect(map.difficulty(of: key(2), below: lsn(70), in: .all) == 3)
    #expect(map.difficulty(of: key(2), below: lsn(70), in: keys(0..<9)) == 2)
    #expect(map.difficulty(of: key(2), below: lsn(26), in: keys(0..<9)) == 0)
    #expect(map.difficulty(of: key(7), below: lsn(70), in: keys(0..<9)) == 1)
    #expect(map.difficulty(of: key(20), below: lsn(50), in: keys(0..<9)) == 0)
    let parts = [KeySpace(keys(0..<5)), KeySpace(keys(5..<9)), KeySpace(keys(20..<30)), KeySpace()]
    #expect(map.difficulties(of: parts, at: lsn(70)) == [2, 1, 0, 0])
    #expect(map.difficulties(of: parts, at: lsn(70), limit: 1) == [1, 1, 0, 0])
    #expect(map.difficulties(of: [KeySpace(.all)], at: lsn(70)) == [2])
    #expect(map.difficulties(of: parts, at: lsn(26)) == [0, 1, 0, 0])
  }
}

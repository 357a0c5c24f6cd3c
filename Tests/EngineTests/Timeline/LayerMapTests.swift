import Engine
import Foundation
import IndexFormat
import Testing

/// Which layer is read for a key: the vectors of the original's tests, and random worlds against a look at each layer.
struct LayerMapTests {
  @Test func choiceBetweenImageAndDeltaIsThatOfPageServers() {
    func sequence(_ names: [LayerName], _ end: Int) -> [String] {
      LayerMap(names: names).sequence(key(3), below: end)
    }
    #expect(sequence([], 100) == [])
    #expect(
      sequence([delta(0..<9, 10..<20), image(0..<9, at: 15)], 100) == ["delta 16", "image 15", "delta 10"]
    )
    #expect(sequence([delta(0..<9, 10..<20), image(0..<9, at: 25)], 30) == ["image 25", "delta 10"])
    #expect(sequence([delta(0..<9, 15..<25), image(0..<9, at: 10)], 30) == ["delta 15", "image 10"])
    // Right below the end, the image is taken although the delta reaches higher.
    #expect(sequence([delta(0..<9, 10..<20), image(0..<9, at: 15)], 16) == ["image 15", "delta 10"])
    #expect(sequence([delta(0..<9, 10..<20)], 10) == [])
    #expect(LayerMap(names: [delta(0..<9, 10..<20)]).search(key(9), below: lsn(30)) == nil)
    #expect(LayerMap(names: [delta(0..<9, 0..<20)]).search(key(3), below: Lsn(0)) == nil)
  }

  @Test func coverageIsThatOfThePublishedVectors() {
    let images = LayerMap(names: [image(0..<5, at: 100), image(3..<9, at: 110), image(5..<6, at: 120)])
    func at(_ map: LayerMap, _ version: Int, _ wanted: Int) -> Int? {
      map.search(key(wanted), below: lsn(version + 1)).map { Int(map[$0.layer].startLsn.value) }
    }
    #expect([1, 4].map { at(images, 105, $0) } == [100, 100])
    #expect([4, 8, 11].map { at(images, 115, $0) } == [110, 110, nil])
    #expect([4, 5, 7].map { at(images, 125, $0) } == [110, 120, 110])

    let one = LayerMap(names: [delta(3..<5, 100..<110)])
    #expect([4].map { at(one, 99, $0) } == [nil])
    #expect([100, 105, 110].map { at(one, $0, 4) } == [100, 100, 100])
    #expect([2, 3, 4, 5].map { at(one, 105, $0) } == [nil, 100, 100, nil])

    let short = LayerMap(names: [delta(0..<5, 0..<5), delta(0..<5, 1..<2)])
    #expect(at(short, 100, 100) == nil)
    #expect(at(short, 100, 3) == 0)

    let l1 = delta(1..<2, 100..<200)
    let l2 = delta(4..<5, 110..<200)
    let l3 = delta(7..<8, 120..<300)
    let l4 = delta(0..<9, 130..<199)
    let l5 = delta(0..<9, 140..<201)
    let l6 = delta(0..<9, 150..<301)
    let overlaps = LayerMap(names: [l1, l2, l3, l4, l5, l6])
    #expect([0, 1, 2, 4, 5, 7, 8].map { at(overlaps, 135, $0) } == [130, 100, 130, 110, 130, 120, 130])
    #expect([0, 1, 2, 4, 5, 7, 8].map { at(overlaps, 145, $0) } == [140, 140, 140, 140, 140, 120, 140])
    #expect((0..<9).allSatisfy { at(overlaps, 155, $0) == 150 })
  }

  @Test func laterCoverageDoesNotChangeEarlierVersions() {
    let late = delta(2..<5, 105..<106)
    let names = [
      image(0..<5, at: 100), image(3..<9, at: 110), image(4..<6, at: 120), image(8..<9, at: 120), late,
    ]
    let map = LayerMap(names: names)
    func found(_ map: LayerMap, _ version: Int, _ wanted: Int) -> LayerName? {
      map.search(key(wanted), below: lsn(version + 1)).map { map[$0.layer] }
    }
    #expect(found(map, 90, 4) == nil)
    #expect(found(map, 102, 4) == names[0])
    #expect(found(map, 107, 4) == late)
    #expect(
      map.imageCoverage(keys(4..<5), at: lsn(107)).map(\.image).map { $0.map { map[$0] } } == [names[0]]
    )
    #expect(found(map, 115, 4) == names[1])
    #expect(found(map, 125, 4) == names[2])
    let removed = LayerMap(names: names.filter { $0 != names[2] })
    #expect(found(removed, 125, 4) == names[1])
    #expect(found(removed, 125, 8) == names[3])
  }

  @Test func keysAreComparedWhole() {
    // The two differ in bits that the 16-byte form of keys lacks.
    let low = Key(0, 0x1_0000, 0, 0, 0, 5)
    let high = Key(0x80, 0, 0, 0, 0, 5)
    let map = LayerMap(names: [LayerName(image: KeyRange(start: low, end: high), at: lsn(5))])
    #expect(map.search(low, below: lsn(9)) != nil)
    #expect(map.search(Key(0, 0, 0, 0, 0, 6), below: lsn(9)) == nil)
    #expect(map.search(high, below: lsn(9)) == nil)
  }

  @Test func rangesAreFoundLikeEachOfTheirKeys() {
    let map = LayerMap(names: [
      image(0..<5, at: 15), delta(5..<20, 10..<20), delta(20..<30, 15..<25), delta(25..<35, 35..<40),
      image(35..<40, at: 35),
    ])
    for start in 0..<59 {
      for end in start + 1..<60 { Self.compare(map, KeySpace(keys(start..<end)), below: lsn(100)) }
    }
  }

  @Test func worstNamesDoNoHarm() {
    let full = LayerName(delta: KeyRange(start: .min, end: .max), from: Lsn(0), to: Lsn(.max))
    let reversed = LayerName(image: keys(9..<10), at: Lsn(.max))
    let backwards = LayerName(image: KeyRange(start: key(9), end: key(3)), at: lsn(5))
    let empty = LayerName(delta: keys(4..<8), from: lsn(20), to: lsn(10))
    let map = LayerMap(names: [full, reversed, backwards, empty, full])
    #expect(map.layers.count == 4, "one of two with the same name")
    #expect(map.l0Layers.map { map[$0] } == [full])
    for end in [Lsn(0), lsn(1), lsn(15), lsn(25), Lsn(.max - 1), Lsn(.max)] {
      for wanted in [Key.min, key(3), key(5), key(9), .max] {
        var end = end
        var steps = 0
        while let choice = map.search(wanted, below: end), steps < 10 {
          #expect(choice.floor < end)
          end = choice.floor
          steps += 1
        }
        #expect(steps < 10)
      }
      Self.compare(map, KeySpace(keys(0..<20)), below: end)
    }
    #expect(LayerMap(names: []).search(KeySpace(.all), below: lsn(5)).notFound == KeySpace(.all))
  }

  @Test func lastOfTwoEntriesOfOneNameCounts() {
    let name = image(0..<5, at: 3)
    let layers = [1, 2, 3].map {
      IndexLayer(name: name, generation: .valid($0), shard: .unsharded, fileSize: 1)
    }
    #expect(LayerMap([layers[2], layers[0], layers[1]]).layers == [layers[1]])
  }

  @Test(arguments: 0..<60)
  func randomMapsAgreeWithALookAtEachLayer(round: UInt64) {
    var generator = RepeatableGenerator(seed: Fuzzing.seed &+ round)
    let map = LayerMap(names: (0..<generator.below(80)).map { _ in Self.randomLayer(&generator) })
    let linear = LinearMap(map)
    for _ in 0..<200 {
      let (wanted, end) = (key(generator.below(44)), lsn(generator.below(70)))
      #expect(map.search(wanted, below: end) == linear.search(wanted, below: end))
    }
    for _ in 0..<20 {
      let ranges = (0..<1 + generator.below(4)).map { _ in
        let start = generator.below(40)
        return keys(start..<start + generator.below(12))
      }
      Self.compare(map, KeySpace(ranges), below: lsn(generator.below(70)))
    }
  }

  @Test func searchEndsWhereOneMoreLayerBegins() {
    let map = LayerMap(names: (0..<10).map { image($0 * 2..<$0 * 2 + 2, at: 5) })
    let all = map.search(KeySpace(keys(1..<30)), below: lsn(9), limit: 3)
    #expect(all.parts.count == 3)
    #expect(all.end == key(6))
    #expect(all.parts.last?.keys == KeySpace(keys(4..<6)))
  }

  @Test(.enabled(if: Golden.isPresent, Golden.absence))
  func largeRealMapAgreesWithALookAtEachLayer() throws {
    let names = try Golden.text("neon-testdata/large-layer-map-layernames.txt.zst").split(separator: "\n")
      .compactMap { LayerName(String($0)) }
    let map = LayerMap(names: names)
    #expect(map.layers.count == names.count && names.count == 5_651)
    let linear = LinearMap(map)
    var generator = RepeatableGenerator(seed: Fuzzing.seed)
    let (bounds, lsns) = (
      names.flatMap { [$0.keys.start, $0.keys.end] }, names.flatMap { [$0.startLsn, $0.endLsn] }
    )
    var found = 0
    for _ in 0..<300 {
      let wanted = bounds[generator.below(bounds.count)].advanced(by: UInt32(generator.below(3))) ?? .max
      let end = Lsn(lsns[generator.below(lsns.count)].value &+ UInt64(generator.below(3)) &- 1)
      let choice = map.search(wanted, below: end)
      #expect(choice == linear.search(wanted, below: end))
      found += choice == nil ? 0 : 1
    }
    #expect(found > 200)
  }

  static func randomLayer(_ generator: inout RepeatableGenerator) -> LayerName {
    let start = generator.below(40)
    let range = start..<start + 1 + generator.below(generator.below(3) == 0 ? 30 : 6)
    let low = generator.below(50)
    if generator.below(3) == 0 { return image(range, at: low) }
    return delta(generator.below(4) == 0 ? 0..<44 : range, low..<low + 1 + generator.below(16))
  }

  /// The result for a key space is that for each of its keys.
  static func compare(_ map: LayerMap, _ wanted: KeySpace, below end: Lsn) {
    let selection = map.search(wanted, below: end)
    var seen: [Key: LayerMap.Choice?] = [:]
    func add(_ space: KeySpace, _ choice: LayerMap.Choice?) {
      for range in space.ranges {
        for number in range.start.field6..<range.end.field6 {
          #expect(seen.updateValue(choice, forKey: key(Int(number))) == nil, "each key once")
        }
      }
    }
    for (choice, space) in selection.parts { add(space, choice) }
    add(selection.notFound, nil)
    for range in wanted.ranges {
      for number in range.start.field6..<range.end.field6 {
        let single = key(Int(number))
        #expect(seen.removeValue(forKey: single) == map.search(single, below: end))
      }
    }
    #expect(seen.isEmpty)
    #expect(Set(selection.parts.map(\.choice)).count == selection.parts.count)
  }
}

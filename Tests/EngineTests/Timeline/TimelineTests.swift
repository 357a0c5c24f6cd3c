import Engine
import IndexFormat
import Testing

/// Reads over layers written for the purpose: scenarios of the original's tests, and damage.
struct TimelineTests {
  typealias World = TimelineFixture

  private static func validating(_ change: (inout ReadOptions) -> Void = { _ in }) -> ReadOptions {
    var options = ReadOptions()
    options.validates = true
    change(&options)
    return options
  }

  private static func one(_ layers: [World.Layer]) throws -> Timeline {
    var world = World()
    let index = try world.add(1, layers)
    return Timeline(1, index, LayerStore(MemoryLayerSource(world.objects)))
  }

  @Test func imageAndRecordsAreCollectedOverLayers() async throws {
    let timeline = try Self.one([
      World.image(0..<5, at: 0x10, [0: "=0", 1: "=1", 2: "=2", 3: "=3", 4: "=4"]),
      World.image(5..<10, at: 0x50, [5: "=5", 6: "=6", 7: "=7", 8: "=8", 9: "=9"]),
      World.delta(
        0..<10,
        0x20..<0x61,
        (0..<5).map { ($0, 0x20, $0 == 2 ? "!a2" : "+a\($0)") }
          + (5..<10).map { ($0, 0x60, $0 == 6 ? "!b6" : "+b\($0)") }
      ),
    ])
    let batch = try await timeline.read(KeySpace(keys(0..<10)), at: lsn(0x100), Self.validating())
    #expect(
      batch.texts == [
        0: "=0 +a0", 1: "=1 +a1", 2: "!a2", 3: "=3 +a3", 4: "=4 +a4", 5: "=5 +b5", 6: "!b6", 7: "=7 +b7",
        8: "=8 +b8", 9: "=9 +b9",
      ]
    )
    #expect(batch.missing.isEmpty && batch.failures.isEmpty && batch.rest.isEmpty)
    // The delta over two ranges of LSNs, and each image.
    #expect(batch.visits.count == 4)
    #expect(batch.visits(for: key(0)).map(\.lsns) == [lsn(0x20)..<lsn(0x101), lsn(0x10)..<lsn(0x20)])
    let older = try await timeline.read(KeySpace(keys(0..<10)), at: lsn(0x1f), Self.validating())
    #expect(older.texts == [0: "=0", 1: "=1", 2: "=2", 3: "=3", 4: "=4"])
    #expect(older.missing == KeySpace(keys(5..<10)))
  }

  @Test func pointReadTakesThreeReadsALayer() async throws {
    var world = World()
    let index = try world.add(
      1,
      [
        World.image(0..<5, at: 0x10, [0: "=0"]), World.delta(0..<5, 0x20..<0x30, [(0, 0x20, "+a")]),
      ]
    )
    let source = MemoryLayerSource(world.objects)
    let timeline = Timeline(1, index, LayerStore(source))
    let wanted = KeySpace(keys(0..<1))
    let batch = try await timeline.read(wanted, at: lsn(0x40))
    #expect(batch.texts == [0: "=0 +a"])
    #expect(batch.visits.map(\.readCount) == [3, 3])
    #expect(batch.visits.map(\.valueCount) == [1, 1])
    let reads = source.takeReads()
    #expect(reads.count == 6)
    #expect(batch.visits.reduce(0) { $0 + $1.byteCount } == reads.reduce(0) { $0 + $1.count })
    let again = try await timeline.read(wanted, at: lsn(0x40))
    #expect(again.visits.map(\.readCount) == [1, 1], "layers stay open, indices in the cache")
  }

  @Test func readsDescendToTheAncestorAtItsLsn() async throws {
    var world = World()
    let old = try world.add(1, [100, 300, 400].map { World.image(0..<3, at: $0, [0: "=\($0)", 2: "=x"]) })
    let new = try world.add(2, [World.image(1..<2, at: 600, [1: "=child"])])
    let store = LayerStore(MemoryLayerSource(world.objects))
    let parent = Timeline(1, old, store)
    let child = Timeline(2, new, store, ancestor: Timeline.Ancestor(parent, at: lsn(350)))
    for (at, expected) in [
      (99, nil), (100, "=100"), (299, "=100"), (300, "=300"), (400, "=300"), (900, "=300"),
    ] {
      let batch = try await child.read(KeySpace(keys(0..<1)), at: lsn(at), Self.validating())
      #expect(batch.texts[0] == expected, "at \(at)")
      #expect(batch.lastAncestor == parent.id)
    }
    // The image layer of the child says all about its keys; the parent's images lack key 1.
    let batch = try await child.read(KeySpace(keys(0..<3)), at: lsn(700), Self.validating())
    #expect(batch.texts == [0: "=300", 1: "=child", 2: "=x"])
    let error = await #expect(throws: ReadError.self) { try await child.value(of: key(1), at: lsn(500)) }
    guard case .missingKey(let missing)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(missing.ancestor == parent.id && missing.ancestorLsn == lsn(350))
    #expect(missing.layersVisited.count == 1)
  }

  @Test func keysThatAnImageLayerLacksAreMissing() async throws {
    var world = World()
    let old = try world.add(1, [World.image(0..<3, at: 0x20, [0: "=0", 2: "=2"])])
    let new = try world.add(2, [World.image(0..<3, at: 0x30, [1: "=1"])])
    let store = LayerStore(MemoryLayerSource(world.objects))
    let parent = Timeline(1, old, store)
    let child = Timeline(2, new, store, ancestor: Timeline.Ancestor(parent, at: lsn(0x20)))
    let batch = try await child.read(KeySpace(keys(0..<5)), at: lsn(0x30), Self.validating())
    #expect(batch.texts == [1: "=1"])
    #expect(batch.missing == KeySpace([keys(0..<1), keys(2..<5)]))
  }

  @Test func sparseKeysAreAbsentAndInheritedAsTheyWereThen() async throws {
    func sparse(_ prefix: UInt8, _ number: UInt32) -> Key { Key(prefix, 0, 0, 0, 0, number) }
    var world = World()
    let old = try world.add(
      1,
      [
        World.imageLayer(
          .sparse,
          at: lsn(0x20),
          [
            (sparse(0x61, 0), "p0"), (sparse(0x61, 3), "p3"), (sparse(0x62, 0), "a0"),
            (sparse(0x62, 3), "a3"),
          ]
        )
      ]
    )
    let range = KeyRange(start: sparse(0x61, 1), end: sparse(0x62, 9))
    let values: [(Key, String)] = [
      (sparse(0x61, 1), "c1"), (sparse(0x61, 3), "c3"), (sparse(0x62, 1), "d1"), (sparse(0x62, 2), ""),
    ]
    let new = try world.add(
      2,
      [
        World.Layer(
          name: LayerName(delta: range, from: lsn(0x28), to: lsn(0x31)),
          values: values.map { ($0.0, lsn(0x30), .image(Array($0.1.utf8))) }
        )
      ]
    )
    let store = LayerStore(MemoryLayerSource(world.objects))
    func texts(_ rules: ReadRules) async throws -> [String] {
      let parent = Timeline(1, old, store, rules: rules)
      let child = Timeline(2, new, store, ancestor: Timeline.Ancestor(parent, at: lsn(0x20)), rules: rules)
      let batch = try await child.read(KeySpace(.sparse), at: lsn(0x30), Self.validating())
      #expect(batch.missing.isEmpty)
      #expect(batch.values.filter(\.isTombstone).map(\.key) == [sparse(0x62, 2)])
      await #expect(throws: ReadError.self) { try await child.value(of: sparse(0x62, 2), at: lsn(0x30)) }
      return try await child.values(of: KeySpace(.sparse), at: lsn(0x30)).map {
        String(decoding: $0.bytes, as: UTF8.self)
      }
    }
    #expect(try await texts(.march2026) == ["p0", "c1", "c3", "d1"])
    #expect(try await texts(.june2024) == ["c1", "c3", "d1"])
  }

  @Test func recordsOfAuxFilesAreApplied() async throws {
    func directory(_ files: [(String, String)]) -> [UInt8] {
      var bytes: [UInt8] = []
      AuxFilesDirectory(files.map { AuxFile(AuxFilePath($0.0), content: Array($0.1.utf8)) }).encode(
        into: &bytes
      )
      return bytes
    }
    let wanted = Key.auxFilesV1
    let range = KeyRange.nonInheritedDense
    let layer = World.Layer(
      name: LayerName(delta: range, from: lsn(10), to: lsn(50)),
      values: [
        (wanted, lsn(10), .image(directory([("two", "content0"), ("three", "contentX")]))),
        (wanted, lsn(20), .record(.auxFile(path: "one", content: Array("content1".utf8)))),
        (wanted, lsn(30), .record(.auxFile(path: "two", content: Array("content99".utf8)))),
        (wanted, lsn(40), .record(.auxFile(path: "three", content: nil))),
      ]
    )
    let timeline = try Self.one([layer])
    let value = try await timeline.value(of: wanted, at: lsn(60))
    #expect(value == directory([("one", "content1"), ("two", "content99")]))
    let batch = try await timeline.read(KeySpace(range), at: lsn(60), Self.validating())
    #expect(batch.values.map(\.records.count) == [3])
    var rules = ReadRules.march2026
    rules.appliesAuxFileRecords = false
    let image = try batch.values.first?.value(at: lsn(60), rules)
    #expect(image == directory([("two", "content0"), ("three", "contentX")]))
  }

  @Test func keysOfOtherShardsAreNotAnswered() async throws {
    func page(_ block: UInt32) -> Key { Key(0, 1663, 5, 16384, 0, block) }
    let range = KeyRange(start: page(0), end: page(400))
    let pages: [(Key, String)] = (0..<400).map { (page($0), "page \($0)") }
    var world = World()
    let index = try world.add(1, [World.imageLayer(range, at: lsn(10), pages)])
    let store = LayerStore(MemoryLayerSource(world.objects))
    var total = 0
    for number in 0..<4 as Range<UInt8> {
      let shard = try ShardIdentity(number: number, count: 4, stripeSizePages: 16)
      let timeline = Timeline(1, index, store, shard: shard)
      let values = try await timeline.values(of: KeySpace(range), at: lsn(20))
      #expect(values.allSatisfy { shard.isLocal($0.key) })
      #expect(values.count > 16)
      total += values.count
    }
    #expect(total == 400)
  }

  @Test func oneDamagedLayerTakesOnlyItsOwnValues() async throws {
    var world = World()
    let index = try world.add(
      1,
      [
        World.image(0..<4, at: 10, [0: "=0", 1: "=1", 2: "=2", 3: "=3"]),
        World.image(4..<8, at: 10, [4: "=4"]),
        World.image(8..<12, at: 10, [8: "=8"]),
        World.delta(0..<8, 20..<30, [(4, 20, "+4"), (0, 20, "=new")]),
      ]
    )
    var objects = world.objects
    let first = TimelineFixture.objectKey(of: image(0..<4, at: 10), TimelineID(high: 7, low: 1))
    let second = TimelineFixture.objectKey(of: image(4..<8, at: 10), TimelineID(high: 7, low: 1))
    objects[second] = nil
    // The second blob: its header says that it is compressed in a way that does not exist.
    objects[first]?[8192 + 3] = 0xa0
    let timeline = Timeline(1, index, LayerStore(MemoryLayerSource(objects)))
    let batch = try await timeline.read(KeySpace(keys(0..<12)), at: lsn(40))
    #expect(batch.texts == [0: "=new", 2: "=2", 3: "=3", 8: "=8"])
    #expect(batch.failures.map(\.keys) == [KeySpace(keys(1..<2)), KeySpace(keys(4..<8))])
    #expect(batch.missing == KeySpace(keys(9..<12)))
    await #expect(throws: ReadError.self) { try await timeline.value(of: key(5), at: lsn(40)) }
    #expect(try await timeline.value(of: key(8), at: lsn(40)) == Array("=8".utf8))
  }

  @Test func recordsWithoutAnImageAreNoValue() async throws {
    let timeline = try Self.one([World.delta(0..<4, 20..<30, [(1, 20, "+1"), (1, 24, "+2"), (2, 20, "!i")])])
    for (number, base) in [(1, false), (2, true)] {
      let error = await #expect(throws: ReadError.self) {
        try await timeline.value(of: key(number), at: lsn(40))
      }
      guard case .unreplayed(let value)? = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
      #expect(value.hasBase == base)
      #expect(value.recordCount == (base ? 1 : 2))
    }
  }

  @Test(arguments: [1, 100, 20_000])
  func largeReadsAreCutIntoParts(byteBudget: Int) async throws {
    let values = Dictionary(uniqueKeysWithValues: (0..<100).map { ($0, "=\($0)") })
    let timeline = try Self.one([
      World.image(0..<60, at: 10, values.filter { $0.key < 60 }),
      World.image(60..<100, at: 10, values.filter { $0.key >= 60 }),
      World.delta(0..<100, 20..<40, (0..<300).map { ($0 / 3, 20 + $0 % 3, "+\($0)") }),
    ])
    let options = Self.validating {
      $0.byteBudget = byteBudget
      $0.entryLimit = 10
      $0.layerLimit = 1
    }
    let whole = try await timeline.read(KeySpace(keys(0..<100)), at: lsn(50))
    #expect(whole.values.count == 100 && whole.rest.isEmpty)
    var texts: [Int: String] = [:]
    var last = -1
    var parts = 0
    try await timeline.forEachBatch(of: KeySpace(keys(0..<100)), at: lsn(50), options) { batch in
      parts += 1
      for read in batch.values {
        #expect(Int(read.key.field6) > last)
        last = Int(read.key.field6)
        texts[last] = read.text
      }
    }
    #expect(texts == whole.texts)
    #expect(parts > 10)
  }

  @Test func layersAreOpenedOnceAndNotTooManyStayOpen() async throws {
    var world = World()
    let index = try world.add(1, (0..<20).map { World.image($0..<$0 + 1, at: 10, [$0: "=\($0)"]) })
    let source = MemoryLayerSource(world.objects)
    let store = LayerStore(source, limit: 5)
    let timeline = Timeline(1, index, store)
    await withTaskGroup(of: [UInt8]?.self) { group in
      for _ in 0..<10 {
        // Wrong values are told by the comparison below.
        group.addTask { try? await timeline.value(of: key(3), at: lsn(20)) }
      }
      for await value in group { #expect(value == Array("=3".utf8)) }
    }
    // Once the summary and once the index, and ten times the value.
    #expect(source.takeReads().count == 12)
    for number in 0..<20 {
      #expect(try await timeline.value(of: key(number), at: lsn(20)) == Array("=\(number)".utf8))
      #expect(store.openCount <= 5)
    }
  }

  @Test(arguments: 0..<12)
  func randomTimelinesAgreeWithTheNaiveReading(round: UInt64) async throws {
    var generator = RepeatableGenerator(seed: Fuzzing.seed &+ round)
    var world = World()
    let store: LayerStore
    var indices: [[IndexLayer]] = []
    for number in 0..<3 as Range<UInt64> {
      indices.append(try world.add(number, Self.randomLayers(&generator)))
    }
    store = LayerStore(MemoryLayerSource(world.objects))
    let root = Timeline(0, indices[0], store)
    let middle = Timeline(1, indices[1], store, ancestor: .init(root, at: lsn(generator.below(100))))
    let tip = Timeline(2, indices[2], store, ancestor: .init(middle, at: lsn(generator.below(100))))
    for _ in 0..<6 {
      let start = generator.below(20)
      let wanted = KeySpace([
        keys(start..<start + 1 + generator.below(20)), keys(35..<36 + generator.below(4)),
      ])
      var options = Self.validating()
      options.byteBudget = generator.below(2) == 0 ? 1 : 1 << 20
      options.layerConcurrency = 1 + generator.below(4)
      try await tip.forEachBatch(of: wanted, at: lsn(generator.below(110)), options) { batch in
        #expect(batch.failures.isEmpty)
      }
    }
  }

  /// Deltas as page servers have them: they do not overlap, apart from being cut by keys at some LSNs.
  private static func randomLayers(_ generator: inout RepeatableGenerator) -> [World.Layer] {
    var layers: [World.Layer] = []
    var low = generator.below(20)
    while low < 90 {
      let high = low + 2 + generator.below(25)
      let middle = 1 + generator.below(39)
      for range in [0..<middle, middle..<40] where generator.below(6) != 0 {
        var values: [(Int, Int, String)] = []
        for number in range where generator.below(2) == 0 {
          for at in low..<high where generator.below(6) == 0 {
            values.append((number, at, "\(["=", "!", "+", "+"][generator.below(4)])\(number)@\(at)"))
          }
        }
        if !values.isEmpty { layers.append(World.delta(range, low..<high, values)) }
      }
      low = high
    }
    for _ in 0..<generator.below(5) {
      let (start, at) = (generator.below(30), generator.below(100))
      let range = start..<start + 1 + generator.below(39 - start)
      var values: [Int: String] = [:]
      for number in range where generator.below(4) != 0 { values[number] = "=\(number) image \(at)" }
      if !values.isEmpty, !layers.contains(where: { $0.name == image(range, at: at) }) {
        layers.append(World.image(range, at: at, values))
      }
    }
    return layers
  }
}

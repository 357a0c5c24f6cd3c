import IndexFormat
import Testing

@testable import Scrubber

struct LayerSearchTests {
  private static let key = Key(0, 1663, 5, 1259, 0, 0)

  /// The rule as it stands in words: of the candidates below the limit the delta and the image that end last.
  private func naive(_ layers: [LayerName], at lsn: Lsn) -> [LayerName] {
    var limit = lsn.successor
    var found: [LayerName] = []
    while true {
      let candidates = layers.filter { $0.startLsn < limit }
      let delta = candidates.filter(\.isDelta).max { $0.endLsn < $1.endLsn }
      let image = candidates.filter { !$0.isDelta }.max { $0.endLsn < $1.endLsn }
      if let image, delta.map({ image.endLsn >= $0.endLsn || image.endLsn == limit }) ?? true {
        return found + [image]
      }
      guard let delta else { return found }
      found.append(delta)
      limit = max(delta.startLsn, image?.endLsn ?? .invalid)
    }
  }

  @Test func layersAreThoseOfTheNaiveRule() async throws {
    var random = SeededRandom(seed: 11)
    var withImage = 0
    for _ in 0..<150 {
      var layers = Set<LayerName>()
      var ends = Set<UInt64>()
      for _ in 0..<Int.random(in: 1..<12, using: &random) {
        let start = UInt64.random(in: 1..<30, using: &random)
        let end = start + UInt64.random(in: 1..<12, using: &random)
        if Bool.random(using: &random) {
          layers.insert(LayerName(image: .all, at: Lsn(start)))
        } else if ends.insert(end).inserted {
          // Of two deltas with one end, which is first is not said.
          layers.insert(LayerName(delta: .all, from: Lsn(start), to: Lsn(end)))
        }
      }
      var fixture = BucketFixture()
      fixture.add(BucketFixture.index(layers.map { BucketFixture.layer($0) }), BucketFixture.timeline(1))
      let tenant = try await TenantView.open(fixture)
      let timeline = try tenant.timeline(BucketFixture.timeline(1), on: .unsharded)
      let lsn = Lsn(UInt64.random(in: 1..<45, using: &random))
      let search = LayerSearch(Self.key, at: lsn, in: [(timeline, nil)])
      let expected = naive(Array(layers), at: lsn)
      #expect(search.steps.map(\.layer.name) == expected)
      #expect(search.endsAtImage == (expected.last.map { !$0.isDelta } ?? false))
      withImage += search.endsAtImage ? 1 : 0
      let all = LayerSearch(Self.key, at: lsn, in: [(timeline, nil)], goesOn: true)
      #expect(Set(all.steps.map(\.layer.name)).count == all.steps.count)
      #expect(all.steps.map(\.layer.name).starts(with: expected))
    }
    #expect(withImage > 20)
  }

  @Test func theAncestorCountsUpToTheBranchPointAndNotForKeysThatAreNotInherited() async throws {
    var fixture = BucketFixture()
    let old = LayerName(delta: .all, from: Lsn(0x10), to: Lsn(0x20))
    let behind = LayerName(delta: .all, from: Lsn(0x31), to: Lsn(0x40))
    let own = LayerName(delta: .all, from: Lsn(0x31), to: Lsn(0x50))
    let (main, branch) = (BucketFixture.timeline(1), BucketFixture.timeline(2))
    fixture.add(BucketFixture.index([BucketFixture.layer(old), BucketFixture.layer(behind)]), main)
    fixture.add(
      BucketFixture.index([BucketFixture.layer(own)], ancestor: main, branchPoint: Lsn(0x30)),
      branch
    )
    let tenant = try await TenantView.open(fixture)
    let chain = try tenant.ancestry(of: tenant.timeline(branch, on: .unsharded))
    let search = LayerSearch(Self.key, at: Lsn(0x100), in: chain)
    #expect(search.steps.map(\.layer.name) == [own, old])
    #expect(search.steps.map(\.layer.timeline) == [branch, main])
    let auxFile = LayerSearch(AuxFileKey(path: "pg_logical/x").key, at: Lsn(0x100), in: chain)
    #expect(auxFile.steps.map(\.layer.name) == [own])
    // What is at the very LSN counts; what begins behind it does not.
    #expect(LayerSearch(Self.key, at: Lsn(0x31), in: chain).steps.count == 2)
    #expect(LayerSearch(Self.key, at: Lsn(0x30), in: chain).steps.map(\.layer.name) == [old])
  }
}

struct LayerDrawingTests {
  @Test(arguments: [(0, 100), (1, 40), (1_000, 100), (20_000, 120)])
  func theDrawingIsBounded(count: Int, width: Int) {
    var random = SeededRandom(seed: 5)
    let layers = (0..<count).map { number -> LayerName in
      let start = UInt32.random(in: 0..<1_000_000, using: &random)
      let length = UInt32.random(in: 1..<9_000, using: &random)
      let keys = KeyRange(start: Key(0, 1663, 5, 1, 0, start), end: Key(0, 1663, 5, 1, 0, start + length))
      let lsn = UInt64.random(in: 1..<1_000_000, using: &random)
      return number % 3 == 0
        ? LayerName(image: keys, at: Lsn(lsn)) : LayerName(delta: keys, from: Lsn(lsn), to: Lsn(lsn + 5000))
    }
    let drawing = LayerDrawing(layers, width: width)
    #expect(drawing.lines.count <= LayerDrawing.maximumRows + 1)
    #expect(drawing.lines.allSatisfy { $0.count <= width })
    #expect(drawing.lines.isEmpty == (count == 0))
    #expect(drawing.marks.count <= 6)
  }

  @Test func kindsAreToldApart() {
    let (a, b, c) = (Key(0, 1663, 5, 1, 0, 0), Key(0, 1663, 5, 2, 0, 0), Key(0, 1663, 5, 3, 0, 0))
    let drawing = LayerDrawing(
      [
        LayerName(image: KeyRange(start: a, end: b), at: Lsn(0x10)),
        LayerName(delta: KeyRange(start: b, end: c), from: Lsn(0x10), to: Lsn(0x20)),
        LayerName(delta: .all, from: Lsn(0x20), to: Lsn(0x30)),
      ],
      width: 60
    )
    #expect(
      drawing.lines == [
        "             0/20 |....", "             0/11 |  : ", "             0/10 | =: ",
        "                  +----",
      ]
    )
  }
}

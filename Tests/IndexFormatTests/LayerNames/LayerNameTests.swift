import Testing

@testable import IndexFormat

private let k0 = String(repeating: "0", count: 36)
private let k1 = "000000067F00000001000004DF0000000006"
private let a = "00000000014FED58"
private let b = "000000000154C481"
private let firstLsn = Lsn(0x14f_ed58)
private let endLsn = Lsn(0x154_c481)

/// One row: how the three readers take a name. Nil: refused.
struct NameVector: Sendable, CustomTestStringConvertible {
  enum Kind: Sendable { case image, delta }
  let name: String
  /// `LayerName`, which reads names without generation.
  var strict: Kind?
  var lenient: Kind?
  /// `LayerFileName`, which reads names of objects and files.
  var file: Kind?
  var testDescription: String { name }
}

struct LayerNameTests {
  static let vectors = [
    NameVector(name: "\(k0)-\(k1)__\(a)", strict: .image, lenient: .image, file: .image),
    NameVector(name: "\(k0)-\(k1)__\(a)-v1-00000001", file: .image),
    NameVector(name: "\(k0)-\(k1)__\(a)-00000001", file: .image),
    NameVector(name: "\(k0)-\(k1)__\(a)-\(b)", strict: .delta, lenient: .delta, file: .delta),
    NameVector(name: "\(k0)-\(k1)__\(a)-\(b)-v1-00000001", file: .delta),
    NameVector(name: "\(k0)-\(k1)__\(a)-\(b)-00000001", file: .delta),
    NameVector(name: "\(k0)-\(k1)__\(b)-\(a)"),
    NameVector(name: "\(k0)-\(k1)__\(a)-\(a)"),
    NameVector(name: "\(k1)-\(k0)__\(a)-\(b)"),
    NameVector(name: "\(k1)-\(k0)__\(a)", lenient: .image),
    NameVector(name: "\(k0)-\(k0)__\(a)", lenient: .image),
    // The original takes these two for layers.
    NameVector(name: "\(k0)-\(k1)__\(a)-\(b)-v1-00000001.1.temp_download"),
    NameVector(name: "\(k0)-\(k1)__\(a)-v1-00000001.1.temp_download"),
    NameVector(name: "\(k0)-\(k1)__\(a).1.___temp"),
    NameVector(name: "\(k0)-XXX__\(a)-\(b).1.___temp"),
    NameVector(name: "\(k0)-\(k1)__\(a)-\(b).old"),
    NameVector(name: "\(k0)-\(k1)__\(a)-\(b)-00000001.___temp"),
    NameVector(name: "\(k0)-\(k1)__14FED58-154C481", lenient: .delta),
    // The original aborts.
    NameVector(name: "\(k0)-\(k1)__\(a)-0154C481"),
    // The original takes these two for deltas.
    NameVector(name: "\(k0)-\(k1)__\(a)-\(b)-zzzzzzzz"),
    NameVector(name: "\(k0)-\(k1)__\(a)-\(b)-v"),
    NameVector(name: "\(k0)-\(k1)__\(a)-\(b)-0000001"),
    NameVector(name: "\(k0)-\(k1.lowercased())__\(a)", strict: .image, lenient: .image, file: .image),
    NameVector(name: "\(k0)-\(k1)__\(a)-0000000A"),
    NameVector(name: "\(k0)-\(k1)__\(a)-v1"),
    NameVector(name: "\(k0)-\(k1)__\(a)-v2-00000001"),
    NameVector(name: "\(k0)-\(k1)__\(a)-"),
    NameVector(name: "\(k0)-\(k1)__"),
    NameVector(name: "\(k0)-\(k1)__1", lenient: .image),
    NameVector(name: "\(k0)-\(k1)__\(a)-\(b) "),
    NameVector(name: "\(k0)-\(k1)_\(a)"),
    NameVector(name: "\(k0)_\(k1)__\(a)"),
    NameVector(name: "\(k0)\(k1)__\(a)"),
    NameVector(name: ""),
  ]

  @Test(arguments: vectors)
  func readers(_ vector: NameVector) {
    func kind(_ layer: LayerName?) -> NameVector.Kind? { layer.map { $0.isDelta ? .delta : .image } }
    let name = vector.name
    #expect(kind(withBytes(name) { LayerName(text: $0) }) == vector.strict)
    #expect(kind(withBytes(name) { LayerName(text: $0, reading: .lenient) }) == vector.lenient)
    #expect(kind(LayerFileName(name)?.layer) == vector.file)
    if vector.file != nil, name == name.uppercased() || name.contains("-v1-") {
      #expect(LayerFileName(name)?.description == name)
    }
  }

  @Test func generationsAndPlaces() {
    let image = LayerName(image: KeyRange(start: .min, end: Key(1, 0, 0, 0, 0, 0)), at: firstLsn)
    let object = LayerFileName(layer: image, generation: .valid(0xdead_beef))
    #expect(object.description == "\(image)-deadbeef")
    #expect(LayerFileName("\(image)-deadbeef") == object)
    let file = LayerFileName(layer: image, generation: .valid(1), place: .localFile)
    #expect(file.description == "\(image)-v1-00000001")
    #expect(LayerFileName("\(image)-v1-00000001") == file)
    #expect(LayerFileName(image.description) == LayerFileName(layer: image, generation: .none))
    #expect(
      LayerFileName(layer: image, generation: .none, place: .localFile).description == image.description
    )
  }

  @Test func imageHoldsOneLsnAndDeltaManyOfThem() throws {
    let image = try #require(LayerName("\(k0)-\(k1)__\(a)"))
    #expect(image.startLsn == firstLsn && image.endLsn == firstLsn.successor)
    let delta = try #require(LayerName("\(k0)-\(k1)__\(a)-\(b)"))
    #expect(delta.startLsn == firstLsn && delta.endLsn == endLsn)
    #expect(delta.keys == KeyRange(start: .min, end: Key(0, 0x67f, 1, 0x4df, 0, 6)))
  }

  @Test func onlyDeltasAreL0() {
    let delta = LayerName(delta: .all, from: firstLsn, to: endLsn)
    let image = LayerName(image: .all, at: firstLsn)
    let narrow = LayerName(
      delta: KeyRange(start: .min, end: Key(1, 0, 0, 0, 0, 0)),
      from: firstLsn,
      to: endLsn
    )
    #expect(delta.isL0 && !image.isL0 && !narrow.isL0)
    #expect(delta.isL0BeforeKindCounted && image.isL0BeforeKindCounted && !narrow.isL0BeforeKindCounted)
  }

  @Test func future() {
    let image = LayerName(image: .all, at: Lsn(0x100))
    #expect(!image.isInFuture(of: Lsn(0x100)) && image.isInFuture(of: Lsn(0xff)))
    let delta = LayerName(delta: .all, from: Lsn(0x80), to: Lsn(0x101))
    #expect(!delta.isInFuture(of: Lsn(0x100)) && delta.isInFuture(of: Lsn(0xff)))
    #expect(!LayerName(delta: .all, from: Lsn(1), to: Lsn(.max)).isInFuture(of: Lsn(.max)))
  }

  /// Each place of a name with each byte: either the name stays one of the same form, or it is refused.
  @Test func everyByteFlipIsRefusedOrReadAsItStands() {
    let name = Array("\(k0)-\(k1)__\(a)-\(b)-00000001".utf8)
    for offset in name.indices {
      for byte in UInt8.min...UInt8.max {
        var changed = name
        changed[offset] = byte
        guard let file = LayerFileName(text: changed.span.bytes) else { continue }
        // Digits of keys and LSNs may be of the other case.
        let text = String(decoding: changed, as: UTF8.self)
        #expect(file.description.lowercased() == text.lowercased())
      }
    }
  }

  @Test func everyTruncationIsRefusedOrAShorterName() {
    let name = "\(k0)-\(k1)__\(a)-\(b)-v1-00000001"
    let whole: Set = [91, 108, 120]
    for length in 0...name.utf8.count {
      let isName = LayerFileName(String(name.prefix(length))) != nil
      // Image with the first nine characters of the second LSN taken for a generation: 100.
      #expect(isName == (whole.contains(length) || length == 100), "\(length)")
    }
  }

  @Test(.enabled(if: Golden.isPresent, Golden.absence))
  func namesOfALargeTimelineComeBack() throws {
    let names = try Golden.lines("neon-testdata/large-layer-map-layernames.txt.zst")
    #expect(names.count == 5651)
    var deltas = 0
    for name in names {
      let layer = try #require(LayerName(name))
      #expect(layer.description == name)
      #expect(LayerFileName(name) == LayerFileName(layer: layer, generation: .none))
      var bytes: [UInt8] = []
      layer.append(to: &bytes)
      #expect(bytes == Array(name.utf8))
      deltas += layer.isDelta ? 1 : 0
    }
    #expect(deltas == 1773)
  }
}

/// The name of a layer's object or file: layer name and generation.
///
/// | where | form |
/// |---|---|
/// | object, and file of a snapshot | name and generation suffix (`-%08x`, empty for none) |
/// | page server's local file | name, and `-v1` with the suffix if there is a generation |
///
/// Source: `pageserver/src/tenant/storage_layer/layer_name.rs`.
public struct LayerFileName: Hashable, Sendable {
  public enum Place: Sendable {
    case object
    case localFile
  }

  public let layer: LayerName
  public let generation: Generation
  public let place: Place

  public init(layer: LayerName, generation: Generation, place: Place = .object) {
    self.layer = layer
    self.generation = generation
    self.place = place
  }

  /// Reads a file name in any of the forms, strictly: nothing may follow the generation.
  @inline(__always)
  public init?(text bytes: RawSpan) {
    guard let (layer, end) = LayerName.canonical(bytes, at: 0), layer.hasValidRanges else { return nil }
    self.init(layer: layer, tail: bytes, from: end)
  }

  @inline(__always)
  private init?(layer: LayerName, tail bytes: RawSpan, from end: Int) {
    let rest = bytes.byteCount &- end
    func byte(_ index: Int) -> UInt8 { bytes.unsafeLoad(fromByteOffset: end &+ index, as: UInt8.self) }
    func isLowerCase(from start: Int) -> Bool {
      for index in start..<(start &+ 8) where byte(index) & 0xe0 == 0x40 { return false }
      return true
    }
    switch rest {
    case 0:
      self.init(layer: layer, generation: .none)
    case 9:
      guard byte(0) == UInt8(ascii: "-"), isLowerCase(from: 1),
        let value = HexDigits.decode8(bytes, at: end &+ 1)
      else { return nil }
      self.init(layer: layer, generation: .valid(value))
    case 12:
      guard byte(0) == UInt8(ascii: "-"), byte(1) == UInt8(ascii: "v"), byte(2) == UInt8(ascii: "1"),
        byte(3) == UInt8(ascii: "-"), isLowerCase(from: 4), let value = HexDigits.decode8(bytes, at: end &+ 4)
      else { return nil }
      self.init(layer: layer, generation: .valid(value), place: .localFile)
    default: return nil
    }
  }
}

extension LayerFileName: LosslessStringConvertible {
  public init?(_ text: String) { self.init(text: text.utf8Span.span.bytes) }

  public var description: String {
    switch (place, generation) {
    case (.localFile, .valid): "\(layer)-v1\(generation.keySuffix)"
    default: "\(layer)\(generation.keySuffix)"
    }
  }
}

extension LayerName {
  /// How a name is taken apart.
  public enum Reading: Sendable {
    /// The grammar that every release has written: 36-digit keys, 16-digit LSNs, ranges that go forward.
    case strict
    /// What page servers of 2026 accept on reading: LSNs of any width (but not a second one of eight digits,
    /// on which they abort), images with any key range.
    case lenient
  }

  /// The name at `offset`, in the canonical form, and where it ends; nil if what stands there is anything
  /// else.
  ///
  /// The fast path of reading an index and a listing: no allocation, fixed offsets.
  @inline(__always)
  static func canonical(_ bytes: RawSpan, at offset: Int) -> (name: LayerName, end: Int)? {
    // All loads below lie within the length that is tested here, or in the longer one that is tested further down.
    guard offset >= 0, bytes.byteCount &- offset >= imageTextLength else { return nil }
    func byte(_ index: Int) -> UInt8 {
      bytes.unsafeLoad(fromUncheckedByteOffset: offset &+ index, as: UInt8.self)
    }
    guard byte(36) == UInt8(ascii: "-"), byte(73) == UInt8(ascii: "_"), byte(74) == UInt8(ascii: "_") else {
      return nil
    }
    var invalid: UInt64 = 0
    let keys = KeyRange(
      start: Key(unchecked: bytes, at: offset, invalid: &invalid),
      end: Key(unchecked: bytes, at: offset &+ 37, invalid: &invalid)
    )
    let lsn = Lsn(HexDigits.decode16(unchecked: bytes, at: offset &+ 75, invalid: &invalid))
    guard invalid == 0 else { return nil }
    if bytes.byteCount &- offset >= deltaTextLength, byte(91) == UInt8(ascii: "-") {
      let end = Lsn(HexDigits.decode16(unchecked: bytes, at: offset &+ 92, invalid: &invalid))
      if invalid == 0 {
        return (LayerName(delta: keys, from: lsn, to: end), offset &+ deltaTextLength)
      }
    }
    return (LayerName(image: keys, at: lsn), offset &+ imageTextLength)
  }

  /// Reads a bare name (no generation, no `-v1`) from all of `bytes`.
  public init?(text bytes: RawSpan, reading: Reading = .strict) {
    if let (name, end) = LayerName.canonical(bytes, at: 0), end == bytes.byteCount {
      guard name.isAcceptable(reading) else { return nil }
      self = name
      return
    }
    guard reading == .lenient, bytes.byteCount > 75, let keys = LayerName.keyRange(bytes) else { return nil }
    let tail = bytes.extracting(75..<bytes.byteCount)
    let dash = (0..<tail.byteCount).first {
      tail.unsafeLoad(fromByteOffset: $0, as: UInt8.self) == UInt8(ascii: "-")
    }
    guard let start = HexDigits.decodeNumber(tail.extracting(0..<(dash ?? tail.byteCount))) else {
      return nil
    }
    if let dash {
      // Eight digits are an LSN or a generation: page servers take the name for both, and abort.
      guard tail.byteCount - dash - 1 != 8,
        let end = HexDigits.decodeNumber(tail.extracting(dash + 1..<tail.byteCount))
      else { return nil }
      self.init(delta: keys, from: Lsn(start), to: Lsn(end))
    } else {
      self.init(image: keys, at: Lsn(start))
    }
    guard isAcceptable(.lenient) else { return nil }
  }

  private static func keyRange(_ bytes: RawSpan) -> KeyRange? {
    func byte(_ index: Int) -> UInt8 { bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self) }
    guard byte(36) == UInt8(ascii: "-"), byte(73) == UInt8(ascii: "_"), byte(74) == UInt8(ascii: "_"),
      let start = Key(hex: bytes, at: 0), let end = Key(hex: bytes, at: 37)
    else { return nil }
    return KeyRange(start: start, end: end)
  }

  private func isAcceptable(_ reading: Reading) -> Bool {
    reading == .lenient && kind == .image || hasValidRanges
  }

  /// Appends the text form.
  public func append(to bytes: inout [UInt8]) {
    keys.start.append(to: &bytes)
    bytes.append(UInt8(ascii: "-"))
    keys.end.append(to: &bytes)
    bytes.append(UInt8(ascii: "_"))
    bytes.append(UInt8(ascii: "_"))
    HexDigits.append(startLsn.value, count: 16, uppercase: true, to: &bytes)
    if kind == .delta {
      bytes.append(UInt8(ascii: "-"))
      HexDigits.append(endLsn.value, count: 16, uppercase: true, to: &bytes)
    }
  }
}

extension LayerName: LosslessStringConvertible {
  public init?(_ text: String) { self.init(text: text.utf8Span.span.bytes) }

  public var description: String {
    kind == .delta
      ? "\(keys)__\(startLsn.fileNameForm)-\(endLsn.fileNameForm)" : "\(keys)__\(startLsn.fileNameForm)"
  }
}

/// The names of files in a page server's timeline directory that are no layers (yet, or no longer).
///
/// | name | meaning |
/// |---|---|
/// | `<key>-XXX__<LSN>-<LSN>.<n>.___temp` | delta being written |
/// | `<image name>.<n>.___temp` | image being written |
/// | `<layer file>.<n>.temp_download` | layer being fetched; before 2024-08 without `<n>` |
/// | `ephemeral-<n>` | a layer in memory, spilled; `<n>` decimal, 32 bits |
/// | `<name>.old` | a layer set aside because it lay in the future |
/// | other names with `___temp` at the end | leftovers of writing any other file |
/// | `<key>.metadata` | not a page server's: what LocalFs keeps beside an object |
///
/// Look for these before reading a name as a layer: the original reads some downloads as layers by accident.
/// Sources: `pageserver/src/tenant/timeline/init.rs`, `libs/remote_storage/src/local_fs.rs`.
public enum TemporaryName: Hashable, Sendable {
  case deltaBeingWritten
  case imageBeingWritten
  /// Of which layer, if what stands in front names one.
  case download(LayerFileName?)
  case ephemeral(UInt32)
  case obsolete
  case otherTemporary
  case sideFile

  /// Nil if the name is none of these.
  public init?(text bytes: RawSpan) {
    if let leftover = TemporaryName(leftoverKey: bytes) {
      self = leftover
    } else if bytes.ends(with: ".old") {
      self = .obsolete
    } else if bytes.starts(with: "ephemeral-"),
      let number = DecimalDigits.decode(bytes.extracting(10..<bytes.byteCount)),
      let value = UInt32(exactly: number)
    {
      self = .ephemeral(value)
    } else {
      return nil
    }
  }

  /// Looks only for what a store in a folder may hold beside its objects: files being written or fetched, and
  /// side files. Takes a name or a whole key. Nil, soon, for those that end as objects do.
  @inline(__always)
  init?(leftoverKey bytes: RawSpan) {
    guard bytes.byteCount > 0 else { return nil }
    switch bytes.byte(bytes.byteCount &- 1) {
    case UInt8(ascii: "p"):
      guard bytes.ends(with: "___temp") else { return nil }
      self = TemporaryName.beingWritten(bytes.fileName)
    case UInt8(ascii: "d"):
      guard bytes.ends(with: ".temp_download") else { return nil }
      self = .download(TemporaryName.downloaded(bytes.fileName))
    case UInt8(ascii: "a"):
      guard bytes.ends(with: ".metadata") else { return nil }
      self = .sideFile
    default: return nil
    }
  }

  private static func beingWritten(_ bytes: RawSpan) -> TemporaryName {
    if let (name, end) = LayerName.canonical(bytes, at: 0), name.kind == .image, isCounter(bytes, from: end) {
      return .imageBeingWritten
    }
    // Key, -XXX__, LSN, -, LSN.
    let end = 36 + 6 + 16 + 1 + 16
    guard bytes.byteCount > end, Key(hex: bytes, at: 0) != nil, bytes.has("-XXX__", at: 36),
      HexDigits.decode16(bytes, at: 42) != nil, bytes.has("-", at: 58),
      HexDigits.decode16(bytes, at: 59) != nil, isCounter(bytes, from: end)
    else { return .otherTemporary }
    return .deltaBeingWritten
  }

  /// Whether from `start` on there is a dot, one or more letters or digits, and `.___temp`.
  private static func isCounter(_ bytes: RawSpan, from start: Int) -> Bool {
    let end = bytes.byteCount - ".___temp".utf8.count
    guard start + 1 < end, bytes.has(".", at: start), bytes.has(".___temp", at: end) else { return false }
    return (start + 1..<end).allSatisfy { offset in
      switch bytes.byte(offset) {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
      default: false
      }
    }
  }

  private static func downloaded(_ bytes: RawSpan) -> LayerFileName? {
    let end = bytes.byteCount - ".temp_download".utf8.count
    let dot = bytes.firstOffset(of: UInt8(ascii: ".")) ?? end
    return LayerFileName(text: bytes.extracting(0..<Swift.min(dot, end)))
  }
}

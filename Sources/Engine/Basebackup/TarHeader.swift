/// The header of an entry in a tar archive of the form that POSIX calls ustar.
///
/// | offset | size | field | content |
/// |---|---|---|---|
/// | 0 | 100 | name | the path, or what of it stands behind the prefix |
/// | 100 | 8 | mode | `0000600` for files, `0000700` for folders: PostgreSQL wants data for its owner alone |
/// | 108 | 8, 8 | uid, gid | `0000000`: whoever unpacks it owns it |
/// | 124 | 12 | size | octal digits; 8 GiB and more as `80`, then the number big-endian in the last eight bytes |
/// | 136 | 12 | mtime | seconds since 1970, octal |
/// | 148 | 8 | checksum | sum of the header's bytes, these eight read as spaces: six octal digits, NUL, space |
/// | 156 | 1 | kind | `0` a file, `5` a folder |
/// | 257 | 8 | magic, version | `ustar`, NUL, `00` |
/// | 345 | 155 | prefix | of a path of more than 100 bytes: its beginning, up to a slash |
///
/// All else is NUL. Numbers end with NUL. Sources: POSIX `pax`, ustar interchange format.
struct TarHeader {
  static let byteCount = 512

  var path: BackupPath
  var byteCount: UInt64
  var isFolder: Bool
  /// Seconds since 1970.
  var time: UInt64

  private static let nameByteLimit = 100
  private static let prefixByteLimit = 155

  /// Cuts a path into prefix and name; nil if it does not fit.
  static func split(_ path: [UInt8]) -> (prefix: ArraySlice<UInt8>, name: ArraySlice<UInt8>)? {
    guard path.count > nameByteLimit else { return (path[0..<0], path[...]) }
    // The longest prefix that leaves a name.
    guard
      let slash = path.prefix(prefixByteLimit + 1).dropFirst().lastIndex(of: UInt8(ascii: "/")),
      path.count - slash - 1 <= nameByteLimit, path.count - slash > 1
    else { return nil }
    return (path[..<slash], path[(slash + 1)...])
  }

  /// 512 bytes; nil for a path that does not fit.
  func encode() -> [UInt8]? {
    guard let (prefix, name) = Self.split(Array(path.text.utf8)) else { return nil }
    var bytes = [UInt8](repeating: 0, count: Self.byteCount)
    Self.put(name, in: &bytes, at: 0)
    Self.put(isFolder ? "0000700".utf8 : "0000600".utf8, in: &bytes, at: 100)
    Self.put("0000000".utf8, in: &bytes, at: 108)
    Self.put("0000000".utf8, in: &bytes, at: 116)
    Self.put(Self.number(byteCount), in: &bytes, at: 124)
    Self.put(Self.number(time), in: &bytes, at: 136)
    Self.put(repeatElement(UInt8(ascii: " "), count: 8), in: &bytes, at: 148)
    bytes[156] = isFolder ? UInt8(ascii: "5") : UInt8(ascii: "0")
    Self.put("ustar\u{0}00".utf8, in: &bytes, at: 257)
    Self.put(prefix, in: &bytes, at: 345)
    let sum = bytes.reduce(UInt64(0)) { $0 + UInt64($1) }
    Self.put(Self.octal(sum, digits: 6) + [0], in: &bytes, at: 148)
    return bytes
  }

  private static func put(_ text: some Sequence<UInt8>, in bytes: inout [UInt8], at offset: Int) {
    for (index, byte) in text.enumerated() { bytes[offset + index] = byte }
  }

  /// Twelve bytes.
  private static func number(_ value: UInt64) -> [UInt8] {
    if value < 1 << 33 { return octal(value, digits: 11) + [0] }
    var bytes: [UInt8] = [0x80, 0, 0, 0]
    bytes.appendBigEndian(value)
    return bytes
  }

  private static func octal(_ value: UInt64, digits: Int) -> [UInt8] {
    (0..<digits).reversed().map { UInt8(ascii: "0") + UInt8(value >> (3 * $0) & 7) }
  }
}

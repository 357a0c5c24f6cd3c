import IndexFormat

/// PostgreSQL's own compression, without a header.
///
/// A control byte, then up to 8 items, one for each of its bits from the lowest on:
///
/// | bit | item | meaning |
/// |---|---|---|
/// | 0 | 1 byte | the byte itself |
/// | 1 | 2 bytes `a`, `b` | `(a & 15) + 3` bytes from `(a & 0xf0) * 16 + b` back |
/// | 1 | 3 bytes `a`, `b`, `c`, where `a & 15` is 15 | `18 + c` bytes from there |
///
/// A copy may reach into what it writes, which repeats it. Source: PostgreSQL, `common/pg_lzcompress.c`.
enum PGLZ {
  /// The length from which on another byte follows.
  private static let longMatch = 18

  /// Decompresses all of `input` and fills all of `output`; false if it is damaged or does not fit exactly.
  static func decompress(_ input: RawSpan, into output: UnsafeMutableRawBufferPointer) -> Bool {
    guard let target = output.baseAddress else { return input.byteCount == 0 }
    var source = 0
    var written = 0
    while source < input.byteCount, written < output.count {
      var control = input.byte(source)
      source &+= 1
      var item = 0
      while item < 8, source < input.byteCount, written < output.count {
        defer {
          control >>= 1
          item &+= 1
        }
        if control & 1 == 0 {
          target.storeBytes(of: input.byte(source), toByteOffset: written, as: UInt8.self)
          source &+= 1
          written &+= 1
          continue
        }
        guard input.byteCount &- source >= 2 else { return false }
        let first = input.byte(source)
        var length = Int(first & 0x0f) &+ 3
        let distance = Int(first & 0xf0) << 4 | Int(input.byte(source &+ 1))
        source &+= 2
        if length == longMatch {
          guard source < input.byteCount else { return false }
          length &+= Int(input.byte(source))
          source &+= 1
        }
        guard distance > 0, distance <= written else { return false }
        length = min(length, output.count &- written)
        copy(target + written, back: distance, length)
        written &+= length
      }
    }
    return source == input.byteCount && written == output.count
  }

  /// Copies forward from `distance` bytes before `target`, byte by byte where both overlap.
  @inline(__always)
  private static func copy(_ target: UnsafeMutableRawPointer, back distance: Int, _ length: Int) {
    let source = UnsafeRawPointer(target) - distance
    if distance >= length {
      target.copyMemory(from: source, byteCount: length)
      return
    }
    for index in 0..<length {
      target.storeBytes(
        of: source.load(fromByteOffset: index, as: UInt8.self),
        toByteOffset: index,
        as: UInt8.self
      )
    }
  }
}

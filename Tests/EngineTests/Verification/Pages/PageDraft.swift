/// A page that a test makes, field by field.
struct PageDraft {
  private(set) var bytes = [UInt8](repeating: 0, count: 8192)
  private var upper: Int
  private var count = 0

  init(special: Int = 8192) {
    upper = special
    put(special, 16, 2)
    put(0x2004, 18, 2)
    finish()
  }

  mutating func put(_ number: Int, _ offset: Int, _ byteCount: Int) {
    for byte in 0..<byteCount { bytes[offset + byte] = UInt8(truncatingIfNeeded: number >> (8 * byte)) }
  }

  /// Line pointers from here to `pd_lower`, tuples from `pd_upper` on.
  private mutating func finish() {
    put(24 + 4 * count, 12, 2)
    put(upper, 14, 2)
  }

  /// A tuple below the last one.
  ///
  /// - Returns: where it begins.
  @discardableResult
  mutating func add(_ tuple: [UInt8]) -> Int {
    upper -= (tuple.count + 7) & ~7
    bytes.replaceSubrange(upper..<upper + tuple.count, with: tuple)
    addPointer(tuple.count << 17 | 1 << 15 | upper)
    return upper
  }

  mutating func addPointer(_ raw: Int) {
    put(raw, 24 + 4 * count, 4)
    count += 1
    finish()
  }

  /// A tuple of an index: row or child, then zeros.
  @discardableResult
  mutating func addIndexTuple(_ block: Int, _ position: Int, info: Int = 0, _ byteCount: Int = 16) -> Int {
    let offset = add([UInt8](repeating: 0, count: byteCount))
    put(block >> 16, offset, 2)
    put(block, offset + 2, 2)
    put(position, offset + 4, 2)
    put(byteCount | info, offset + 6, 2)
    return offset
  }

  /// A row of a table, of 3 columns and 32 bytes.
  @discardableResult
  mutating func addRow(xmin: Int, xmax: Int = 0, to position: Int, mask: Int = 0x0800, mask2: Int = 0) -> Int
  {
    let offset = add([UInt8](repeating: 0, count: 32))
    put(xmin, offset, 4)
    put(xmax, offset + 4, 4)
    put(position, offset + 16, 2)
    put(mask2 | 3, offset + 18, 2)
    put(mask, offset + 20, 2)
    put(24, offset + 22, 1)
    return offset
  }
}

import Engine
import IndexFormat
import Testing

/// Rows in pages of tables.
struct HeapPageTests {
  /// A page with rows of these lengths, the first at the end.
  private static func page(_ lengths: [Int], special: Int = 8192) -> [UInt8] {
    var page = [UInt8](repeating: 0, count: 8192)
    var upper = special
    for (index, length) in lengths.enumerated() {
      upper -= (length + 7) / 8 * 8
      put(UInt32(length << 17 | 1 << 15 | upper), at: 24 + 4 * index, 4, into: &page)
      // Three columns; no nulls.
      page[upper + 18] = 3
      page[upper + 22] = 24
    }
    put(UInt32(24 + 4 * lengths.count), at: 12, 2, into: &page)
    put(UInt32(upper), at: 14, 2, into: &page)
    put(UInt32(special), at: 16, 2, into: &page)
    put(0x2004, at: 18, 2, into: &page)
    return page
  }

  private static func put(_ number: UInt32, at offset: Int, _ count: Int, into page: inout [UInt8]) {
    for byte in 0..<count { page[offset + byte] = UInt8(truncatingIfNeeded: number >> (8 * UInt32(byte))) }
  }

  private func problem(_ page: [UInt8]) -> String? {
    HeapPage.problem(of: page.span.bytes).map { "\($0.field): \($0.found)" }
  }

  private static let lengths = [40, 61, 24, 100]

  @Test func wholePagesAreRight() {
    #expect(problem(Self.page([])) == nil)
    #expect(problem(Self.page(Self.lengths)) == nil)
    #expect(problem([UInt8](repeating: 0, count: 8192)) == nil)
    #expect(problem([1, 2, 3]) == nil)
    var page = Self.page(Self.lengths)
    // Unused, leading to the first, dead: none has a row.
    Self.put(0, at: 24 + 4, 4, into: &page)
    Self.put(2 << 15 | 1, at: 24 + 8, 4, into: &page)
    Self.put(3 << 15, at: 24 + 12, 4, into: &page)
    #expect(problem(page) == nil)
    // Nulls of 11 columns take two bytes: 25, rounded up.
    page = Self.page([64, 40])
    page[8192 - 64 + 18] = 11
    page[8192 - 64 + 20] = 1
    #expect(problem(page) == "line pointer 1: columns at 24")
    page[8192 - 64 + 22] = 32
    #expect(problem(page) == nil)
  }

  @Test func rowsThatDoNotFit() {
    func changed(_ change: (inout [UInt8]) -> Void) -> String? {
      var page = Self.page(Self.lengths)
      change(&page)
      return problem(page)
    }
    func pointer(_ index: Int, _ length: Int, _ offset: Int) -> (inout [UInt8]) -> Void {
      { Self.put(UInt32(length << 17 | 1 << 15 | offset), at: 24 + 4 * index, 4, into: &$0) }
    }
    // Rows begin at 8152, 8088, 8064 and 7960.
    #expect(changed(pointer(1, 61, 8089)) == "line pointer 2: 61 bytes at 8089")
    #expect(changed(pointer(1, 61, 7000)) == "line pointer 2: 61 bytes at 7000")
    #expect(changed(pointer(1, 200, 8088)) == "line pointer 2: 200 bytes at 8088")
    #expect(changed(pointer(1, 23, 8088)) == "line pointer 2: 23 bytes at 8088")
    #expect(changed(pointer(1, 72, 8088)) == "line pointer 2: 72 bytes at 8088")
    #expect(changed(pointer(3, 100, 8064)) == "line pointer 4: 100 bytes at 8064")
    #expect(changed { $0[8152 + 22] = 32 } == "line pointer 1: columns at 32")
    #expect(changed { $0[8088 + 22] = 0 } == "line pointer 2: columns at 0")
  }

  /// Pages with a special part are of indexes or sequences; and where nothing is right, it is no table of this kind.
  @Test func otherPagesArePassedOver() {
    var page = Self.page(Self.lengths, special: 8176)
    page[8176 - 40 + 22] = 99
    #expect(problem(page) == nil)
    page = Self.page(Self.lengths)
    for offset in 24..<40 { page[offset] = 0x55 }
    #expect(problem(page) == nil)
  }

  @Test func noiseNeverTraps() {
    var generator = RepeatableGenerator(seed: Fuzzing.seed)
    for _ in 0..<Fuzzing.count(percent: 1) {
      let page = Fuzzing.mutate(Self.page(Self.lengths), &generator)
      _ = problem(page)
    }
  }
}

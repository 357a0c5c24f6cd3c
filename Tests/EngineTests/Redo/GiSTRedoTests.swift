@testable import Engine
import IndexFormat
import Testing

struct GiSTRedoTests {
  private static func number(_ value: UInt32) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }

  static func tuple(_ byteCount: Int, _ content: UInt8) -> [UInt8] {
    [0, 0, 1, 0, 1, 0, UInt8(byteCount), 0] + [UInt8](repeating: content, count: byteCount - 8)
  }

  /// Blocks 0 to 2 of a split, whose pages have `count` tuples each.
  static func split(count: Int, blocks: [UInt32], isLeaf: Bool = true, marks: Bool = true) -> RedoRecord {
    let tuples = (0..<count).flatMap { tuple(24, UInt8($0)) }
    let main = number(77) + number(0) + number(5) + number(6) + [isLeaf ? 1 : 0, 0, UInt8(blocks.count), 0]
    return RedoRecord(
      manager: .gist,
      info: 0x30,
      blocks: blocks.enumerated().map {
        .init(id: UInt8($0 + 1), number: $1, willInit: true, data: number(UInt32(count)) + tuples)
      },
      main: main + [marks ? 1 : 0, 0, 0, 0]
    )
  }

  /// LSN of the split, right sibling, flags, mark.
  private static func special(_ page: [UInt8]) -> [UInt8] { Array(page[8176...]) }

  @Test func pagesOfASplitLeadToEachOther() throws {
    var redo = PageRedo(RedoRules(version: .v15))
    let record = Self.split(count: 3, blocks: [4, 9])
    let left = try redo.page(RedoRecord.key(4), nil, [record.bytes])
    let lsn = Self.number(6) + Self.number(5)
    #expect(Self.special(left) == lsn + Self.number(9) + [0x09, 0, 0x81, 0xff])
    let right = try redo.page(RedoRecord.key(9), nil, [record.bytes])
    #expect(Self.special(right) == lsn + Self.number(77) + [0x01, 0, 0x81, 0xff])
    #expect(left[24..<8176] == right[24..<8176])
    let root = try redo.page(RedoRecord.key(0), nil, [Self.split(count: 2, blocks: [0, 4, 9]).bytes])
    #expect(Self.special(root) == lsn + Self.number(.max) + [0, 0, 0x81, 0xff])
    let child = try redo.page(RedoRecord.key(4), nil, [Self.split(count: 2, blocks: [0, 4, 9]).bytes])
    #expect(Self.special(child) == lsn + Self.number(9) + [0x01, 0, 0x81, 0xff])
  }

  /// The image is from before the split was complete.
  @Test(arguments: [0x00, 0x30] as [UInt8])
  func anImageOfAChildIsCompleted(info: UInt8) throws {
    var redo = PageRedo(RedoRules(version: .v15))
    let child = try redo.page(RedoRecord.key(4), nil, [Self.split(count: 3, blocks: [4, 9]).bytes])
    #expect(child[8188] == 0x09)
    // The child is block 1 of an update, block 0 of a split.
    let id: UInt8 = info == 0 ? 1 : 0
    var record = RedoRecord(
      manager: .gist,
      info: info,
      blocks: [.init(id: id, number: 4)],
      main: [0, 0, 0, 0]
    )
    let plain = try redo.value(of: RedoRecord.key(4), child, [record.at(0x3_0000_0010)])
    record.blocks[0].image = child
    let restored = try redo.value(of: RedoRecord.key(4), nil, [record.at(0x3_0000_0010)])
    #expect(
      Self.special(restored) == Self.number(3) + Self.number(16) + Self.number(9) + [0x01, 0, 0x81, 0xff]
    )
    #expect(plain == restored)
    // Other blocks' images stay as they are.
    record.blocks[0].id = 1 - id
    let other = try redo.value(of: RedoRecord.key(4), nil, [record.at(0x3_0000_0010)])
    #expect(Self.special(other) == Self.special(child))
  }

  @Test func deletionsOfBothFormatsAreRead() throws {
    for version in PostgresVersion.allCases {
      var redo = PageRedo(RedoRules(version: version))
      let base = try redo.page(RedoRecord.key(4), nil, [Self.split(count: 4, blocks: [4]).bytes])
      let padding: [UInt8] = version >= .v16 ? [1, 0] : []
      let record = RedoRecord(
        manager: .gist,
        info: 0x10,
        blocks: [.init(number: 4)],
        main: [9, 9, 9, 9, 3, 0] + padding + [1, 0, 2, 0, 4, 0]
      )
      let page = try redo.value(of: RedoRecord.key(4), base, [record.at(16)])
      #expect(Array(page[12..<16]) == [28, 0, UInt8((8176 - 24) & 0xff), UInt8((8176 - 24) >> 8)])
      #expect(Array(page[8152..<8176]) == Self.tuple(24, 2))
      #expect(page[8188] == 0x05)
    }
  }
}

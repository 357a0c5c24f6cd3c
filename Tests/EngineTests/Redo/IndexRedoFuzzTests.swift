@testable import Engine
import IndexFormat
import Testing

/// Records of GIN, GiST and SP-GiST indexes with changed bytes, on pages of these that may be changed too.
struct IndexRedoFuzzTests {
  private static func halves(_ values: [Int]) -> [UInt8] {
    values.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
  }

  private static func word(_ value: UInt32) -> [UInt8] { halves([Int(value & 0xffff), Int(value >> 16)]) }

  /// A record whose block with this id is the one under test.
  private static func record(
    _ manager: ResourceManager,
    _ info: UInt8,
    _ id: UInt8,
    ids: [UInt8] = [],
    willInit: Bool = false,
    _ main: [UInt8],
    data: [UInt8] = []
  ) -> RedoRecord {
    let blocks = Set(ids + [id]).sorted().map {
      let isTested = $0 == id
      let number = isTested ? 0 : UInt32($0) + 1
      return RedoRecord.Block(
        id: $0,
        number: number,
        willInit: willInit && isTested,
        data: isTested ? data : []
      )
    }
    return RedoRecord(manager: manager, info: info, blocks: blocks, main: main)
  }

  // MARK: GIN

  private static let meta = [UInt8](repeating: 1, count: 56)
  private static let tuples = (0..<4).flatMap { GiSTRedoTests.tuple(24 + 8 * $0, UInt8($0)) }

  private static let ginBases: [RedoRecord] = [
    GINRedoTests.leaf((0..<10).map { number in (0..<40).map { UInt64(number * 100_000 + $0 * 900 + 1) } }),
    // A page of the pending list.
    record(.gin, 0x70, 0, willInit: true, word(.max) + word(4), data: tuples),
  ]

  /// An inner page of a posting tree, which only images make.
  private static func ginInner(_ leaf: [UInt8]) -> [UInt8] {
    var page = leaf
    page.replaceSubrange(12..<14, with: halves([32 + 20 * 10]))
    page.replaceSubrange(8188..<8192, with: halves([20, 1]))
    return page
  }

  private static let ginRecords: [RedoRecord] = [
    ginBases[0], ginBases[1],
    GINRedoTests.change(3, [1, 1, 2, 3] + GINRedoTests.list([5, 9]) + [4, 4, 1, 0, 6, 0, 9, 0, 1, 0]),
    // A tuple, in the place of another, and above leaves.
    record(.gin, 0x20, 0, [2, 0], data: halves([2, 1]) + GiSTRedoTests.tuple(32, 9)),
    record(
      .gin,
      0x20,
      0,
      ids: [1],
      [0, 0, 0, 0, 5, 0, 0, 0, 6, 0],
      data: halves([2, 0]) + GiSTRedoTests.tuple(32, 9)
    ),
    record(.gin, 0x20, 0, ids: [1], [1, 0, 0, 0, 5, 0, 0, 0, 6, 0], data: halves([1, 0, 7, 0, 1, 1])),
    record(.gin, 0x20, 1, ids: [0], [0, 0, 0, 0, 5, 0, 0, 0, 6, 0]),
    record(.gin, 0x30, 3, [UInt8](repeating: 0, count: 26)),
    record(.gin, 0x50, 0, ids: [1, 2], halves([1, 0]) + word(7) + word(8)),
    record(.gin, 0x50, 1, ids: [0, 2], halves([1, 0]) + word(7) + word(8)),
    record(.gin, 0x50, 2, ids: [0, 1], halves([1, 0]) + word(7) + word(8)),
    record(
      .gin,
      0x60,
      0,
      willInit: true,
      [UInt8](repeating: 0, count: 16) + meta + word(1) + word(2) + word(0)
    ),
    record(
      .gin,
      0x60,
      1,
      [UInt8](repeating: 0, count: 16) + meta + word(1) + word(2) + word(4),
      data: tuples
    ),
    record(.gin, 0x80, 1, willInit: true, meta + word(1)),
    record(.gin, 0x90, 0, [], data: [2, 0, 0, 1, 3, 1]),
  ]

  // MARK: GiST

  private static let gistBases: [RedoRecord] = [GiSTRedoTests.split(count: 40, blocks: [0, 5])]

  private static let gistRecords: [RedoRecord] = [
    gistBases[0], GiSTRedoTests.split(count: 9, blocks: [5, 0]),
    record(.gist, 0x00, 0, halves([1, 1]), data: halves([3]) + GiSTRedoTests.tuple(40, 7)),
    record(.gist, 0x00, 0, halves([4, 2]), data: halves([3, 5, 9, 40]) + tuples),
    record(.gist, 0x00, 1, ids: [0], halves([0, 0])),
    record(.gist, 0x10, 0, word(9) + halves([4, 1, 3, 5, 9, 20])),
    record(.gist, 0x60, 0, ids: [1], word(9) + word(0) + halves([1])),
    record(.gist, 0x60, 1, ids: [0], word(9) + word(0) + halves([1])),
  ]

  // MARK: SP-GiST

  private static func leaf(_ byteCount: UInt32, _ content: UInt8) -> [UInt8] {
    word(byteCount << 2) + [UInt8](repeating: content, count: Int(byteCount) - 4)
  }

  private static func inner(_ nodeCount: Int) -> [UInt8] {
    let nodes = (0..<nodeCount).flatMap { node -> [UInt8] in
      [0, 0, 1, 0, 1, 0, 16, 0] + [UInt8](repeating: UInt8(node), count: 8)
    }
    return halves([nodeCount << 3, 8, 16 + nodes.count, 0]) + [UInt8](repeating: 7, count: 8) + nodes
  }

  private static let origin: [UInt8] = word(700) + [0, 0, 0, 0]

  /// A page gets an inner tuple, or leaf tuples under numbers from `first` on.
  private static func pickSplit(
    _ id: UInt8,
    deleted: [Int] = [],
    first: Int = 1,
    leafs: Int,
    isNew: Bool
  ) -> RedoRecord {
    let new: UInt8 = isNew ? 1 : 0
    let fields = [0, 0] + halves([deleted.count, leafs]) + [new, new] + halves([1]) + [new, 0, new, 0]
    let numbers = halves(deleted) + halves((0..<leafs).map { $0 + first })
    let blocks = [UInt8](repeating: id, count: leafs)
    let tuples = inner(3) + (0..<leafs).flatMap { leaf(16 + 8 * UInt32($0 % 3), UInt8($0)) }
    let main = fields + halves([1, 2, 0]) + origin + numbers + blocks + tuples
    return record(.spgist, 0x50, id, ids: [2], willInit: isNew, main)
  }

  private static let spgistBases: [RedoRecord] = [
    pickSplit(0, leafs: 9, isNew: true), pickSplit(2, leafs: 0, isNew: true),
  ]

  private static let spgistRecords: [RedoRecord] = [
    spgistBases[0], spgistBases[1],
    pickSplit(0, deleted: [9, 3, 4, 1], leafs: 0, isNew: false),
    pickSplit(1, first: 10, leafs: 2, isNew: false),
    record(.spgist, 0x10, 0, [0, 0] + halves([10, 2, 0, 0]) + leaf(24, 8)),
    record(.spgist, 0x10, 0, [0, 0] + halves([2, 2, 0, 0]) + leaf(24, 8)),
    record(.spgist, 0x10, 0, willInit: true, [1, 1] + halves([1, 0, 0, 0]) + leaf(24, 8)),
    record(.spgist, 0x10, 1, ids: [0], [0, 0] + halves([2, 2, 1, 2]) + leaf(24, 8)),
    record(.spgist, 0x20, 0, ids: [1, 2], moveLeafs),
    record(.spgist, 0x20, 1, ids: [0, 2], moveLeafs),
    record(.spgist, 0x20, 2, ids: [0, 1], moveLeafs),
    record(.spgist, 0x30, 0, halves([1, 0]) + [0, 255] + halves([0, 0, 0]) + origin + inner(4)),
    record(.spgist, 0x30, 0, ids: [1], halves([1, 3]) + [0, 0] + halves([1, 0, 0]) + origin + inner(4)),
    record(.spgist, 0x30, 1, ids: [0], halves([1, 2]) + [0, 1] + halves([1, 0, 0]) + origin + inner(4)),
    record(.spgist, 0x40, 0, halves([1, 2]) + [0, 1] + inner(1) + inner(2)),
    record(.spgist, 0x40, 1, ids: [0], halves([1, 2]) + [0, 0] + inner(1) + inner(2)),
    record(.spgist, 0x60, 0, halves([1, 3, 1, 1]) + origin + halves([1, 4, 2, 3, 6, 1, 8, 7])),
    record(.spgist, 0x70, 0, halves([3, 0]) + origin + halves([1, 4, 9])),
    record(.spgist, 0x80, 0, halves([2, 7]) + word(9) + halves([1, 2, 3])),
  ]

  private static let moveLeafs =
    halves([2]) + [0, 0, 0, 0] + halves([1, 1, 0]) + origin + halves([2, 5, 10, 11, 12]) + leaf(24, 1)
    + leaf(16, 2) + leaf(32, 3)

  @Test(arguments: PostgresVersion.allCases)
  func changedRecordsOnChangedPages(version: PostgresVersion) throws {
    var generator = RepeatableGenerator(seed: Fuzzing.seed + UInt64(version.rawValue))
    let sets = [
      (Self.ginBases, Self.ginRecords), (Self.gistBases, Self.gistRecords),
      (Self.spgistBases, Self.spgistRecords),
    ]
    for (baseRecords, records) in sets {
      var redo = PageRedo(RedoRules(version: version))
      var bases = try baseRecords.map { try redo.page(RedoRecord.key(0), nil, [$0.bytes]) }
      if records[0].manager == .gin { bases.append(Self.ginInner(bases[0])) }
      // Each record as it is, on the pages that it fits: what comes out is changed further.
      for record in records {
        let pages = bases.prefix(4).compactMap { base -> [UInt8]? in
          // A record of a leaf does not fit an inner page; it fits one of the pages.
          try? redo.value(of: RedoRecord.key(0), base, [record.at(1 << 20)])
        }
        #expect(!pages.isEmpty, "\(record)")
        bases += pages.map { Array(repeating: 0, count: 8) + $0.dropFirst(8) }
      }
      let count = Fuzzing.count(percent: 5)
      let replayed = RedoFuzzTests.replay(
        RedoRecord.key(0),
        bases,
        records.map(\.bytes),
        version,
        count: count,
        &generator
      )
      #expect(replayed > count / 100)
    }
  }
}

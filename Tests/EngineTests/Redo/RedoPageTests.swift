@testable import Engine
import IndexFormat
import Testing

/// Tuples put into pages, taken out and moved, against a plain model.
struct RedoPageTests {
  /// A page for one test.
  private final class Room {
    let page = RedoPage(bytes: .allocate(byteCount: RedoPage.byteCount, alignment: 8), workspace: .allocate())

    init() { page.initialize() }

    deinit {
      page.bytes.deallocate()
      page.workspace.deallocate()
    }

    func add(_ content: [UInt8], at number: Int, overwrites: Bool = true) throws(RedoFault) {
      try page.addTuple(content.span.bytes, at: number, overwrites: overwrites)
    }

    func content(_ number: Int) throws -> [UInt8] {
      let pointer = try page.linePointer(number)
      return (0..<pointer.length).map { page.uint8(pointer.offset + $0) }
    }
  }

  private static func tuple(_ number: Int, _ generator: inout RepeatableGenerator) -> [UInt8] {
    [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 24 + generator.below(40))
  }

  @Test func tuplesAreAddedAtUnusedNumbersAndTheEnd() throws {
    let room = Room()
    try room.add([1, 2, 3], at: 1)
    try room.add([4], at: 2)
    #expect(room.page.upper == 8192 - 16 && room.page.lower == 32)
    #expect(throws: RedoFault.usedLinePointer(2)) { try room.add([5], at: 2) }
    #expect(throws: RedoFault.noLinePointer(4, count: 3)) { try room.add([5], at: 4) }
    #expect(throws: RedoFault.noLinePointer(0, count: 3)) { try room.add([5], at: 0) }
    try room.add([6], at: 2, overwrites: false)
    #expect(try room.content(2) == [6])
    #expect(try room.content(3) == [4])
    #expect(throws: RedoFault.self) { try room.add([UInt8](repeating: 0, count: 8192), at: 4) }
  }

  @Test(arguments: [true, false])
  func fragmentationIsRepaired(cutsLinePointers: Bool) throws {
    var generator = RepeatableGenerator(seed: Fuzzing.seed)
    for _ in 0..<50 {
      let room = Room()
      let count = 2 + generator.below(100)
      var contents = (1...count).map { Self.tuple($0, &generator) }
      // In any order in the page.
      for number in 1...count { try room.add([0], at: number) }
      for number in 1...count { try room.page.setLinePointer(number, .unused) }
      for number in (1...count).shuffled(using: &generator) { try room.add(contents[number - 1], at: number) }
      for number in 1...count where generator.below(3) == 0 {
        try room.page.setLinePointer(number, generator.below(2) == 0 ? .unused : .dead)
        contents[number - 1] = []
      }
      let lastUsed = try (1...count).last { try room.page.linePointer($0).isUsed } ?? 0
      let unusedCount = try (1...count).filter { try !room.page.linePointer($0).isUsed }.count
      try room.page.repairFragmentation(cutsLinePointers: cutsLinePointers)
      let left = cutsLinePointers ? lastUsed : count
      #expect(room.page.linePointerCount == left)
      #expect(room.page.flags & 1 == (unusedCount > count - left ? 1 : 0))
      var end = 8192
      for number in 1...max(1, left) where number <= left {
        #expect(try room.content(number) == contents[number - 1])
        guard !contents[number - 1].isEmpty else { continue }
        end -= RedoPage.aligned(contents[number - 1].count)
        #expect(try room.page.linePointer(number).offset == end)
      }
      #expect(room.page.upper == end)
    }
  }

  @Test func unusedLinePointersAreCutButTheFirst() throws {
    let room = Room()
    for number in 1...4 { try room.add([1], at: number) }
    try room.page.setLinePointer(1, .unused)
    try room.page.setLinePointer(3, .unused)
    try room.page.setLinePointer(4, .unused)
    room.page.truncateLinePointers()
    #expect(room.page.linePointerCount == 2 && room.page.flags & 1 == 1)
    try room.page.setLinePointer(2, .unused)
    room.page.truncateLinePointers()
    #expect(room.page.linePointerCount == 1 && room.page.flags & 1 == 1)
  }

  @Test func indexTuplesAreDeletedAndReplaced() throws {
    var generator = RepeatableGenerator(seed: Fuzzing.seed)
    for _ in 0..<200 {
      let room = Room()
      let count = 5 + generator.below(60)
      var contents = (1...count).map { Self.tuple($0, &generator) }
      for number in 1...count { try room.add(contents[number - 1], at: number) }
      let replaced = generator.below(count)
      contents[replaced] = Self.tuple(200, &generator)
      try contents[replaced].withUnsafeBytes { bytes in
        try room.page.overwriteIndexTuple(replaced + 1, #require(bytes.baseAddress), bytes.count)
      }
      let deleted = (0..<count).filter { _ in generator.below(4) == 0 }
      var numbers: [UInt8] = []
      for index in deleted { numbers.appendLittleEndian(UInt16(index + 1)) }
      var input = RecordBytes(numbers.span.bytes)
      try room.page.deleteIndexTuples(deleted.count, &input)
      for index in deleted.reversed() { contents.remove(at: index) }
      #expect(room.page.linePointerCount == contents.count)
      for (index, content) in contents.enumerated() { #expect(try room.content(index + 1) == content) }
      let sum = contents.reduce(0) { $0 + RedoPage.aligned($1.count) }
      #expect(room.page.upper == 8192 - sum)
    }
  }
}

@testable import Engine
import IndexFormat
import Testing

/// Changes of leaves of posting trees against a plain model, which knows rows and not bytes.
struct GINRedoTests {
  /// Rows as numbers: block * 2,048 + line pointer.
  typealias Rows = [UInt64]

  private static func row(_ row: UInt64) -> [UInt8] {
    var bytes: [UInt8] = []
    for half in [row >> 27, row >> 11 & 0xffff, row & 0x7ff] { bytes.appendLittleEndian(UInt16(half)) }
    return bytes
  }

  static func list(_ rows: Rows) -> [UInt8] {
    var distances: [UInt8] = []
    for (previous, next) in zip(rows, rows.dropFirst()) {
      var distance = next - previous
      while distance >= 128 {
        distances.append(UInt8(distance % 128) + 128)
        distance /= 128
      }
      distances.append(UInt8(distance))
    }
    var bytes = row(rows[0])
    bytes.appendLittleEndian(UInt16(distances.count))
    return bytes + distances + (distances.count % 2 == 1 ? [0] : [])
  }

  static func leaf(_ lists: [Rows]) -> RedoRecord {
    let bytes = lists.flatMap(list)
    var main: [UInt8] = []
    main.appendLittleEndian(UInt32(bytes.count))
    return RedoRecord(
      manager: .gin,
      info: 0x10,
      blocks: [.init(number: 0, willInit: true)],
      main: main + bytes
    )
  }

  /// A record that changes lists; `actions` with their count before them.
  static func change(_ count: Int, _ actions: [UInt8]) -> RedoRecord {
    var data: [UInt8] = []
    data.appendLittleEndian(UInt16(count))
    // Flags: a leaf of a posting tree.
    return RedoRecord(
      manager: .gin,
      info: 0x20,
      blocks: [.init(number: 0, data: data + actions)],
      main: [3, 0]
    )
  }

  private static func rows(_ count: Int, _ generator: inout RepeatableGenerator) -> Rows {
    var rows: Set<UInt64> = []
    let bits = 12 + generator.below(31)
    while rows.count < count {
      rows.insert(generator.next() & (1 << UInt64(bits) - 1) | 1)
    }
    return rows.sorted()
  }

  /// The page with other lists: what is behind them stays.
  private static func page(_ base: [UInt8], _ lists: [Rows], lsn: UInt8) -> [UInt8] {
    var page = base
    let bytes = lists.flatMap(list)
    page.replaceSubrange(32..<32 + bytes.count, with: bytes)
    page.replaceSubrange(0..<8, with: [0, 0, 0, 0, lsn, 0, 0, 0])
    page.replaceSubrange(12..<14, with: withUnsafeBytes(of: UInt16(32 + bytes.count)) { Array($0) })
    return page
  }

  @Test func listsOfALeafChange() throws {
    var generator = RepeatableGenerator(seed: Fuzzing.seed)
    for _ in 0..<200 {
      var lists = (0..<1 + generator.below(12)).map { _ in Self.rows(1 + generator.below(60), &generator) }
      var redo = PageRedo(RedoRules(version: .v16))
      let base = try redo.page(RedoRecord.key(0), nil, [Self.leaf(lists).bytes])
      var (actions, count, shift) = ([UInt8](), 0, 0)
      for number in lists.indices {
        let place = number + shift
        let rows = Self.rows(1 + generator.below(60), &generator)
        let kind = UInt8(generator.below(6))
        switch kind {
        case 1:
          lists.remove(at: place)
          shift -= 1
          actions += [UInt8(number), kind]
        case 2:
          lists.insert(rows, at: place)
          shift += 1
          actions += [UInt8(number), kind] + Self.list(rows)
        case 3:
          lists[place] = rows
          actions += [UInt8(number), kind] + Self.list(rows)
        case 4:
          lists[place] = Set(lists[place] + rows).sorted()
          actions += [UInt8(number), kind, UInt8(rows.count), 0] + rows.flatMap(Self.row)
        default: continue
        }
        count += 1
      }
      guard count > 0 else { continue }
      let record = Self.change(count, actions)
      let page = try redo.value(of: RedoRecord.key(0), base, [record.at(16)])
      #expect(page == Self.page(base, lists, lsn: 16))
    }
  }

  @Test func rowsOfOldVersionsBecomeAList() throws {
    var generator = RepeatableGenerator(seed: Fuzzing.seed)
    let rows = Self.rows(300, &generator)
    var redo = PageRedo(RedoRules(version: .v17))
    var base = try redo.page(RedoRecord.key(0), nil, [Self.leaf([[1]]).bytes])
    let plain = rows.flatMap(Self.row)
    base.replaceSubrange(32..<32 + plain.count, with: plain)
    base.replaceSubrange(8188..<8192, with: [44, 1, 3, 0])
    let page = try redo.value(
      of: RedoRecord.key(0),
      base,
      [Self.change(1, [0, 4, 1, 0] + Self.row(rows[9] + 1)).at(16)]
    )
    var expected = Self.page(base, [rows], lsn: 16)
    expected = Self.page(expected, [Set(rows + [rows[9] + 1]).sorted()], lsn: 16)
    expected.replaceSubrange(8188..<8192, with: [0, 0, 0x83, 0])
    #expect(page == expected)
  }

  @Test func listsThatMakeNoSenseAreRefused() throws {
    var redo = PageRedo(RedoRules(version: .v17))
    let base = try redo.page(RedoRecord.key(0), nil, [Self.leaf([[1, 5], [9]]).bytes])
    func fault(_ count: Int, _ actions: [UInt8]) -> RedoFault? {
      do throws(RedoError) {
        _ = try redo.value(of: RedoRecord.key(0), base, [Self.change(count, actions).at(16)])
        return nil
      } catch {
        return error.fault
      }
    }
    #expect(fault(1, [1, 1]) == nil)
    #expect(fault(1, [2, 1]) == .dataTooShort(found: 18, expected: 26))
    #expect(fault(2, [1, 1, 0, 1]) == .badField(found: 0, limit: 2))
    #expect(fault(1, [0, 7]) == .badField(found: 7, limit: 4))
    // A line pointer of 12 bits.
    #expect(fault(1, [0, 4, 1, 0, 0, 0, 0, 0, 0, 8]) == .badField(found: 2048, limit: 2047))
    // Rows that fall.
    #expect(fault(1, [0, 4, 2, 0] + Self.row(7) + Self.row(6)) == .badField(found: 6, limit: 7))
    // A distance that does not end.
    let endless: [UInt8] = Self.row(1) + [8, 0] + [UInt8](repeating: 0xff, count: 8)
    #expect(fault(2, [0, 2] + endless + [0, 2] + endless) == nil)
    let page = try redo.value(of: RedoRecord.key(0), base, [Self.change(1, [0, 3] + endless).at(16)])
    #expect(throws: RedoError.self) {
      _ = try redo.value(of: RedoRecord.key(0), page, [Self.change(1, [0, 4, 0, 0]).at(24)])
    }
    let long = (0..<9).flatMap { _ in [0, 2] + Self.row(1) + [0xe8, 3] + [UInt8](repeating: 1, count: 1000) }
    #expect(fault(9, long) == .noRoom(found: 88, expected: 1008))
  }

  @Test func splitsAndVacuumOfEntriesNeedImages() {
    for info in [0x30, 0x40] as [UInt8] {
      var redo = PageRedo(RedoRules(version: .v15))
      let record = RedoRecord(manager: .gin, info: info, blocks: [.init(number: 0)], main: [])
      let error = #expect(throws: RedoError.self) { () throws -> Void in
        _ = try redo.page(RedoRecord.key(0), [UInt8](repeating: 0, count: 8192), [record.bytes])
      }
      #expect(error?.fault == .noImage)
    }
  }
}

extension RedoRecord {
  /// As one of a key's records, ending there.
  func at(_ lsn: UInt64) -> KeyRead.Record {
    KeyRead.Record(lsn: Lsn(lsn), record: .postgres(willInit: false, record: bytes), visit: 0)
  }
}

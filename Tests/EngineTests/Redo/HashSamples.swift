@testable import Engine
import IndexFormat

/// Pages of a hash index, and each kind of record for each block that it names.
struct HashSamples {
  var record: RedoRecord
  var block: UInt32
  var base: [UInt8]

  static let zeros = [UInt8](repeating: 0, count: 8192)

  /// Fields of a record, one after the other.
  static func bytes(_ parts: [UInt8]...) -> [UInt8] { parts.flatMap { $0 } }
  static func number<Number: FixedWidthInteger>(_ value: Number) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }
  static func tuple(_ value: UInt8) -> [UInt8] {
    number(UInt32(value)) + number(UInt16(1)) + number(UInt16(16)) + [value, 0, 0, 0, 0, 0, 0, 0]
  }

  static func record(_ operation: UInt8, _ main: [UInt8], _ blocks: RedoRecord.Block...) -> RedoRecord {
    RedoRecord(manager: .hash, info: operation, blocks: blocks, main: main)
  }

  /// The first page of an index for few rows.
  static let makeMeta = record(
    0x00,
    number((0.0).bitPattern) + number(UInt32(449)) + number(UInt16(307)),
    .init(number: 0, willInit: true)
  )

  /// A page without tuples: header and special part.
  static func page(previous: UInt32 = .max, next: UInt32 = .max, bucket: UInt32, flags: UInt16) -> [UInt8] {
    var page = zeros
    page.replaceSubrange(
      12..<20,
      with: number(UInt16(24)) + number(UInt16(8176)) + number(UInt16(8176)) + number(UInt16(0x2004))
    )
    page.replaceSubrange(
      8176..<8192,
      with: number(previous) + number(next) + number(bucket) + number(flags) + number(UInt16(0xff80))
    )
    return page
  }

  static let bucket = page(previous: 1, bucket: 0, flags: 2)
  static let bitmap: [UInt8] = {
    var page = Self.page(bucket: .max, flags: 4)
    page.replaceSubrange(12..<14, with: number(UInt16(24 + 4096)))
    page.replaceSubrange(24..<24 + 4096, with: [UInt8](repeating: 0xff, count: 4096))
    return page
  }()

  static let meta: [UInt8] = {
    var redo = PageRedo(RedoRules(version: .v17))
    var page = (try? redo.page(RedoRecord.key(0), nil, [makeMeta.bytes])) ?? []
    page.replaceSubrange(0..<8, with: [UInt8](repeating: 0, count: 8))
    return page
  }()

  /// With 9 tuples.
  static let full: [UInt8] = {
    var redo = PageRedo(RedoRules(version: .v17))
    let records = (1...9).map {
      record(0x20, number(UInt16($0)), .init(number: 1, data: tuple(UInt8($0)))).bytes
    }
    var page = (try? redo.page(RedoRecord.key(1), bucket, records)) ?? []
    page.replaceSubrange(0..<8, with: [UInt8](repeating: 0, count: 8))
    return page
  }()

  static let addOverflow = record(
    0x30,
    number(UInt16(4096)) + [0],
    .init(id: 0, number: 9, willInit: true, data: number(UInt32(0))),
    .init(id: 1, number: 1),
    .init(id: 2, number: 3, data: number(UInt32(5))),
    .init(id: 3, number: 10, willInit: true),
    .init(id: 4, number: 0, data: number(UInt32(6)))
  )
  static let allocateSplit = record(
    0x40,
    number(UInt32(2)) + number(UInt16(0x22)) + number(UInt16(0x12)) + [3],
    .init(id: 0, number: 1),
    .init(id: 1, number: 4, willInit: true),
    .init(
      id: 2,
      number: 0,
      data: bytes(number(UInt32(3)), number(UInt32(7)), number(UInt32(2)), number(UInt32(5)))
    )
  )
  static let completeSplit = record(
    0x60,
    number(UInt16(0x42)) + number(UInt16(2)),
    .init(id: 0, number: 1),
    .init(id: 1, number: 4)
  )
  static let moved = bytes(number(UInt16(1)), number(UInt16(3)), tuple(60), tuple(61))
  static let move = record(
    0x70,
    number(UInt16(2)) + [0],
    .init(id: 0, number: 7),
    .init(id: 1, number: 1, data: moved),
    .init(id: 2, number: 5, data: bytes(number(UInt16(2)), number(UInt16(4)), number(UInt16(5))))
  )
  /// - tuples: their count, of the two in the record.
  static func squeeze(tuples: UInt16, isPrevious: Bool) -> RedoRecord {
    record(
      0x80,
      number(UInt32(11)) + number(UInt32(12)) + number(tuples) + [0, isPrevious ? 1 : 0],
      .init(id: 0, number: 7),
      .init(id: 1, number: 1, data: tuples > 0 ? moved : []),
      .init(id: 2, number: 5),
      .init(id: 3, number: 11),
      .init(id: 4, number: 12),
      .init(id: 5, number: 3, data: number(UInt32(5))),
      .init(id: 6, number: 0, data: number(UInt32(4)))
    )
  }
  static let delete = record(
    0x90,
    [1, 0],
    .init(id: 0, number: 7),
    .init(id: 1, number: 1, data: bytes(number(UInt16(2)), number(UInt16(9))))
  )
  /// - isOld: as 14 and 15 have it.
  static func vacuum(isOld: Bool) -> RedoRecord {
    let count = isOld ? number(Int32(3)) : number(UInt16(3)) + [1, 0]
    return record(
      0xc0,
      bytes(number(UInt32(700)), count, number(UInt16(1)), number(UInt16(4)), number(UInt16(9))),
      .init(id: 0, number: 1),
      .init(id: 1, number: 0)
    )
  }

  static let all: [HashSamples] = {
    var all: [HashSamples] = []
    func add(_ record: RedoRecord, _ bases: [UInt32: [UInt8]]) {
      for block in record.blocks {
        all.append(HashSamples(record: record, block: block.number, base: bases[block.number] ?? bucket))
      }
    }
    let bases: [UInt32: [UInt8]] = [0: meta, 1: full, 3: bitmap, 5: full]
    add(makeMeta, bases)
    add(record(0x10, number(UInt16(4096)), .init(number: 3, willInit: true), .init(id: 1, number: 0)), bases)
    add(record(0x20, number(UInt16(3)), .init(number: 1, data: tuple(77)), .init(id: 1, number: 0)), bases)
    for record in [
      addOverflow, allocateSplit, completeSplit, move, delete, vacuum(isOld: true), vacuum(isOld: false),
    ] { add(record, bases) }
    add(squeeze(tuples: 2, isPrevious: true), bases)
    add(squeeze(tuples: 2, isPrevious: false), bases)
    add(record(0xa0, [], .init(number: 1)), bases)
    add(record(0xb0, number((12.5).bitPattern), .init(number: 0)), bases)
    return all
  }()
}

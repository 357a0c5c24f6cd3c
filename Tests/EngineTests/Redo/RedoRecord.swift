@testable import Engine
import IndexFormat

/// A record of the WAL, put together for one test.
struct RedoRecord {
  struct Block {
    var id: UInt8 = 0
    var fork: UInt8 = 0
    var number: UInt32
    var willInit = false
    var data: [UInt8] = []
    /// A page that replay restores; stored whole, in the form of 15 and later.
    var image: [UInt8]?
  }

  static let relation = RelationTag(tablespace: 1663, database: 5, relation: 16384, fork: .main)

  var manager: ResourceManager
  var info: UInt8
  var transaction: UInt32 = 700
  var blocks: [Block]
  var main: [UInt8]

  var bytes: [UInt8] {
    var headers: [UInt8] = []
    var payload: [UInt8] = []
    for block in blocks {
      let imageFlag: UInt8 = block.image == nil ? 0 : 0x10
      let flags = block.fork | (block.willInit ? 0x40 : 0) | (block.data.isEmpty ? 0 : 0x20) | imageFlag
      headers += [block.id, flags]
      headers.appendLittleEndian(UInt16(block.data.count))
      if let image = block.image {
        headers.appendLittleEndian(UInt16(image.count))
        headers += [0, 0, 2]
        payload += image
      }
      for number in [1663, 5, 16384, block.number] as [UInt32] { headers.appendLittleEndian(number) }
      payload += block.data
    }
    if main.count < 256 {
      headers += [255, UInt8(main.count)]
    } else {
      headers.append(254)
      headers.appendLittleEndian(UInt32(main.count))
    }
    var bytes: [UInt8] = []
    bytes.appendLittleEndian(UInt32(24 + headers.count + payload.count + main.count))
    bytes.appendLittleEndian(transaction)
    bytes.appendLittleEndian(UInt64(0))
    bytes += [info, manager.rawValue, 0, 0, 0, 0, 0, 0]
    return bytes + headers + payload + main
  }

  static func key(_ block: UInt32, fork: RelationFork = .main) -> Key {
    let tag = RelationTag(tablespace: 1663, database: 5, relation: 16384, fork: fork)
    return .relationBlock(tag, BlockNumber(block))
  }
}

extension PageRedo {
  /// Replays records of PostgreSQL, at LSNs 8, 16, and so on.
  mutating func page(_ key: Key, _ base: [UInt8]?, _ records: [[UInt8]]) throws(RedoError) -> [UInt8] {
    try value(
      of: key,
      base,
      records.enumerated().map { index, bytes in
        KeyRead.Record(
          lsn: Lsn(UInt64(index + 1) * 8),
          record: .postgres(willInit: false, record: bytes),
          visit: 0
        )
      }
    )
  }
}

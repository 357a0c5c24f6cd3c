import IndexFormat

/// Heap records: replay of theirs clears bits of the visibility map, which they do not name. So the map's page gets a
/// value of its own.
///
/// | record | flag | heap block | bits |
/// |---|---|---|---|
/// | insert, multi-insert, delete | 0x01 | new: the first that the record names | 0x03 |
/// | update | 0x01 | old: the last one | 0x03 |
/// | update | 0x02 | new: the first | 0x03 |
/// | lock, lock of an updated row | 0x01 | old: the first | 0x02 |
///
/// | flags stand at | insert | multi-insert | delete | update | lock | lock of an updated row |
/// |---|---|---|---|---|---|---|
/// | stock | 2 | 0 | 7 | 7 | 7 | 7 |
/// | 14 and 15 of Neon's computes | 2 | 0 | 13 | 7 | 13 | 7 |
/// | Neon's resource manager | 2 | 0 | 7 | 7 | 11 | |
///
/// Where there is no visibility map, or none so long, nothing is written: PostgreSQL sets the flags without need, too.
/// The last block is the map's own where PostgreSQL names it (17.11): page servers do not know, and neither does this.
extension WALIngest {
  private enum Change {
    case insert
    case multiInsert
    case delete
    case update
    case lock
    case lockUpdated
  }

  private enum Flags {
    static let first: UInt8 = 0x01
    static let second: UInt8 = 0x02
    static let allBits: UInt8 = 0x03
    static let frozenBit: UInt8 = 0x02
  }

  func ingestHeap(_ record: borrowing WALRecord, _ output: IngestOutput) throws(IngestFault) {
    let isEmbedded = rules.hasNeonHeapRecords
    switch record.header.info & 0x70 {
    case 0x00: try clear(.insert, 2, record, output)
    case 0x10: try clear(.delete, isEmbedded ? 13 : 7, record, output)
    case 0x20, 0x40: try clear(.update, 7, record, output)
    case 0x60: try clear(.lock, isEmbedded ? 13 : 7, record, output)
    default: break
    }
  }

  func ingestHeap2(_ record: borrowing WALRecord, _ output: IngestOutput) throws(IngestFault) {
    switch record.header.info & 0x70 {
    case 0x50: try clear(.multiInsert, 0, record, output)
    case 0x60: try clear(.lockUpdated, 7, record, output)
    default: break
    }
  }

  func ingestNeon(_ record: borrowing WALRecord, _ output: IngestOutput) throws(IngestFault) {
    guard rules.version >= .v16 else { throw .wrongVersion(rules.version) }
    switch record.header.info & 0x70 {
    case 0x00: try clear(.insert, 2, record, output)
    case 0x10: try clear(.delete, 7, record, output)
    case 0x20, 0x30: try clear(.update, 7, record, output)
    case 0x40: try clear(.lock, 11, record, output)
    case 0x50: try clear(.multiInsert, 0, record, output)
    default: throw .unknownOperation
    }
  }

  private func clear(
    _ change: Change,
    _ flagsOffset: Int,
    _ record: borrowing WALRecord,
    _ output: IngestOutput
  ) throws(IngestFault) {
    let data = record.mainData
    guard flagsOffset < data.byteCount else {
      throw .dataTooShort(field: "heap record", found: data.byteCount, expected: flagsOffset + 1)
    }
    let flags = data.byte(flagsOffset)
    guard flags & (Flags.first | Flags.second) != 0 else { return }
    guard !record.blocks.isEmpty else { throw .noBlock }
    let first = record.blocks[0]
    let last = record.blocks[record.blocks.count - 1]
    var clearing = Clearing(map: first.relation.visibilityMap)
    switch change {
    case .insert, .multiInsert, .delete: if flags & Flags.first != 0 { clearing.new = first.block.value }
    case .update:
      if flags & Flags.first != 0 { clearing.old = last.block.value }
      if flags & Flags.second != 0 { clearing.new = first.block.value }
    case .lock, .lockUpdated:
      if flags & Flags.first != 0 { clearing.old = first.block.value }
      clearing.bits = Flags.frozenBit
    }
    clear(clearing, output)
  }

  private struct Clearing {
    var map: RelationTag
    var new: UInt32?
    var old: UInt32?
    var bits = Flags.allBits
  }

  private func clear(_ clearing: Clearing, _ output: IngestOutput) {
    guard clearing.new != nil || clearing.old != nil,
      let count = state.sizes.blockCount(of: clearing.map)
    else { return }
    /// The page of the map that is to be written for a heap block.
    func page(_ heapBlock: UInt32?) -> Key? {
      guard let page = heapBlock.map({ $0 / VisibilityMap.pagesPerMapPage }), page < count else {
        return nil
      }
      let key = Key.relationBlock(clearing.map, BlockNumber(page))
      return rules.shard.isLocal(key) ? key : nil
    }
    func put(_ key: Key, _ new: UInt32?, _ old: UInt32?) {
      output.put(key, .clearVisibilityMapFlags(newHeapBlock: new, oldHeapBlock: old, flags: clearing.bits))
    }
    let (new, old) = (page(clearing.new), page(clearing.old))
    if let new, new == old { return put(new, clearing.new, clearing.old) }
    if let new { put(new, clearing.new, nil) }
    if let old { put(old, nil, clearing.old) }
  }
}

extension RelationTag {
  fileprivate var visibilityMap: RelationTag {
    RelationTag(database, relation: relation, fork: .visibilityMap)
  }
}

import IndexFormat

/// Replay of a record on one of its blocks, by its resource manager.
enum RecordRedo {
  static func replay(_ record: borrowing WALRecord, _ target: RedoTarget, _ page: RedoPage) throws(RedoFault)
  {
    switch ResourceManager(rawValue: record.header.resourceManager) {
    case .xlog: try XLogRedo.replay(record, target, page)
    case .heap: try HeapRedo.replay(record, target, page)
    case .heap2: try Heap2Redo.replay(record, target, page)
    case .neon: try HeapRedo.replayNeon(record, target, page)
    case .btree: try BTreeRedo.replay(record, target, page)
    case .gin: try GINRedo.replay(record, target, page)
    case .gist: try GiSTRedo.replay(record, target, page)
    case .spgist: try SPGiSTRedo.replay(record, target, page)
    case .hash: try HashRedo.replay(record, target, page)
    case .brin: try BRINRedo.replay(record, target, page)
    case .sequence: try SequenceRedo.replay(record, target, page)
    case .generic: try GenericRedo.replay(record, target, page)
    default: throw .unsupported
    }
  }

  /// What a record does to a page that it brought an image of: nothing, with few exceptions.
  static func replayBehindImage(
    _ record: borrowing WALRecord,
    _ target: RedoTarget,
    _ page: RedoPage
  ) throws(RedoFault) {
    switch ResourceManager(rawValue: record.header.resourceManager) {
    case .gist: try GiSTRedo.replayBehindImage(record, target, page)
    case .hash: try HashRedo.replayBehindImage(record, target, page)
    default: break
    }
  }
}

import IndexFormat

/// A part of a relation's file: blocks that one read gives.
struct RelationPiece {
  var relation: RelationTag
  var path: BackupPath
  var blocks: Range<UInt32>
  /// Blocks of the whole file.
  var fileBlockCount: UInt32
  var isFirst: Bool
  var isLast: Bool

  var keys: KeyRange {
    KeyRange(
      start: .relationBlock(relation, BlockNumber(blocks.lowerBound)),
      end: .relationBlock(relation, BlockNumber(blocks.upperBound))
    )
  }
}

/// The pieces of a relation fork, file by file. A fork without blocks has one piece, too: its file is empty.
struct RelationPieces: Sequence, IteratorProtocol {
  private let size: RelationSize
  private let name: RelationTag
  private let limit: UInt32
  private var start: UInt32 = 0
  private var isAtEnd = false

  /// - name: whose name the files have: the fork's own, or main where an init fork is copied.
  init(_ size: RelationSize, as name: RelationTag, limit: Int) {
    self.size = size
    self.name = name
    self.limit = UInt32(clamping: Swift.max(limit, 1))
  }

  mutating func next() -> RelationPiece? {
    guard !isAtEnd else { return nil }
    let segment = start / RelationFileName.blocksPerSegment
    let fileStart = segment * RelationFileName.blocksPerSegment
    let fileCount = Swift.min(size.blockCount - fileStart, RelationFileName.blocksPerSegment)
    let count = Swift.min(limit, fileCount - (start - fileStart))
    defer {
      start += count
      isAtEnd = start >= size.blockCount
    }
    return RelationPiece(
      relation: size.tag,
      path: BackupPath(name.filePath(segment: segment)),
      blocks: start..<start + count,
      fileBlockCount: fileCount,
      isFirst: start == fileStart,
      isLast: start + count == fileStart + fileCount
    )
  }
}

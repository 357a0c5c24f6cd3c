import IndexFormat

/// Where the parts of a layer file lie.
///
/// | part | from | to |
/// |---|---|---|
/// | summary | 0 | 8192 |
/// | values | 8192 | `indexStart`, the last 0 to 8191 bytes being zeros |
/// | index | `indexStart` | the end: its root is the last block |
///
/// So the length of the file is (first block of the index + root + 1) · 8192, and at least three blocks.
public struct LayerGeometry: Equatable, Sendable {
  public let fileByteCount: UInt64
  /// Where the index begins, and the values' part ends.
  public let indexStart: UInt64
  /// Counted from the start of the index.
  public let root: UInt32

  public static let valuesStart = UInt64(TreeNode.blockByteCount)
  public static let minimumFileByteCount = 3 * UInt64(TreeNode.blockByteCount)

  /// Blocks of the index.
  public var indexBlockCount: Int { Int(root) + 1 }

  public init(_ summary: LayerSummary, fileByteCount: UInt64) throws(FormatError) {
    let block = UInt64(TreeNode.blockByteCount)
    let fields = summary.byteCount - 8
    guard summary.indexStartBlock >= 2 else {
      throw FormatError(
        .badValue,
        offset: fields,
        field: "index_start_blk",
        found: "\(summary.indexStartBlock)",
        expected: "2 or more"
      )
    }
    let expected = (UInt64(summary.indexStartBlock) + UInt64(summary.indexRootBlock) + 1) * block
    guard fileByteCount == expected else {
      throw FormatError(
        .badValue,
        offset: fields,
        field: "index_start_blk and index_root_blk",
        found: "an end at \(expected)",
        expected: "\(fileByteCount), the length of the file"
      )
    }
    self.fileByteCount = fileByteCount
    indexStart = summary.indexStart
    root = summary.indexRootBlock
  }
}

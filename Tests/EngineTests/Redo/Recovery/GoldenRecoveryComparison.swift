@testable import Engine
import Foundation
import IndexFormat
import Testing

/// Every relation of a recovered data directory, compared with what a timeline is worth at the same place.
///
/// What differs by nature, beside what `RecoveryComparison` tells:
///
/// | what | why | here |
/// |---|---|---|
/// | main forks of relations that are not logged | recovery removes them | the init fork tells which they are |
/// | LSNs of visibility maps | page servers set them where bits are cleared, PostgreSQL does not | replayed by PostgreSQL's rule |
struct GoldenRecoveryComparison: CustomStringConvertible {
  /// Equal pages that records were replayed for.
  private(set) var replayedCount = 0
  /// Equal pages that are stored as images.
  private(set) var imageCount = 0
  private(set) var freeSpaceMapCount = 0
  private(set) var unloggedCount = 0
  private(set) var wrong: [String] = []

  private let theirs: RelationFiles
  private let hasChecksums: Bool

  var description: String {
    "\(replayedCount) pages with records and \(imageCount) images equal, "
      + "\(freeSpaceMapCount) free space maps and \(unloggedCount) unlogged relations left out"
  }

  init(_ folder: URL, _ ours: GrowingTimeline, _ catalog: TimelineCatalog, at lsn: Lsn) async throws {
    theirs = try RelationFiles(folder)
    hasChecksums = try await catalog.controlFile(at: lsn).dataChecksumVersion != 0
    var sizes: [RelationTag: UInt32] = [:]
    for size in try await catalog.relationSizes(at: lsn) { sizes[size.tag] = size.blockCount }
    for (tag, count) in sizes {
      let initial = RelationTag(tag.database, relation: tag.relation, fork: .initial)
      if tag.fork == .freeSpaceMap {
        freeSpaceMapCount += Int(count)
        sizes[tag] = nil
      } else if tag.fork != .initial, sizes[initial] != nil {
        unloggedCount += 1
        sizes[tag] = nil
      } else if theirs.bytes[tag].map({ $0.count / RelationFiles.pageByteCount }) != Int(count) {
        wrong.append("\(tag): \(count) blocks, not \(theirs.blockCount(tag))")
      }
    }
    for tag in theirs.bytes.keys where tag.fork != .freeSpaceMap && sizes[tag] == nil {
      wrong.append("\(tag) is not in the timeline")
    }
    let keys = KeySpace(
      sizes.map { tag, count in
        KeyRange(
          start: .relationBlock(tag, BlockNumber(0)),
          end: .relationBlock(tag, BlockNumber(count))
        )
      }
    )
    var rules = ours.redo
    rules.stampsClearedVisibilityMap = false
    compare(try await ours.reads(of: keys, at: lsn), rules, at: lsn)
    let count = replayedCount + imageCount
    let expected = sizes.values.reduce(0) { $0 + Int($1) }
    if wrong.isEmpty, count != expected { wrong.append("\(count) pages of \(expected)") }
  }

  private mutating func compare(_ reads: [KeyRead], _ rules: RedoRules, at lsn: Lsn) {
    var redo = PageRedo(rules)
    for read in reads {
      guard case .relationBlock(let tag, let block) = KeyClass(read.key),
        let page = theirs.page(tag, block.value)
      else {
        wrong.append("\(read.key): no such page")
        continue
      }
      do throws(ReadError) {
        var value = try redo.value(of: read, at: lsn)
        if hasChecksums, value.contains(where: { $0 != 0 }) {
          let checksum = PageChecksum.checksum(of: value.span.bytes, at: block) ?? 0
          value.replaceSubrange(8..<10, with: [UInt8(checksum & 0xff), UInt8(checksum >> 8)])
        }
        compare(value, page, tag, block, hasRecords: !read.records.isEmpty)
      } catch {
        wrong.append("\(error)")
      }
    }
  }

  private mutating func compare(
    _ value: [UInt8],
    _ page: [UInt8],
    _ tag: RelationTag,
    _ block: BlockNumber,
    hasRecords: Bool
  ) {
    if value == page {
      if hasRecords { replayedCount += 1 } else { imageCount += 1 }
    } else {
      let places = value.indices.filter { value[$0] != page[$0] }
      let bytes = places.prefix(8).map { "\($0): \(value[$0]), not \(page[$0])" }.joined(separator: "; ")
      wrong.append("\(tag) block \(block): \(places.count) bytes, \(bytes)")
    }
  }
}

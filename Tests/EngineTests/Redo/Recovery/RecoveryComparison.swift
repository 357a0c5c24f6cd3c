@testable import Engine
import Foundation
import IndexFormat
import Testing

/// Every block of every relation of a cluster that PostgreSQL has recovered, compared with what replay makes of the
/// base.
///
/// What differs by nature, and how it is dealt with:
///
/// | what | why | here |
/// |---|---|---|
/// | free space maps | recovery changes them without telling, and so does every server | not compared |
/// | checksums | set when a page is written to its file, not when it is changed | computed before comparing |
/// | tables that are not logged | recovery removes their files and keeps what they begin with | the latter are compared |
/// | cleared bits of visibility maps | no record names these pages | told by records as page servers make them |
/// | blocks of zeros | files grow before pages are written to them | none of ours, zeros of theirs |
///
/// Hint bits do not differ: recovery sets none, and those of the base and of images are there on both sides.
struct RecoveryComparison: CustomStringConvertible {
  /// Pages that records were replayed for and that came out equal, by the records' resource managers.
  private(set) var equal: [String: Int] = [:]
  /// How many pages that is.
  private(set) var equalCount = 0
  /// Pages that no record names, and that are as they were.
  private(set) var untouched = 0
  private(set) var zeros = 0
  private(set) var freeSpaceMap = 0
  private(set) var wrong: [String] = []

  var description: String {
    "\(equalCount) pages equal, \(wrong.count) wrong, \(untouched) untouched, \(zeros) zeros, "
      + "\(freeSpaceMap) of free space maps; \(equal.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" })"
  }

  private let base: RelationFiles
  private let histories: BlockHistories
  private let hasChecksums: Bool
  private static let empty = [UInt8](repeating: 0, count: RelationFiles.pageByteCount)

  init(
    _ base: RelationFiles,
    _ recovered: RelationFiles,
    _ histories: BlockHistories,
    _ rules: RedoRules,
    _ hasChecksums: Bool
  ) {
    self.base = base
    self.histories = histories
    self.hasChecksums = hasChecksums
    var redo = PageRedo(rules)
    for (tag, bytes) in recovered.bytes {
      if bytes.count % RelationFiles.pageByteCount != 0 { wrong.append("\(tag): \(bytes.count) bytes") }
      for block in 0..<recovered.blockCount(tag) {
        guard let theirs = recovered.page(tag, block) else { continue }
        compare(tag, block, theirs, &redo)
      }
    }
  }

  private mutating func compare(
    _ tag: RelationTag,
    _ block: UInt32,
    _ theirs: [UInt8],
    _ redo: inout PageRedo
  ) {
    if tag.fork == .freeSpaceMap {
      freeSpaceMap += 1
      return
    }
    let records = histories.records[tag]?[block] ?? []
    let isCut = histories.cuts[tag].map { block >= $0 } ?? false
    var image = isCut ? nil : base.page(tag, block)
    if records.isEmpty {
      // What no record names was there before, or is zeros.
      if image == theirs {
        untouched += 1
      } else if image == nil, theirs == Self.empty {
        zeros += 1
      } else {
        wrong.append("\(tag) block \(block): no record")
      }
      return
    }
    if tag.fork == .visibilityMap { image = image ?? Self.empty }
    let names = Set(records.map { Self.name($0.record) })
    do throws(RedoError) {
      var ours = try redo.value(of: .relationBlock(tag, BlockNumber(block)), image, records)
      if hasChecksums, ours != Self.empty {
        let checksum = PageChecksum.checksum(of: ours.span.bytes, at: BlockNumber(block)) ?? 0
        ours.replaceSubrange(8..<10, with: [UInt8(checksum & 0xff), UInt8(checksum >> 8)])
      }
      if ours == theirs {
        equalCount += 1
        for name in names { equal[name, default: 0] += 1 }
      } else {
        let places = (0..<ours.count).filter { ours[$0] != theirs[$0] }
        let bytes = places.prefix(8).map { "\($0): \(ours[$0]), not \(theirs[$0])" }.joined(separator: "; ")
        wrong.append("\(tag) block \(block), \(names.sorted()): \(places.count) bytes, \(bytes)")
      }
    } catch {
      wrong.append("\(error)")
    }
  }

  private static func name(_ record: NeonRecord) -> String {
    guard case .postgres(_, let bytes) = record, let header = WALRecordHeader(bytes.span.bytes) else {
      return "\(record.tag)"
    }
    return ResourceManager.name(header.resourceManager)
  }
}

@testable import Engine
import Foundation
import IndexFormat
import Testing

extension GoldenIngest {
  /// What was compared with the answers of a page server.
  struct Counts {
    var points = 0
    var equal = 0
    /// Values of which replay does not support a record.
    var unsupported = 0
  }

  /// At all points of the timeline keys and values are those that the page server gave.
  func comparePoints(_ timeline: GrowingTimeline) async throws {
    let archive = try UnpackedArchive("pageserver/oracle/\(tenant).tar.zst")
    let catalog = TimelineCatalog(timeline, TimelineFacts(shard: shard, pgVersion: UInt32(version.major)))
    let hasher = try Hasher256()
    var counts = Counts()
    for point in try Oracle(tenant).points where point.timeline == self.timeline {
      guard start <= point.lsn, point.lsn <= end, point.tenant.shard == shard.index else { continue }
      try await OracleCheck.point(catalog, point)
      let pages = try GoldenOracle(archive.url.appending(path: "\(point.name).pages.tsv")).pages
      try await compare(pages, timeline, at: point.lsn, hasher, &counts)
      counts.points += 1
    }
    #expect(counts.points == pointCount)
    #expect(counts.equal == pointValueCount)
    #expect(counts.unsupported == 0)
  }

  private func compare(
    _ pages: [GoldenOracle.Page],
    _ timeline: GrowingTimeline,
    at lsn: Lsn,
    _ hasher: Hasher256,
    _ counts: inout Counts
  ) async throws {
    let keys = KeySpace(pages.map { KeyRange($0.key) })
    var reads: [Key: KeyRead] = [:]
    for read in try await timeline.reads(of: keys, at: lsn) { reads[read.key] = read }
    compare(pages, reads, timeline.redo, at: lsn, hasher, &counts)
  }

  private func compare(
    _ pages: [GoldenOracle.Page],
    _ reads: [Key: KeyRead],
    _ rules: RedoRules,
    at lsn: Lsn,
    _ hasher: Hasher256,
    _ counts: inout Counts
  ) {
    var redo = PageRedo(rules)
    for page in pages {
      guard let read = reads[page.key] else {
        Issue.record("\(KeyClass(page.key)) at \(lsn): no value")
        continue
      }
      do {
        let value = try redo.value(of: read, at: lsn)
        let isEqual =
          value.count == page.byteCount
          && (isDirectory(page.key) || hasher.digest(value).starts(with: page.digest))
        counts.equal += isEqual ? 1 : 0
        if !isEqual { Issue.record("\(KeyClass(page.key)) at \(lsn): another value") }
      } catch ReadError.unreplayed {
        counts.unsupported += 1
      } catch {
        Issue.record("\(error)")
      }
    }
  }

  /// Whether the value is in the order of a hash table; what is in it, the keys of the point tell.
  private func isDirectory(_ key: Key) -> Bool {
    switch KeyClass(key) {
    case .databaseDirectory, .relationDirectoryV1, .slruDirectory, .twoPhaseDirectory: true
    default: false
    }
  }
}

import Foundation
import IndexFormat
import Testing

@testable import Scrubber

/// Scans of a versioned bucket as it was at a moment: the history of two real tenants, with every version and delete
/// marker that their page server left while it flushed, compacted, branched, detached, archived and deleted.
struct MomentScanTests {
  /// A page server uploads a layer before the index that names it and deletes it after the index that no longer does, so
  /// a bucket is whole at every moment. Errors or warnings here would be false alarms on a bucket that is in use.
  @Test func aBucketInUseIsWholeAtTheEndOfEverySecond() async throws {
    let history = try VersionHistory.lines()
    let store = try VersionHistory.store()
    let moments = Set(history.map(\.lastModified)).sorted()
    #expect(moments.count > 10)
    for moment in moments {
      let view = MomentObjectStore(store, at: Timestamp(nanoseconds: moment + 999_999_999))
      let record = await ScanRecord.scan(view)
      let alarms = record.findings.filter { $0.severity >= .warning }
      #expect(alarms == [], "at \(Timestamp(nanoseconds: moment).rfc3339)")
      #expect(record.errors == [])
      #expect(record.summary.coverage.isComplete)
    }
  }

  @Test func aDeletionIsSeenWhileItLasts() async throws {
    let store = try VersionHistory.store()
    let half = try #require(TimelineID("115494543c3b4800be7a685a62ef9b35"))
    func isDeleting(_ time: String) async throws -> Bool {
      let moment = try #require(Timestamp(rfc3339: time))
      let record = await ScanRecord.scan(MomentObjectStore(store, at: moment))
      return record.findings.contains { $0.code == .timelineDeleting && $0.timeline == half }
    }
    #expect(try await !isDeleting("2026-11-23T02:10:25Z"))
    #expect(try await isDeleting("2026-11-23T02:10:31Z"))
    #expect(try await isDeleting("2026-11-23T02:11:05Z"))
    #expect(try await !isDeleting("2026-11-23T02:11:07Z"))
  }

  @Test func theEndOfTheHistoryIsTheBucket() async throws {
    let view = MomentObjectStore(try VersionHistory.store(), at: Timestamp(nanoseconds: .max))
    let atTheEnd = await ScanRecord.scan(view)
    let bucket = await ScanRecord.scan(try BucketFixture(tenants: ["A", "E"]).makeStore())
    #expect(atTheEnd.findings == bucket.findings)
    #expect(atTheEnd.summary.coverage == bucket.summary.coverage)
  }
}

import Foundation
import IndexFormat
import Testing

@testable import Scrubber

/// The 14 cases that were run on the existing scrubber: what it said and what we say.
struct SafekeeperCasesTests {
  /// Findings but `wal.control-plane-not-asked`, by case; no findings and 0 where a case is not named.
  private static let verdicts: [String: (codes: [FindingCode], exit: ExitCode)] = [
    // The same as the existing one says, with the range that is missing and what a partial segment holds of it.
    "backup-ahead": ([.walSegmentMissing], .damage),
    "missing-first": ([.walSegmentMissing], .damage),
    "missing-last": ([.walSegmentMissing], .damage),
    "branch-missing": ([.walSegmentMissing], .damage),
    "no-objects": ([.walSegmentMissing], .damage),
    "two-timelines": ([.walSegmentMissing], .damage),
    // It passes over names that mean nothing.
    "foreign-object": ([.objectUnknownName], .ok),
    // It takes a timeline that the control plane does not know for deleted, so that asking the wrong control plane hides
    // every loss.
    "unknown-tenant": ([.walSegmentMissing], .damage),
    // It does not look at sizes.
    "short-segment": ([.walSegmentSize], .damage),
  ]

  /// Where our exit code says another thing than the existing one's (0, or 1 for damage).
  private static let differing: Set<String> = ["unknown-tenant", "short-segment"]

  private func record(_ one: WALFixture.Case, _ controlPlane: ControlPlane? = nil) async throws -> ScanRecord
  {
    var objects = WALFixture.objects()
    for name in one.removed { objects[WALFixture.key(WALFixture.main, name)] = nil }
    for key in one.added { objects[key] = 1000 }
    let text = String(decoding: try JSONEncoder().encode(one.timelines), as: UTF8.self)
    let source = WALFixture.claims(try ClaimFiles.list(text))
    return await WALFixture.scan(try WALFixture.store(objects), source) { $0.controlPlane = controlPlane }
  }

  @Test func allCasesAreHere() throws {
    let names = Set(try WALFixture.cases().map(\.name))
    #expect(names.count == 14)
    #expect(Set(Self.verdicts.keys).subtracting(names) == [])
  }

  @Test(arguments: try WALFixture.cases())
  func ourVerdict(_ one: WALFixture.Case) async throws {
    let record = try await record(one)
    let expected = Self.verdicts[one.name] ?? ([], .ok)
    let codes = record.findings.map(\.code).filter { $0 != .walControlPlaneNotAsked }
    #expect(codes == expected.codes, "\(record.findings)")
    #expect(record.exitCode == expected.exit)
    #expect(record.errors == [])
    #expect(record.summary.coverage.isComplete)
    #expect(record.summary.timelineCount == one.timelines.count)
    let isSame = (one.upstream.exit == 0) == (record.exitCode == .ok)
    #expect(isSame == !Self.differing.contains(one.name))
    // Said once, and only if there was a reason to ask.
    let notAsked = record.findings.count { $0.code == .walControlPlaneNotAsked }
    #expect(notAsked == (expected.exit == .damage ? 1 : 0))
  }

  @Test func whatIsMissingIsNamed() async throws {
    let one = try #require(try WALFixture.cases().first { $0.name == "backup-ahead" })
    let finding = try #require(try await record(one).findings.first { $0.code == .walSegmentMissing })
    #expect(finding.objectKey == WALFixture.key(WALFixture.main, WALFixture.segment(4)))
    #expect(finding.message.contains("safekeeper 2 holds it up to 0/43DEDE0, committed up to 0/43DECE0"))
    #expect(finding.bytes == WALFixture.segmentLength)
  }

  /// The JSON has what the existing scrubber prints, in its form.
  @Test(arguments: ["two-timelines", "complete"])
  func jsonKeepsTheMembersOfTheExistingScrubber(name: String) async throws {
    let one = try #require(try WALFixture.cases().first { $0.name == name })
    let record = try await record(one)
    let output = CapturedOutput()
    var report = JSONReport(sink: output, options: ReportOptions())
    for finding in record.findings { report.receive(.finding(finding)) }
    report.receive(.summary(record.summary))
    let ours = try #require(try JSONSerialization.jsonObject(with: Data(output.text.utf8)) as? [String: Any])
    let theirs = try #require(
      try JSONSerialization.jsonObject(with: Data(one.upstream.out.utf8)) as? [String: Any]
    )
    #expect(ours["timeline_count"] as? Int == theirs["timeline_count"] as? Int)
    #expect(ours["deleted_count"] as? Int == theirs["deleted_count"] as? Int)
    let (our, their) = (ours["with_errors"] as? [[String: Any]], theirs["with_errors"] as? [[String: String]])
    #expect(our?.map { $0["timeline_id"] as? String } == their?.map { $0["timeline_id"] })
    #expect(our?.map { $0["tenant_id"] as? String } == their?.map { $0["tenant_id"] })
    #expect(our?.allSatisfy { ($0["messages"] as? [String])?.isEmpty == false } == true)
  }
}

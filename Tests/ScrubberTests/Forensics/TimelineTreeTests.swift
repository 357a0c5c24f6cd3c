import Foundation
import IndexFormat
import Testing

@testable import Scrubber

struct TimelineTreeTests {
  @Test func aRingAndAMissingAncestorAreDrawnOnce() async throws {
    let ids = (1...4).map { BucketFixture.timeline(UInt64($0)) }
    var fixture = BucketFixture()
    let point = BucketFixture.end
    fixture.add(BucketFixture.index([], ancestor: ids[1], branchPoint: point), ids[0])
    fixture.add(BucketFixture.index([], ancestor: ids[0], branchPoint: point), ids[1])
    fixture.add(BucketFixture.index([], ancestor: BucketFixture.timeline(9), branchPoint: point), ids[2])
    fixture.add(BucketFixture.index([], ancestor: ids[2], branchPoint: point), ids[3])
    let tenant = try await TenantView.open(fixture)
    let lines = TimelineTree(TimelineSummary.all(in: tenant), style: TextStyle(isColoured: false)).lines
    #expect(lines.count == 4)
    for id in ids { #expect(lines.filter { $0.hasPrefix("\(id)") || $0.contains("─ \(id)") }.count == 1) }
    #expect(lines[0].contains("which is not there") && lines[2].contains("which leads back to it"))
    let view = try tenant.timeline(ids[0], on: .unsharded)
    #expect(try tenant.ancestry(of: view).map(\.timeline.id) == [ids[0], ids[1]])
  }

  @Test func aLongChainIsDrawn() async throws {
    var fixture = BucketFixture()
    for number in UInt64(1)...300 {
      let ancestor = number > 1 ? BucketFixture.timeline(number - 1) : nil
      fixture.add(
        BucketFixture.index([], ancestor: ancestor, branchPoint: BucketFixture.end),
        BucketFixture.timeline(number)
      )
    }
    let tenant = try await TenantView.open(fixture)
    let lines = TimelineTree(TimelineSummary.all(in: tenant), style: TextStyle(isColoured: false)).lines
    #expect(lines.count == 300)
    let last = try tenant.timeline(BucketFixture.timeline(300), on: .unsharded)
    #expect(try tenant.ancestry(of: last).count == 300)
  }

  /// What the page server itself named when it was asked.
  private struct Answer: Decodable {
    struct Timeline: Decodable {
      var timelineId: String
      var ancestorTimelineId: String?
      var ancestorLsn: String?
      var diskConsistentLsn: String?
    }

    var timelines: [Timeline]
    var offloaded: [Timeline]
  }

  @Test(.enabled(if: Golden.isPresent, Golden.absence), arguments: ["A", "E"])
  func timelinesAreThoseThatThePageServerNames(_ name: String) async throws {
    let folder = try QuickFolder()
    try Golden.unpack("pageserver/oracle/\(name).tar.zst", into: folder.path)
    let text = try Data(contentsOf: URL(filePath: "\(folder.path)/\(name).timelines.json"))
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let answer = try decoder.decode(Answer.self, from: text)
    let tenant = try await TenantView.open(try BucketFixture(tenants: [name]))
    let summaries = TimelineSummary.all(in: tenant)
    // `half` of A was being deleted when the page server was asked, and has gone since.
    let expected = (answer.timelines + answer.offloaded).filter {
      $0.timelineId != "115494543c3b4800be7a685a62ef9b35"
    }
    #expect(summaries.map(\.id.description) == expected.map(\.timelineId).sorted())
    for timeline in expected {
      let summary = try #require(summaries.first { $0.id.description == timeline.timelineId })
      #expect(summary.ancestor?.timeline.description == timeline.ancestorTimelineId)
      if let lsn = timeline.ancestorLsn { #expect(summary.ancestor?.lsn.description == lsn) }
      if let lsn = timeline.diskConsistentLsn {
        #expect(summary.view?.index.diskConsistentLsn.description == lsn)
      }
    }
    let offloaded = Set(summaries.filter { $0.states.contains(.offloaded) }.map(\.id.description))
    #expect(offloaded == Set(answer.offloaded.map(\.timelineId)))
  }
}

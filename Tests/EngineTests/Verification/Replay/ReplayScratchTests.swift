@testable import Engine
import Foundation
import Glibc
import IndexFormat
import Testing

struct ReplayScratchTests {
  @Test func theFolderGoesAwayWithTheReplay() async throws {
    let grown = try await GrownReplay()
    var replayed: ReplayedTimeline? = try await grown.replay()
    #expect(try grown.scratch.names() == ["scrubber-replay-0.scratch"])
    #expect(replayed?.end == grown.end)
    replayed = nil
    #expect(try grown.scratch.names() == [])
  }

  @Test func itGoesAwayBehindAnError() async throws {
    var grown = try await GrownReplay()
    let place = grown.stream.places[99].start
    grown.wal.bytes[Int(place.value - WALStream.first.value) + 30] ^= 1
    #expect(try await grown.replay().result.findings.count == 1)
    #expect(try grown.scratch.names() == [])
    let missing = ReplayPlan(
      of: grown.timeline(),
      from: grown.base,
      at: GrownReplay.start,
      to: grown.end,
      IngestRules(version: .v15)
    )
    await #expect(throws: ReplayFailure.self) {
      _ = try await ReplayedTimeline.make(missing, grown.wal, scratchBelow: grown.scratch.path + "/none")
    }
  }

  @Test func twoReplaysInOneFolderHaveOneEach() throws {
    let folder = try TemporaryFolder()
    let first = try ReplayScratch(below: folder.path)
    let second = try ReplayScratch(below: folder.path)
    #expect(first.path != second.path)
    #expect(try folder.names() == ["scrubber-replay-0.scratch", "scrubber-replay-1.scratch"])
    withExtendedLifetime((first, second)) {}
  }

  /// As after a kill: folder and lock file are there, and nobody holds the lock.
  @Test func whatAKilledReplayLeftIsRemovedAndNothingElse() throws {
    let folder = try TemporaryFolder()
    let left = folder.path + "/scrubber-replay-7.scratch"
    let deep = left + "/tenant/timelines/timeline"
    try FileManager.default.createDirectory(atPath: deep, withIntermediateDirectories: true)
    let outside = try TemporaryFolder()
    for file in [left + "/lock", deep + "/layer", outside.path + "/kept", folder.path + "/mine"] {
      try Data([1]).write(to: URL(filePath: file))
    }
    #expect(symlink(outside.path, deep + "/link") == 0)
    // Not a replay's: no lock file in it, or another name.
    for other in ["/scrubber-replay-8.scratch/data", "/other.scratch"] {
      try FileManager.default.createDirectory(atPath: folder.path + other, withIntermediateDirectories: true)
    }
    let scratch = try ReplayScratch(below: folder.path)
    let expected = ["mine", "other.scratch", "scrubber-replay-0.scratch", "scrubber-replay-8.scratch"]
    #expect(try folder.names() == expected)
    #expect(try outside.names() == ["kept"])
    withExtendedLifetime(scratch) {}
  }
}

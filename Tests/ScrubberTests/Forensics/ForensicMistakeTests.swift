import Foundation
import IndexFormat
import Testing

@testable import Scrubber

/// What cannot be had is said, with what to do, and with an exit code of its own.
struct ForensicMistakeTests {
  @Test(arguments: [
    (["layer"], "layer: no command is given", "scrubber layer --help"),
    (["layer", "dmup"], #"unknown command "layer dmup""#, "Did you mean layer dump?"),
    (["layer", "dump-layer"], #"unknown command "layer dump-layer""#, "Did you mean layer dump?"),
    (["layer-dump"], #"unknown command "layer-dump""#, "Did you mean layer dump?"),
    (["key", "00"], #"unknown command "key 00""#, "Did you mean key describe?"),
    (["timeline", "lst"], #"unknown command "timeline lst""#, "Did you mean timeline list?"),
    (["layer", "dump"], "layer dump: no layer is given", "LAYER is"),
    (["layer", "dump", "/nonexistent"], #"there is no file "/nonexistent", and no bucket"#, "--bucket"),
    (["layer", "dump", "x", "--bucket", "b", "--index", "--json"], "--index and --json are given", ""),
    (["layer", "list", "--bucket", "b", "--lsn", "5"], #"--lsn: found "5", expected an LSN like"#, ""),
    (["layer", "list", "--bucket", "b", "abc"], #"TENANT: found "abc", expected a tenant"#, ""),
    (["index", "diff", "1", "--bucket", "b"], "index diff: two indices are needed", "A B"),
    (["index", "dump", "xyz", "--bucket", "b"], #"INDEX: found "xyz", expected a file"#, ""),
    (["index", "search", "--bucket", "b"], "--key is missing", "36 hex digits"),
    (["key", "describe"], "key describe: no key is given", "36 hex digits"),
    (["key", "describe", "rel=1/2", "blkno=1"], "KEY: found", ""),
    (["key", "describe", "rel=1/2/3"], "KEY: found", ""),
    (["key", "describe", "rel=1/2/3", "blkno=0", "--shard-count", "1"], "--shard-count: found", ""),
    (["layer-map", "--bucket", "b", "--width", "9"], "--width: found", ""),
    (["help", "layer-map", "x"], "unexpected argument", ""),
  ])
  func wrongLinesAreRefused(_ arguments: [String], _ message: String, _ hint: String) {
    do throws(UsageError) {
      _ = try Invocation(arguments, environment: Environment([:]))
      Issue.record("was taken: \(arguments)")
    } catch {
      #expect(error.description.contains(message), "\(error)")
      #expect(hint.isEmpty || error.description.contains(hint), "\(error)")
    }
  }

  @Test func aMistypedTenantOrTimelineGetsTheNearest() async throws {
    let wrong = ForensicRecord.tenant.dropLast() + "0"
    let tenant = try await ForensicRecord.run(samples: "timeline", "list", String(wrong))
    #expect(tenant.exitCode == .nothingMatched)
    #expect(tenant.error.contains("Did you mean \(ForensicRecord.tenant)?"))
    let timeline = try await ForensicRecord.run(
      samples: "layer",
      "list",
      "--timeline-id",
      ForensicRecord.main.dropLast() + "0"
    )
    #expect(timeline.exitCode == .nothingMatched)
    #expect(timeline.error.contains("Did you mean \(ForensicRecord.main)?"))
  }

  @Test func whatIsNotUniqueMustBeChosen() async throws {
    let record = try await ForensicRecord.run(samples: "layer", "list")
    #expect(record.exitCode == .usage)
    #expect(record.error.contains("more than one timeline") && record.error.contains(ForensicRecord.main))
    var fixture = BucketFixture()
    fixture.addTimeline(BucketFixture.timeline(1))
    fixture.addTimeline(BucketFixture.timeline(1), tenant: TenantID(high: 1, low: 1))
    fixture.put("pageserver/v1/tenants/AAAA/x", text: "")
    await #expect(throws: ScanFailure.self) { try await TenantView.open(fixture) }
    await #expect(throws: ScanFailure.self) { try await TenantView.open(BucketFixture()) }
  }

  @Test func aShardIsLookedAtAloneAndMustBeThere() async throws {
    let fixture = try BucketFixture(tenants: ["B"])
    let tenant = try #require(TenantID("960d9d0b9e77e0bd7221cb08d27fe138"))
    let all = try await TenantView.open(fixture)
    #expect(all.shards.map(\.description) == ["0004", "0104", "0204", "0304"])
    #expect(all.stripeSize.pages == 16)
    #expect(all.owner(of: .checkpoint)?.description == "0004")
    let one = try await TenantView.open(fixture, .shard(TenantShardID(tenant: tenant, shard: all.shards[2])))
    #expect(one.shards.map(\.description) == ["0204"])
    // Layers of the shards from before the split are found in their folders.
    for view in try all.timelines(all.timelineIDs[0]) {
      #expect(view.layers.allSatisfy { $0.presence == .present })
    }
    let other = TenantShardID(tenant: tenant, shard: ShardIndex(number: 5, count: 8))
    await #expect(throws: ScanFailure.self) { try await TenantView.open(fixture, .shard(other)) }
  }

  @Test func whatIsNotThereEndsWith66() async throws {
    let layer = ForensicRecord.image.replacing("147A958", with: "147A957")
    let name = try await ForensicRecord.run(samples: "layer", "show", layer)
    #expect(name.exitCode == .nothingMatched && name.error.contains("has no layer \(layer)"))
    let generation = try await ForensicRecord.run(
      samples: "index",
      "dump",
      "7",
      "--timeline-id",
      ForensicRecord.main
    )
    #expect(generation.exitCode == .nothingMatched)
    #expect(generation.error.contains("that are there: 00000001"))
    let end = "FF" + String(repeating: "0", count: 34)
    let key = try await ForensicRecord.run(
      ["index", "search", "--timeline-id", ForensicRecord.main, "--key", end, "--lsn", "0/147A958"]
        + ["--bucket", ForensicRecord.samples]
    )
    #expect(key.exitCode == .nothingMatched && key.output.contains("no layer covers the key"))
    let moment = try await ForensicRecord.run(samples: "timeline", "list", "--at", "2026-11-23T02:10:30Z")
    #expect(moment.exitCode == .usage && moment.error.contains("a folder keeps no versions"))
  }

  @Test func aDamagedIndexIsToldAndTheRestIsShown() async throws {
    let folder = try TemporaryFolder()
    var fixture = BucketFixture()
    fixture.addTimeline(BucketFixture.timeline(1))
    fixture.put(
      BucketFixture.folder(.unsharded, BucketFixture.timeline(2)) + "index_part.json-00000003",
      text: "{\"version\": 15, \"evil\": \"\u{1b}[2J\u{202e}\", \"layer_metadata\": {"
    )
    fixture.add(BucketFixture.layer(), BucketFixture.timeline(3))
    try fixture.write(to: folder.path)
    let list = try await ForensicRecord.run(["timeline", "list", "--bucket", folder.path])
    #expect(list.exitCode == .damage)
    #expect(list.output.contains("damaged-index") && list.output.contains("no-index"))
    #expect(list.output.contains("0/1700020") && list.output.contains("00000003"))
    let id = "\(BucketFixture.timeline(2))"
    let dump = try await ForensicRecord.run(
      ["index", "dump", "3", "--bucket", folder.path, "--timeline-id", id]
    )
    #expect(dump.exitCode == .damage && dump.error.contains("index_part.json-00000003"))
    #expect(dump.output.contains(#""version": 15"#))
    #expect(!dump.output.contains("\u{1b}") && !dump.output.contains("\u{202e}"))
    let layers = try await ForensicRecord.run(
      ["layer", "list", "--bucket", folder.path, "--timeline-id", id]
    )
    #expect(layers.exitCode == .damage)
  }

  @Test func layersThatAreGoneOrOfAnotherSizeAreMarked() async throws {
    var fixture = BucketFixture()
    let gone = BucketFixture.layer(LayerName(image: .all, at: Lsn(0x160_0000)))
    fixture.add(BucketFixture.index([BucketFixture.layer(), gone]), BucketFixture.timeline(1))
    fixture.add(BucketFixture.layer(size: 77), BucketFixture.timeline(1))
    let folder = try TemporaryFolder()
    try fixture.write(to: folder.path)
    let record = try await ForensicRecord.run(["layer", "list", "--bucket", folder.path])
    #expect(record.output.contains("MISSING") && record.output.contains("SIZE 77"))
    let show = try await ForensicRecord.run(["layer", "show", "\(gone.name)", "--bucket", folder.path])
    #expect(show.exitCode == .damage, "\(show.error)")
  }
}

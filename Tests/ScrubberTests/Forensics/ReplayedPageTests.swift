import Engine
import Foundation
import IndexFormat
import Testing

@testable import Scrubber

/// Pages that records are replayed on: what comes of it, and what is said where it does not work.
struct ReplayedPageTests {
  /// The block that a layer made here has values of.
  private static let relation = RelationTag(tablespace: 1663, database: 5, relation: 16384, fork: .main)
  private static let key = Key.relationBlock(relation, BlockNumber(0))
  private static let imageLsn = Lsn(0x170_0008)
  private static let recordLsn = Lsn(0x170_0010)
  private static let genericManager: UInt8 = 20
  /// Of an extension that nobody knows.
  private static let unknownManager: UInt8 = 200

  /// A page without tuples, and some bytes in its special space.
  private static let page: [UInt8] = {
    var page = [UInt8](repeating: 0, count: 8192)
    page[12] = 24
    page.replaceSubrange(14..<20, with: [0xf0, 0x1f, 0xf0, 0x1f, 0x04, 0x20])
    return page
  }()

  /// A record for the block: PostgreSQL's header, a reference to the block, its data.
  private static func record(_ manager: UInt8, _ data: [UInt8]) -> [UInt8] {
    func little<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
      withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }
    var body: [UInt8] = [0, 0x20] + little(UInt16(data.count))
    for number in [1663, 5, 16384, 0] as [UInt32] { body += little(number) }
    body += data
    return little(UInt32(24 + body.count)) + little(UInt32(700)) + little(UInt64(0)) + [0, manager, 0, 0]
      + [0, 0, 0, 0] + body
  }

  /// Bytes put at an offset of the page.
  private static func fragment(_ offset: UInt16, _ bytes: [UInt8]) -> [UInt8] {
    [UInt8(offset & 0xff), UInt8(offset >> 8), UInt8(bytes.count), 0] + bytes
  }

  /// Runs `page get` on a bucket with one timeline, whose layer has an image of the block and a record above it.
  private func get(
    _ record: [UInt8],
    willInit: Bool = false,
    hasImage: Bool = true,
    _ more: [String] = []
  ) async throws -> ForensicRecord {
    let timeline = BucketFixture.timeline(1)
    var writer = try DeltaLayerWriter(
      BucketFixture.delta,
      tenant: BucketFixture.tenant,
      timeline: timeline,
      sink: MemoryLayerSink()
    )
    if hasImage { try writer.put(Self.key, Self.imageLsn, .image(Self.page)) }
    try writer.put(Self.key, Self.recordLsn, .record(.postgres(willInit: willInit, record: record)))
    let written = try writer.finish()
    let bytes = written.sink.bytes
    let layer = BucketFixture.layer(size: UInt64(bytes.count))
    let folder = try TemporaryFolder()
    let place = BucketFixture.folder(.unsharded, timeline)
    try folder.write(
      place + "index_part.json" + Generation.valid(1).keySuffix,
      BucketFixture.index([layer]).encode()
    )
    try folder.write(place + "\(layer.name)" + Generation.valid(1).keySuffix, bytes)
    return try await ForensicRecord.run(
      ["page", "get", "--bucket", folder.path, "--rel", "\(Self.relation)", "--block", "0"] + more
    )
  }

  @Test func aRecordIsApplied() async throws {
    let record = Self.record(Self.genericManager, Self.fragment(8184, [0xca, 0xfe]))
    let got = try await get(record, ["--json"])
    #expect(got.exitCode == .ok && got.error == "")
    var page = Self.page
    page.replaceSubrange(8184..<8186, with: [0xca, 0xfe])
    // The LSN of the record: its high half comes first.
    page.replaceSubrange(0..<8, with: [0, 0, 0, 0, 0x10, 0, 0x70, 1])
    #expect(got.output.contains(#""status":"value""#))
    #expect(got.output.contains(#""value":"\#(HexText.string(page.span.bytes))""#))
    #expect(got.output.contains(#""operation":"Generic""#))
    let text = try await get(record, ["--explain"])
    #expect(text.output.contains("0/1700010  rec 67 bytes will_init: false Generic/Generic xid 700  of [0]"))
    #expect(text.output.contains("page LSN       0/1700010"))
  }

  @Test func theImageBelowCanBeHadAlone() async throws {
    let record = Self.record(Self.genericManager, Self.fragment(8184, [1]))
    let json = try await get(record, ["--base", "--json"])
    #expect(json.exitCode == .ok && json.output.contains(#""status":"base""#))
    #expect(json.output.contains(#""value":"\#(HexText.string(Self.page.span.bytes))""#))
    let text = try await get(record, ["--base"])
    #expect(text.output.contains("base of 0/1700008, below 1 WAL record"))
    let none = try await get(record, willInit: true, hasImage: false, ["--base"])
    #expect(none.exitCode == .nothingMatched && none.error.contains("there is no image below the records"))
  }

  @Test func aRecordThatDoesNotFitItsPageIsDamage() async throws {
    let record = Self.record(Self.genericManager, Self.fragment(8190, [1, 2, 3, 4]))
    let got = try await get(record)
    #expect(got.exitCode == .damage)
    #expect(
      got.error.contains("relation 1663/5/16384 block 0: record postgres of Generic, info 0x0, at 0/1700010")
    )
    #expect(got.error.contains("--explain") && got.error.contains("--base"))
    let json = try await get(record, ["--json"])
    #expect(json.exitCode == .damage && json.output.contains(#""status":"failed""#))
    // What it was to be applied to is shown all the same.
    #expect(try await get(record, ["--base"]).exitCode == .ok)
    let explained = try await get(record, ["--explain"])
    #expect(explained.exitCode == .damage && explained.output.contains("Generic/Generic"))
  }

  @Test func aRecordWithoutAPageBelowIsDamage() async throws {
    let record = Self.record(Self.genericManager, Self.fragment(8184, [1]))
    for more in [[], ["--base"]] {
      let got = try await get(record, hasImage: false, more)
      #expect(got.exitCode == .damage && got.error.contains("found no page"), "\(got.error)")
    }
  }

  @Test func recordsOfAnUnknownResourceManagerEndWith69() async throws {
    let got = try await get(Self.record(Self.unknownManager, [1]))
    #expect(got.exitCode == .needsRedo)
    #expect(got.error.contains("1 WAL record of 0/1700010 would have to be applied to an image of 0/1700008"))
    #expect(got.error.contains("custom200") && got.error.contains("not supported"))
    #expect(got.error.contains("HINT: ") && got.error.contains("--base"))
    let json = try await get(Self.record(Self.unknownManager, [1]), ["--json"])
    #expect(json.exitCode == .needsRedo && json.output.contains(#""status":"needs-redo""#))
  }
}

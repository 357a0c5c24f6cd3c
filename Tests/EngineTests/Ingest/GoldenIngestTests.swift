@testable import Engine
import Foundation
import IndexFormat
import Testing

/// WAL ingested by ourselves gives what it gave to real page servers.
@Suite(.enabled(if: Golden.isPresent, Golden.absence))
struct GoldenIngestTests {
  static let a = GoldenIngest(
    tenant: "A",
    timeline: TimelineID("5fe8b8114a3857e52fdd46ec6012f196")!,
    version: .v17,
    base: "pageserver/base/A.base.tar.zst",
    start: Lsn(0x200_0028),
    wal: GoldenWAL.folders[0],
    end: Lsn(0x43d_ede0),
    valueCount: 0
  )

  static let cases: [GoldenIngest] = [a]

  /// Each value of each delta layer that page servers wrote is ours, and none of ours is missing there.
  @Test(arguments: cases)
  func ingestGivesTheValuesInTheLayers(of golden: GoldenIngest) async throws {
    let growth = try await golden.grow()
    let ours = GoldenIngest.values(growth.timeline())
    var seen: Set<TreeKey> = []
    var wrong: [String: Int] = [:]
    var examples: [String: String] = [:]
    func miss(_ kind: String, _ example: String) {
      wrong[kind, default: 0] += 1
      examples[kind] = examples[kind] ?? example
    }
    let files = try Golden.withTenant("pageserver/tenants/\(golden.tenant).tar.zst") { files in
      try files.filter { $0.object.timeline == golden.timeline }.map { ($0.object, try $0.bytes()) }
    }
    for (object, bytes) in files {
      _ = try object.check(bytes) { entry, value in
        let key = TreeKey(entry.key, entry.lsn)
        let theirs: [UInt8]
        if object.name.isDelta {
          theirs = value.withUnsafeBytes { [UInt8]($0) }
        } else {
          guard object.name.startLsn == golden.start else { return }
          var image: [UInt8] = []
          LayerValue.image(value.withUnsafeBytes { [UInt8]($0) }).encode(into: &image)
          theirs = image
        }
        seen.insert(key)
        guard let own = ours[key] else {
          miss("missing: \(GoldenIngest.kind(entry.key, theirs))", "\(KeyClass(entry.key)) \(entry.lsn)")
          return
        }
        if !GoldenIngest.isEqual(entry.key, own, theirs) {
          miss(
            "other: \(GoldenIngest.kind(entry.key, theirs)), ours \(GoldenIngest.kind(entry.key, own))",
            "\(KeyClass(entry.key)) \(entry.lsn)"
          )
        }
      }
    }
    for (key, value) in ours where !seen.contains(key) {
      miss("extra: \(GoldenIngest.kind(key.key, value))", "\(KeyClass(key.key)) \(key.lsn)")
    }
    for (kind, count) in wrong.sorted(by: { $0.value > $1.value }).prefix(40) {
      print(count, kind.prefix(300), "at", examples[kind] ?? "")
    }
    print(golden.testDescription, ours.count, seen.count, wrong.values.reduce(0, +))
    #expect(wrong.isEmpty)
  }
}

import IndexFormat
import Testing

@testable import Scrubber

/// The damages of the golden set, each with what a scan must say of it that it does not say of the undamaged bucket.
struct DamageTests {
  @Test func printAll() async throws {
    for (file, tenants) in [("damage-2026", ["B", "E"]), ("damage-2024", ["J"])] {
      let clean = await ScanRecord.scan(try BucketFixture(tenants: tenants).makeStore())
      for damage in try Damage.all(file) {
        var bucket = try BucketFixture(tenants: tenants)
        try bucket.apply(damage)
        let r = await ScanRecord.scan(try bucket.makeStore())
        let new = r.findings.filter { !clean.findings.contains($0) }
        print("##", file, damage.name, r.summary.coverage.isComplete, Set(new.map { "\($0.code.rawValue)" }).sorted())
        for n in new.prefix(4) { print("      ", n.code.rawValue, n.tenantShard?.description.suffix(5) ?? "", n.timeline?.description.prefix(6) ?? "", n.message.prefix(140), "|", n.seen?.prefix(60) ?? "", "|", n.objectKey?.suffix(50) ?? "") }
      }
    }
  }
}

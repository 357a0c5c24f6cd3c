import Engine
import IndexFormat
import Testing

/// Single flipped bits in real pages: which share is seen, and that nothing traps.
enum PageDamage {
  static let flipCount = 10_000

  /// How many of 10,000 flips are seen, with a repeatable choice of bits. `docs/verification-pages.md` tells them.
  static func seenFlips(_ sample: PageSamples.Sample, _ check: PageCheck) -> Int {
    var generator = RepeatableGenerator(seed: Fuzzing.seed)
    var page = sample.bytes
    var seen = 0
    for _ in 0..<flipCount {
      let bit = generator.below(page.count * 8)
      page[bit / 8] ^= 1 << UInt8(bit % 8)
      if check.problem(of: page.span.bytes, as: sample.kind, block: sample.block) != nil { seen += 1 }
      page[bit / 8] ^= 1 << UInt8(bit % 8)
    }
    return seen
  }

  /// Compares with what at least must be seen, by the names of samples.
  static func expect(_ floors: [String: Int], of samples: PageSamples, _ check: PageCheck) {
    for (name, floor) in floors.sorted(by: { $0.key < $1.key }) {
      guard let sample = samples.samples[name] else {
        Issue.record("no page of this kind: \(name)")
        continue
      }
      #expect(check.problem(of: sample.bytes.span.bytes, as: sample.kind, block: sample.block) == nil)
      let seen = seenFlips(sample, check)
      print("\(name): \(seen) of \(flipCount) flips seen")
      #expect(seen >= floor, "\(name)")
    }
  }
}

@Suite(.enabled(if: Golden.isPresent, Golden.absence))
struct PageDamageTests {
  /// A little below what is seen: which bits are flipped depends on the seed.
  private static let floors = [
    "brin map": 9800, "brin meta": 10, "brin tuples": 40, "btree inner": 150, "btree leaf": 2800,
    "btree meta": 25,
    "free space map": 3, "gin deleted": 3, "gin entry leaf": 2000, "gin meta": 20, "gist inner": 45,
    "gist leaf": 1150, "hash bitmap": 8, "hash bucket": 3400, "hash meta": 5300, "hash overflow": 20,
    "hash unused": 8,
    "pg_multixact/members": 2300, "pg_multixact/offsets": 1100, "pg_xact": 0, "sequence": 8,
    "spgist inner": 120,
    "spgist leaf": 2400, "spgist meta": 20, "table": 3400, "visibility map": 4700,
  ]

  @Test func flippedBitsAreSeen() throws {
    let samples = try PageSamples(golden: "pageserver/oracle/A.main@end.values.bin.zst")
    PageDamage.expect(Self.floors, of: samples, PageCheck(version: .v17, limits: samples.limits))
    #expect(Set(samples.samples.keys) == Set(Self.floors.keys))
  }
}

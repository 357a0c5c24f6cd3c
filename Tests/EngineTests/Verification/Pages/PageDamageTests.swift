import Engine
import IndexFormat
import Testing

/// Real pages with single flipped bits: what is seen, and that nothing traps.
@Suite(.enabled(if: Golden.isPresent, Golden.absence))
struct PageDamageTests {
  /// How many of 1,000 flips at least are seen. `docs/verification-pages.md` has the numbers in words.
  static let floors: [String: Int] = [:]

  @Test func flippedBitsAreSeen() throws {
    let samples = try PageSamples(golden: "pageserver/oracle/A.main@end.values.bin.zst")
    let check = PageCheck(version: .v17, limits: samples.limits)
    for sample in samples.samples.values.sorted(by: { $0.name < $1.name }) {
      #expect(check.problem(of: sample.bytes.span.bytes, as: sample.kind, block: sample.block) == nil)
      var generator = RepeatableGenerator(seed: Fuzzing.seed)
      var page = sample.bytes
      var seen = 0
      for _ in 0..<10_000 {
        let bit = generator.below(page.count * 8)
        page[bit / 8] ^= 1 << UInt8(bit % 8)
        if check.problem(of: page.span.bytes, as: sample.kind, block: sample.block) != nil { seen += 1 }
        page[bit / 8] ^= 1 << UInt8(bit % 8)
      }
      print("\(sample.name): \(seen) of 10000 flips seen")
      let floor = Self.floors[sample.name, default: 0]
      #expect(seen >= floor * 10, "\(sample.name)")
    }
    for name in Self.floors.keys { #expect(samples.samples[name] != nil, "\(name)") }
  }
}

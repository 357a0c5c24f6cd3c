@testable import Engine
import Foundation
import IndexFormat
import Testing

/// The proof by damage: what is damaged is found and named, and what nothing can see is known beforehand.
@Suite(.enabled(if: Golden.isPresent, Golden.absence), .serialized)
struct DamageTests {
  private static func number(_ variable: String) -> Int? {
    ProcessInfo.processInfo.environment[variable].flatMap { Int($0) }
  }

  /// `SCRUBBER_DAMAGES` and `SCRUBBER_DAMAGE_TENANTS` make it the long one.
  @Test func damagesAreFoundAndNamed() async throws {
    let environment = ProcessInfo.processInfo.environment
    let tenants = environment["SCRUBBER_DAMAGE_TENANTS"] ?? "C"
    let report = environment["SCRUBBER_DAMAGE_REPORT"]
    let run = try await DamageRun.run(
      tenants.split(separator: ",").map(String.init),
      count: Self.number("SCRUBBER_DAMAGES") ?? 2 * DamageKind.allCases.count,
      seed: Fuzzing.seed
    ) { line in
      if report != nil { FileHandle.standardError.write(Data((line + "\n").utf8)) }
    }
    if let report {
      let text = run.table + "\n\nfull: \(run.sampled), \(run.duration)\n\n" + run.failures.joined(separator: "\n")
      try Data((text + "\n").utf8).write(to: URL(filePath: report))
    }
    #expect(run.failures.isEmpty, "\(run.failures.prefix(20).joined(separator: "\n"))")
  }

  /// Snapshots of histories that nothing is wrong with: `SCRUBBER_HISTORIES` says how many.
  @Test func cleanHistoriesGiveNoFinding() async throws {
    let count = Self.number("SCRUBBER_HISTORIES") ?? 12
    let report = ProcessInfo.processInfo.environment["SCRUBBER_DAMAGE_REPORT"]
    let scratch = try TemporaryFolder()
    let cases = GoldenIngestTests.cases.filter { ["A", "F", "G"].contains($0.tenant) && $0.isFromArchive }
    var coverage = VerificationCoverage()
    var lines: [String] = []
    let clock = ContinuousClock()
    let begin = clock.now
    for (index, golden) in cases.enumerated() {
      var generator = RepeatableGenerator(seed: Fuzzing.seed &+ UInt64(index))
      let source = try await HistorySource(golden, startCount: count > 100 ? 8 : 2, &generator)
      for number in count * index / cases.count..<count * (index + 1) / cases.count {
        var history = CleanHistory(source, seed: Fuzzing.seed &+ UInt64(number) << 20, scratch: scratch)
        let result = try await history.verify()
        #expect(result.findings.isEmpty && result.coverage.addsUp, "\(golden) \(number): \(result.texts)")
        if !result.findings.isEmpty { lines.append("\(golden) \(number): \(result.texts)") }
        coverage += result.coverage
      }
    }
    lines.append("\(count) histories, \(clock.now - begin): \(coverage.texts)")
    if let report { try Data(lines.joined(separator: "\n").utf8).write(to: URL(filePath: report)) }
  }
}

extension GoldenIngest {
  var isFromArchive: Bool {
    if case .archive = base { true } else { false }
  }
}

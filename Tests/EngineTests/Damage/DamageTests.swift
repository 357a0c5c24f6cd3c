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
      let text =
        run.table + "\n\nfull: \(run.sampled), \(run.duration)\n\n" + run.failures.joined(separator: "\n")
      try Data((text + "\n").utf8).write(to: URL(filePath: report))
    }
    #expect(run.failures.isEmpty, "\(run.failures.prefix(20).joined(separator: "\n"))")
  }

  /// Snapshots of histories that nothing is wrong with: `SCRUBBER_HISTORIES` says how many.
  @Test func cleanHistoriesAccuseNothing() async throws {
    let count = Self.number("SCRUBBER_HISTORIES") ?? 6
    let report = ProcessInfo.processInfo.environment["SCRUBBER_DAMAGE_REPORT"]
    let scratch = try TemporaryFolder()
    let cases = GoldenIngestTests.cases.filter { ["A", "F", "G"].contains($0.tenant) && $0.isFromArchive }
    let clock = ContinuousClock()
    let begin = clock.now
    var sum = VerificationResult()
    var lines: [String] = []
    try await withThrowingTaskGroup(of: (VerificationResult, [String]).self) { group in
      for (index, golden) in cases.enumerated() {
        let numbers = count * index / cases.count..<count * (index + 1) / cases.count
        group.addTask { try await Self.verify(golden, numbers, startCount: count > 100 ? 8 : 2, scratch) }
      }
      for try await (result, texts) in group {
        sum += result
        lines += texts
      }
    }
    #expect(lines.isEmpty && sum.coverage.addsUp, "\(lines.prefix(5).joined(separator: "\n"))")
    let informations = Set(sum.findings.map(\.code)).map(\.rawValue).sorted()
    lines.append(
      "\(count) histories, \(clock.now - begin): \(sum.coverage.texts); "
        + "\(sum.findings.count) informations \(informations)"
    )
    if let report { try Data(lines.joined(separator: "\n").utf8).write(to: URL(filePath: report)) }
  }

  private static func verify(
    _ golden: GoldenIngest,
    _ numbers: Range<Int>,
    startCount: Int,
    _ scratch: TemporaryFolder
  ) async throws -> (VerificationResult, [String]) {
    var generator = RepeatableGenerator(seed: Fuzzing.seed &+ UInt64(numbers.lowerBound))
    let source = try await HistorySource(golden, startCount: startCount, &generator)
    var sum = VerificationResult()
    var texts: [String] = []
    for number in numbers {
      var history = CleanHistory(source, seed: Fuzzing.seed &+ UInt64(number) << 20, scratch: scratch)
      let result = try await history.verify()
      if !result.accusations.isEmpty { texts.append("\(golden.tenant) \(number): \(result.texts)") }
      sum.coverage += result.coverage
      // What a transaction under way has made is told as information: no row names it yet.
      sum.findings += result.findings.filter { $0.severity != .error && $0.severity != .warning }
    }
    return (sum, texts)
  }
}

extension GoldenIngest {
  var isFromArchive: Bool {
    if case .archive = base { true } else { false }
  }
}

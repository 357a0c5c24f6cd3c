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
    var run = DamageRun()
    try await run.run(
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
}

import Foundation
import IndexFormat
import Testing

@testable import Scrubber

/// Verifying real tenants, whole and damaged, by the built program.
@Suite(.enabled(if: Golden.isPresent, Golden.absence), .serialized, .timeLimit(.minutes(60)))
struct VerifyGoldenTests {
  @Test(arguments: ["A", "B", "E", "F"])
  func aRealTenantIsInOrderToTheLastKey(_ tenant: String) throws {
    let bucket = try RealBucket.unpack([tenant])
    let outcome = try VerifyProgram.run(bucket.path, ["--json"])
    #expect(outcome.exitCode == 0, "\(outcome.output.prefix(4000)) \(outcome.error)")
    let json = try VerifyProgram.document(outcome)
    #expect((json["coverage"] as? [String: Any])?["complete"] as? Bool == true)
    let keys = try json.tally("keys")
    #expect(keys.present > 0 && keys.checked == keys.present, "\(keys)")
    let counts = try #require(json["counts_by_severity"] as? [String: Int])
    #expect(counts["error"] == 0 && counts["warning"] == 0, "\(json["counts_by_code"] ?? "")")
  }

  /// A layer of B is damaged in places that a seed picks.
  private func damagedB() throws -> (bucket: TemporaryFolder, layer: String) {
    let bucket = try RealBucket.unpack(["B"])
    var generator = SeededRandom(seed: 11)
    let layers = try FileManager.default.subpathsOfDirectory(atPath: bucket.path).sorted()
      .filter { $0.contains("-0304/timelines/4cff11de") && $0.contains("__") }
    let layer = try #require(layers.randomElement(using: &generator))
    let file = URL(filePath: "\(bucket.path)/\(layer)")
    var bytes = try Data(contentsOf: file)
    for _ in 0..<50 { bytes[Int.random(in: 8192..<bytes.count, using: &generator)] ^= 0x10 }
    try bytes.write(to: file)
    return (bucket, layer)
  }

  @Test func killedAtAnyMomentItGoesOnToTheSameEnd() throws {
    let (bucket, layer) = try damagedB()
    let whole = try VerifyProgram.run(bucket.path, ["--json", "-j", "2"])
    #expect(whole.exitCode == ExitCode.damage.rawValue, "\(whole.error)")
    // An image is held against history, so it may be the image's finding that names the layer, by its name alone.
    let name = try #require(layer.split(separator: "/").last).dropLast("-00000001".count)
    #expect(whole.output.contains(name))
    let expected = try VerifyProgram.document(whole)
    #expect(
      expected == (try VerifyProgram.document(try VerifyProgram.run(bucket.path, ["--json", "-j", "4"])))
    )
    var generator = SeededRandom(seed: 5)
    var killed = 0
    for _ in 0..<3 {
      let state = try TemporaryFolder()
      for _ in 0..<8 {
        let (process, _, _) = try BuiltProgram.start(
          ["verify", bucket.path, "--json", "-j", "2", "--resume"],
          environment: ["XDG_STATE_HOME": state.path]
        )
        usleep(UInt32.random(in: 50_000...2_000_000, using: &generator))
        if process.isRunning {
          kill(process.processIdentifier, SIGKILL)
          killed += 1
        }
        process.waitUntilExit()
      }
      let last = try VerifyProgram.run(bucket.path, ["--json", "-j", "2", "--resume"], state: state)
      #expect(last.exitCode == ExitCode.damage.rawValue, "\(last.error)")
      #expect(try VerifyProgram.document(last) == expected)
      // Nothing is left to go on with.
      #expect(try BackupProgram.names("\(state.path)/scrubber") == [])
    }
    #expect(killed > 3)
  }

  @Test func aSignalEndsItWithItsCodeAndWhatIsKnown() throws {
    let (bucket, _) = try damagedB()
    let state = try TemporaryFolder()
    let (process, output, error) = try BuiltProgram.start(
      ["verify", bucket.path, "--json", "-j", "2"],
      environment: ["XDG_STATE_HOME": state.path]
    )
    usleep(1_500_000)
    process.interrupt()
    let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    let said = String(decoding: try error.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == ExitCode.interrupted.rawValue, "\(said)")
    if !text.isEmpty { #expect(text.contains(#""interrupted":true"#)) }
    let (again, lines, _) = try BuiltProgram.start(
      ["verify", bucket.path, "-j", "2"],
      environment: ["XDG_STATE_HOME": state.path]
    )
    usleep(1_500_000)
    again.interrupt()
    let report = String(decoding: try lines.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    again.waitUntilExit()
    #expect(again.terminationStatus == ExitCode.interrupted.rawValue)
    // Of what was not done nothing is claimed.
    #expect(report.isEmpty || report.contains("of the units that were done is accounted for"), "\(report)")
  }
}

import Foundation
import Testing
@testable import Scrubber

/// The program as users run it: standard output, standard error and exit code.
@Suite struct BuiltProgramTests {
  @Test func helpGoesToStandardOutput() throws {
    let outcome = try BuiltProgram.run(["--help"])
    try GoldenText.expect(outcome.output, isIn: "help.txt")
    #expect(outcome.error == "")
    #expect(outcome.exitCode == 0)
  }

  @Test func versionIsToldWithItsCommit() throws {
    let outcome = try BuiltProgram.run(["--version"])
    #expect(outcome.output == Version.text)
    #expect(outcome.exitCode == 0)
  }

  /// `make test` says what is being built.
  @Test(
    .enabled(
      if: commitBeingBuilt != nil,
      "SKIPPED, NOT CHECKED: run by make test, which sets SCRUBBER_COMMIT"
    )
  )
  func versionIsThatOfTheBuild() throws {
    let outcome = try BuiltProgram.run(["--version"])
    let commit = try #require(Self.commitBeingBuilt)
    #expect(outcome.output.hasPrefix("scrubber \(Version.program) (\(commit))\n"))
    #expect(outcome.output.contains("index_part.json versions 1-15, tenant manifest 1-2"))
    #expect(outcome.output.contains("PostgreSQL 14-17"))
  }

  private static let commitBeingBuilt = ProcessInfo.processInfo.environment["SCRUBBER_COMMIT"]

  @Test func unknownOptionEndsWith64AndTheNearestName() throws {
    let outcome = try BuiltProgram.run(["scan-metadata", "--buckte", "/srv"])
    #expect(outcome.output == "")
    #expect(
      outcome.error
        == "scrubber: unknown option --buckte of scan-metadata\nHINT: Did you mean --bucket? All options: scrubber help scan-metadata\n"
    )
    #expect(outcome.exitCode == 64)
  }

  @Test func unknownCommandEndsWith64() throws {
    let outcome = try BuiltProgram.run(["explian"])
    #expect(outcome.error.contains("Did you mean explain?"))
    #expect(outcome.exitCode == 64)
  }

  @Test func noCommandEndsWith64() throws {
    let outcome = try BuiltProgram.run([])
    #expect(outcome.error == "scrubber: no command is given\nHINT: See scrubber --help.\n")
    #expect(outcome.exitCode == 64)
  }

  @Test func environmentReachesTheProgram() throws {
    let outcome = try BuiltProgram.run(
      ["scan-metadata", "-n", "pageserver"],
      environment: [
        "BUCKET": "name", "REGION": "r", "HOME": "/nonexistent", "AWS_EC2_METADATA_DISABLED": "true",
      ]
    )
    #expect(outcome.error.hasPrefix("scrubber: no credentials for S3; tried: environment (AWS_ACCESS_KEY_ID"))
    #expect(outcome.exitCode == 1)
  }

  @Test func explainPrintsOneCode() throws {
    let outcome = try BuiltProgram.run(["explain", "layer.missing"])
    try GoldenText.expect(outcome.output, isIn: "explain-layer.missing.txt")
    #expect(outcome.exitCode == 0)
  }

  @Test func closedPipeEndsQuietly() throws {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    // The reader is gone before the first byte; the program's own exit code comes through descriptor 3.
    process.arguments = [
      "-c", #"exec 3>&1; { sleep 0.2; "$0" explain --markdown; echo "exit $?" >&3; } 2>&3 | true"#,
      try BuiltProgram.path().path,
    ]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    #expect(text == "exit 1\n")
  }

  @Test func fullDiskIsNoSuccess() throws {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = [
      "-c", #""$0" explain 2>&1 >/dev/full; echo "exit $?""#, try BuiltProgram.path().path,
    ]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    #expect(text == "scrubber: cannot write to standard output: No space left on device\nexit 1\n")
  }
}

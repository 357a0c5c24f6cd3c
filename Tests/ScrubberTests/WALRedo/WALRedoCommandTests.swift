import Engine
import Foundation
import IndexFormat
import Testing

@testable import Scrubber

struct WALRedoCommandTests {
  private static func rules(
    _ arguments: [String],
    program: String = "scrubber",
    _ environment: [String: String] = [:]
  ) throws -> RedoRules? {
    guard
      case .walRedo(let command) = try Invocation(
        arguments,
        program: program,
        environment: Environment(environment)
      )
    else { return nil }
    return command.rules
  }

  @Test func theVersionIsThatOfTheFolder() throws {
    let path = "/opt/v15/pg_install/v16/bin/postgres"
    #expect(try Self.rules(["--wal-redo", "--tenant-shard-id", "x"], program: path)?.version == .v16)
    let libraries = ["LD_LIBRARY_PATH": "/opt/pg_install/v14/lib"]
    #expect(try Self.rules(["--wal-redo", "--disable-seccomp"], libraries)?.version == .v14)
    #expect(try Self.rules(["wal-redo", "--pg-version", "17"], program: path, libraries)?.version == .v17)
    #expect(throws: UsageError.self) { try Self.rules(["wal-redo"], program: "/usr/v99/vx/bin/postgres") }
    #expect(throws: UsageError.self) { try Self.rules(["wal-redo", "--pg-version", "13"]) }
  }

  @Test func onlyOldRecordsHaveADialect() throws {
    #expect(try Self.rules(["wal-redo", "--pg-version", "15"])?.hasNeonHeapRecords == true)
    #expect(
      try Self.rules(["wal-redo", "--pg-version", "15", "--dialect", "postgres"])?.hasNeonHeapRecords == false
    )
    #expect(try Self.rules(["wal-redo", "--pg-version", "16"])?.hasNeonHeapRecords == false)
  }

  @Test func theInputMustEndBetweenMessages() throws {
    let cases: [(input: [UInt8], exitCode: Int32, error: String)] = [
      ([], 0, ""),
      ([0x48, 0, 0], 2, "scrubber: wal-redo: end of input within a message, after 3 bytes of it\n"),
      ([0x51], 2, "scrubber: wal-redo: message: found kind 81, expected one of B, P, A, G, H\n"),
    ]
    for (input, exitCode, error) in cases {
      let process = Process()
      process.executableURL = try BuiltProgram.path()
      process.arguments = ["wal-redo", "--pg-version", "17"]
      process.environment = [:]
      let (stdin, stdout, stderr) = (Pipe(), Pipe(), Pipe())
      (process.standardInput, process.standardOutput, process.standardError) = (stdin, stdout, stderr)
      try process.run()
      try stdin.fileHandleForWriting.write(contentsOf: Data(input))
      try stdin.fileHandleForWriting.close()
      #expect(try stdout.fileHandleForReading.readToEnd() ?? Data() == Data())
      let text = try stderr.fileHandleForReading.readToEnd() ?? Data()
      process.waitUntilExit()
      #expect(process.terminationStatus == exitCode)
      #expect(String(decoding: text, as: UTF8.self) == error)
    }
  }
}

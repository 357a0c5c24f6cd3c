import Foundation
import Testing

/// The program that was built together with these tests.
struct BuiltProgram {
  struct Outcome {
    var output: String
    var error: String
    var exitCode: Int32
  }

  static func run(_ arguments: [String], environment: [String: String] = [:]) throws -> Outcome {
    let (process, output, error) = try start(arguments, environment: environment)
    // Both texts are far smaller than what a pipe holds, so reading one after the other cannot block.
    let outputText = try output.fileHandleForReading.readToEnd() ?? Data()
    let errorText = try error.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return Outcome(
      output: String(decoding: outputText, as: UTF8.self),
      error: String(decoding: errorText, as: UTF8.self),
      exitCode: process.terminationReason == .exit ? process.terminationStatus : -1
    )
  }

  static func start(
    _ arguments: [String],
    environment: [String: String] = [:]
  ) throws -> (process: Process, output: Pipe, error: Pipe) {
    let process = Process()
    process.executableURL = try path()
    process.arguments = arguments
    process.environment = environment
    let (output, error) = (Pipe(), Pipe())
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = error
    try process.run()
    return (process, output, error)
  }

  /// Beside the running test program.
  static func path() throws -> URL {
    let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let beside = URL(filePath: tests).deletingLastPathComponent().appending(path: "scrubber")
    if FileManager.default.isExecutableFile(atPath: beside.path) { return beside }
    // A runner of the toolchain may load the tests; it gets their path as an argument.
    let bundle = try #require(CommandLine.arguments.first { $0.contains(".xctest") })
    return URL(filePath: bundle).deletingLastPathComponent().appending(path: "scrubber")
  }
}

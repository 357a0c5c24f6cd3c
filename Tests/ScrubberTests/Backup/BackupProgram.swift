import Foundation
import Testing

@testable import Scrubber

/// The built program writing data directories, and what they hold.
enum BackupProgram {
  /// What a folder holds: files by path with length and SHA-256, and its folders.
  struct Content: Equatable {
    var folders: Set<String> = []
    var files: [String: File] = [:]
  }

  struct File: Equatable {
    var byteCount: Int
    var digest: String
  }

  /// What a shell command printed to standard error, and how it ended.
  struct Outcome {
    var error: String
    var exitCode: Int32
  }

  /// Runs the program in a shell, as `"$0"`, with what stands in front of it and behind it.
  ///
  /// - arguments: without quotes in them.
  static func shell(
    before: String = "",
    _ arguments: [String],
    behind: String = "",
    environment: [String: String] = [:]
  ) throws -> Outcome {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/bash")
    let words = arguments.map { "'\($0)'" }.joined(separator: " ")
    process.arguments = [
      "-o", "pipefail", "-c", "\(before) \"$0\" \(words) \(behind)", try BuiltProgram.path().path,
    ]
    process.environment = environment.merging(["PATH": "/usr/bin:/bin"]) { $1 }
    let error = Pipe()
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = error
    try process.run()
    let text = String(decoding: try error.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    return Outcome(
      error: text,
      exitCode: process.terminationReason == .exit ? process.terminationStatus : -1
    )
  }

  /// Unpacks what the program writes to standard output, by tar.
  static func unpack(
    _ arguments: [String],
    into folder: String,
    environment: [String: String] = [:]
  ) throws -> Outcome {
    try shell(arguments, behind: "| tar -x -C '\(folder)'", environment: environment)
  }

  static func content(of folder: String) throws -> Content {
    var content = Content()
    for path in try FileManager.default.subpathsOfDirectory(atPath: folder) {
      var isFolder: ObjCBool = false
      try #require(FileManager.default.fileExists(atPath: "\(folder)/\(path)", isDirectory: &isFolder))
      if isFolder.boolValue {
        content.folders.insert(path)
      } else {
        let bytes = [UInt8](try Data(contentsOf: URL(filePath: "\(folder)/\(path)")))
        let digest = HexText.string(Digest.sha256(bytes).span.bytes)
        content.files[path] = File(byteCount: bytes.count, digest: digest)
      }
    }
    return content
  }

  /// What is in an archive, byte for byte.
  static func bytes(_ path: String) throws -> Data { try Data(contentsOf: URL(filePath: path)) }

  static func names(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  }
}

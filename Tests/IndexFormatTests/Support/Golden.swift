import Foundation
import Testing

/// Data made by real systems, which is not part of the repository: named by `SCRUBBER_GOLDEN`, or
/// `shared/golden` beside the checkout.
enum Golden {
  static let folder: URL = {
    if let path = ProcessInfo.processInfo.environment["SCRUBBER_GOLDEN"] { return URL(filePath: path) }
    // Support, IndexFormatTests, Tests, and the checkout itself.
    return (0..<5).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }
      .appending(path: "shared/golden")
  }()

  /// Whether the data is there; `.enabled(if: Golden.isPresent, Golden.absence)` skips a test loudly if not.
  static let isPresent = FileManager.default.fileExists(atPath: folder.appending(path: "README.md").path)
  static let absence: Comment = "no golden data: set SCRUBBER_GOLDEN to its folder"

  struct CommandFailed: Error {
    let command: String
    let status: Int32
  }

  /// The content of a file, unpacked if its name ends in `.zst`.
  static func content(_ path: String) throws -> [UInt8] {
    let file = folder.appending(path: path).path
    return path.hasSuffix(".zst") ? try output("zstd -dcq \"$0\"", file) : try output("cat \"$0\"", file)
  }

  static func lines(_ path: String) throws -> [String] { lines(try content(path)) }

  /// Names of the files (not folders) in a packed tar archive.
  static func archiveNames(_ path: String) throws -> [String] {
    lines(try output("zstd -dcq \"$0\" | tar -t", folder.appending(path: path).path)).filter {
      !$0.hasSuffix("/")
    }
  }

  /// One file of a packed tar archive, line by line.
  static func archiveLines(_ path: String, member: String) throws -> [String] {
    lines(try output("zstd -dcq \"$0\" | tar -xO \"$1\"", folder.appending(path: path).path, member))
  }

  private static func lines(_ bytes: [UInt8]) -> [String] {
    bytes.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
  }

  private static func output(_ script: String, _ arguments: String...) throws -> [UInt8] {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/bash")
    process.arguments = ["-o", "pipefail", "-c", script] + arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw CommandFailed(command: "\(script) \(arguments)", status: process.terminationStatus)
    }
    return [UInt8](data)
  }
}

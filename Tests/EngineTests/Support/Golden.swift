import Foundation
import Testing

/// Data made by real systems, which is not part of the repository: named by `SCRUBBER_GOLDEN`, or `shared/golden`
/// beside the checkout.
enum Golden {
  static let folder: URL = {
    if let path = ProcessInfo.processInfo.environment["SCRUBBER_GOLDEN"] { return URL(filePath: path) }
    // Support, EngineTests, Tests, and the checkout itself.
    return (0..<5).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }
      .appending(path: "shared/golden")
  }()

  static let isPresent = FileManager.default.fileExists(atPath: folder.appending(path: "README.md").path)
  static let absence: Comment = "no golden data: set SCRUBBER_GOLDEN to its folder"

  /// The tenants of both eras.
  static let tenants =
    ["A", "B", "C", "D", "E", "F", "G", "H", "I"].map { "pageserver/tenants/\($0).tar.zst" }
    + ["J", "K", "M"].map { "pageserver-2024/tenants/\($0).tar.zst" }

  /// Unpacks a tenant into a folder that is removed behind `body`.
  static func withTenant<Result>(_ archive: String, _ body: ([LayerFile]) throws -> Result) throws -> Result {
    let target = FileManager.default.temporaryDirectory.appending(path: "scrubber-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
    // The system clears its temporary folder; what the test says counts.
    defer { try? FileManager.default.removeItem(at: target) }
    try unpack(archive, into: target)
    return try body(try LayerFile.all(below: target))
  }
}

extension Golden {
  static func unpack(_ archive: String, into target: URL) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/bash")
    process.arguments = [
      "-o", "pipefail", "-c", "zstd -dcq --long=27 \"$0\" | tar -x -C \"$1\"",
      folder.appending(path: archive).path,
      target.path,
    ]
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw CocoaError(.fileReadCorruptFile) }
  }

  /// The text in a compressed file.
  static func text(_ path: String) throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/zstd")
    process.arguments = ["-dcq", "--long=27", folder.appending(path: path).path]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let bytes = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw CocoaError(.fileReadCorruptFile) }
    return String(decoding: bytes, as: UTF8.self)
  }
}

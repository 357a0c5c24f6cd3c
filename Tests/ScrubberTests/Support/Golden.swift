import Foundation
import Testing

/// Data made by real systems, which is not part of the repository: named by `SCRUBBER_GOLDEN`, or `shared/golden`
/// beside the checkout.
enum Golden {
  static let folder: URL = {
    if let path = ProcessInfo.processInfo.environment["SCRUBBER_GOLDEN"] { return URL(filePath: path) }
    return GoldenText.root.deletingLastPathComponent().appending(path: "shared/golden")
  }()

  static let isPresent = FileManager.default.fileExists(atPath: folder.appending(path: "README.md").path)
  static let absence: Comment = "no golden data: set SCRUBBER_GOLDEN to its folder"

  /// All tenants of both eras.
  static let tenants =
    ["A", "B", "C", "D", "E", "F", "G", "H", "I"].map { "pageserver/tenants/\($0).tar.zst" }
    + ["J", "K", "M"].map { "pageserver-2024/tenants/\($0).tar.zst" }

  /// Unpacks an archive into a folder.
  static func unpack(_ archive: String, into target: String) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/bash")
    process.arguments = [
      "-o", "pipefail", "-c", "zstd -dcq --long=27 \"$0\" | tar -x -C \"$1\"",
      folder.appending(path: archive).path, target,
    ]
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw CocoaError(.fileReadCorruptFile) }
  }
}

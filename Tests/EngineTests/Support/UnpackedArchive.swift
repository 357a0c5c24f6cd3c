import Foundation

/// An archive of the golden data, unpacked into a folder that goes away with this.
final class UnpackedArchive: Sendable {
  let url: URL

  /// - path: below the golden folder.
  init(_ path: String) throws {
    url = FileManager.default.temporaryDirectory.appending(path: "scrubber-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    let process = Process()
    process.executableURL = URL(filePath: "/bin/bash")
    process.arguments = [
      "-o", "pipefail", "-c", "zstd -dcq \"$0\" | tar -x -C \"$1\"", Golden.folder.appending(path: path).path,
      url.path,
    ]
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw CocoaError(.fileReadCorruptFile) }
  }

  deinit {
    // The system clears its temporary folder; what the test says counts.
    try? FileManager.default.removeItem(at: url)
  }

  /// What a file that zstd compressed holds, without unpacking it to the disk.
  static func decompress(_ path: String) throws -> [UInt8] {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["zstd", "-dcq", Golden.folder.appending(path: path).path]
    process.standardOutput = pipe
    try process.run()
    let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw CocoaError(.fileReadCorruptFile) }
    return [UInt8](data)
  }
}

import Foundation
import IndexFormat
import Testing

/// The program's scan of the metadata of a folder in which layers have their sizes, but no bytes.
final class MetadataScan {
  struct Line: Hashable {
    var code: String
    var object: String
  }

  private let folder: TemporaryFolder
  private let tenant: DamageTenant
  private let program: URL

  init(_ tenant: DamageTenant) throws {
    self.tenant = tenant
    folder = try TemporaryFolder()
    program = try Self.programPath()
    for (key, bytes) in tenant.objects { try put(key, bytes) }
  }

  private func path(_ key: String) -> String { "\(folder.path)/pageserver/v1/tenants/\(key)" }

  private func put(_ key: String, _ bytes: [UInt8]?) throws {
    let url = URL(filePath: path(key))
    guard let bytes else {
      try FileManager.default.removeItem(at: url)
      return
    }
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(),
      withIntermediateDirectories: true
    )
    guard LayerFile(url) == nil else {
      try Data().write(to: url)
      try #require(truncate(url.path, bytes.count) == 0)
      return
    }
    try Data(bytes).write(to: url)
  }

  /// What is told of the tenant with other objects.
  func run(_ changes: [String: [UInt8]?]) throws -> [Line] {
    for (key, bytes) in changes { try put(key, bytes) }
    defer {
      for key in changes.keys {
        // A folder that is not as it was would be told by the next scan.
        try? put(key, tenant.objects[key])
      }
    }
    let process = Process()
    process.executableURL = program
    process.arguments = ["scan-metadata", "--bucket", folder.path, "-n", "pageserver", "--format", "ndjson"]
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return try Self.lines(data)
  }

  private static func lines(_ data: Data) throws -> [Line] {
    try data.split(separator: UInt8(ascii: "\n")).compactMap { line in
      let event = try #require(try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
      guard event["type"] as? String == "finding" else { return nil }
      return Line(code: try #require(event["code"] as? String), object: event["object_key"] as? String ?? "")
    }
  }

  /// `SCRUBBER_PROGRAM`, or the one that was built together with these tests.
  private static func programPath() throws -> URL {
    if let path = ProcessInfo.processInfo.environment["SCRUBBER_PROGRAM"] { return URL(filePath: path) }
    let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let beside = URL(filePath: tests).deletingLastPathComponent().appending(path: "scrubber")
    if FileManager.default.isExecutableFile(atPath: beside.path) { return beside }
    let bundle = try #require(CommandLine.arguments.first { $0.contains(".xctest") })
    return URL(filePath: bundle).deletingLastPathComponent().appending(path: "scrubber")
  }
}

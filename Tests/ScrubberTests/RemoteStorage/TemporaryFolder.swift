import Foundation

/// A folder that is removed with all it holds when its test lets go of it.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    var template = Array(
      "\(getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp")/scrubber-test-XXXXXX".utf8CString
    )
    guard mkdtemp(&template) != nil else { throw TemporaryFolderError(call: "mkdtemp", code: errno) }
    path = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
  }

  deinit {
    // What cannot be removed only fills the temporary folder.
    try? FileManager.default.removeItem(atPath: path)
  }

  /// Makes a file with all folders that its path names.
  func write(_ name: String, _ bytes: [UInt8] = []) throws {
    try makeFolder(name.split(separator: "/").dropLast().joined(separator: "/"))
    let file = try check("open", open("\(path)/\(name)", O_WRONLY | O_CREAT | O_TRUNC, 0o644))
    defer { close(file) }
    guard try check("write", Foundation.write(file, bytes, bytes.count)) == bytes.count else {
      throw TemporaryFolderError(call: "write", code: ENOSPC)
    }
  }

  func makeFolder(_ name: String) throws {
    var current = path
    for part in name.split(separator: "/") {
      current += "/\(part)"
      if mkdir(current, 0o755) != 0, errno != EEXIST {
        throw TemporaryFolderError(call: "mkdir", code: errno)
      }
    }
  }

  func makeLink(_ name: String, to target: String) throws {
    try check("symlink", symlink(target, "\(path)/\(name)"))
  }

  func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: "\(path)/\(name)") }

  func names(in folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "\(path)/\(folder)")
  }

  @discardableResult
  func check<Result: SignedInteger>(_ call: String, _ result: Result) throws -> Result {
    guard result >= 0 else { throw TemporaryFolderError(call: call, code: errno) }
    return result
  }
}

struct TemporaryFolderError: Error {
  var call: String
  var code: CInt
}

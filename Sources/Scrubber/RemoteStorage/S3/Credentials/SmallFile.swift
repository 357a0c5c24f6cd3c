import Glibc

/// A file of settings, tokens or keys: read whole, up to a limit.
enum SmallFile {
  static let maxByteCount = 1 << 20

  /// Nil if there is no such file, or it is something else than a file: `AWS_CONFIG_FILE=/dev/null` means none, and a
  /// pipe must not make us wait.
  static func read(_ path: String, limit: Int = maxByteCount) throws(S3ConfigurationError) -> [UInt8]? {
    do throws(SystemCallError) {
      let file = FileDescriptor(
        number: try SystemCallError.check("open the file") {
          open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        }
      )
      var status = stat()
      _ = try SystemCallError.check("look at the file") { fstat(file.number, &status) }
      guard status.st_mode & S_IFMT == S_IFREG else { return nil }
      let bytes = try file.read(count: limit + 1, at: 0)
      if bytes.count <= limit { return bytes }
    } catch {
      if error.code == ENOENT || error.code == ENOTDIR { return nil }
      throw S3ConfigurationError(message: "\(path): \(error)")
    }
    throw S3ConfigurationError(message: "\(path): the file is larger than \(limit) bytes")
  }

  /// The text of a file that must be there, such as that of a token, without white space at its end.
  static func readToken(_ path: String, limit: Int = 64 << 10) throws(S3ConfigurationError) -> String {
    guard let bytes = try read(path, limit: limit) else {
      throw S3ConfigurationError(message: "\(path): there is no such file")
    }
    guard var text = String(validating: bytes, as: UTF8.self)?[...] else {
      throw S3ConfigurationError(message: "\(path): the file is not UTF-8")
    }
    while text.last?.isWhitespace ?? false { text.removeLast() }
    guard !text.isEmpty else { throw S3ConfigurationError(message: "\(path): the file is empty") }
    return String(text)
  }
}

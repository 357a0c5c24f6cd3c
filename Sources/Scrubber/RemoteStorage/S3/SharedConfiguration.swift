import Glibc

/// One profile of the two files that the AWS tools share.
///
/// Sections are `[name]` in the credentials file and `[profile name]` (or `[default]`) in the configuration file; lines
/// are `key = value`; `#` and `;` begin comments; indented lines belong to a nested setting and are passed over.
struct SharedConfiguration: Sendable {
  var profile: String
  var credentialsPath: String
  var configurationPath: String
  private(set) var credentials: [String: String] = [:]
  private(set) var configuration: [String: String] = [:]

  private static let maxByteCount = 1 << 20

  init(environment: Environment) throws(S3ConfigurationError) {
    profile = environment["AWS_PROFILE"] ?? "default"
    let home = environment["HOME"] ?? ""
    credentialsPath = environment["AWS_SHARED_CREDENTIALS_FILE"] ?? "\(home)/.aws/credentials"
    configurationPath = environment["AWS_CONFIG_FILE"] ?? "\(home)/.aws/config"
    credentials = try Self.section([profile], of: credentialsPath)
    let names = profile == "default" ? ["default", "profile default"] : ["profile \(profile)"]
    configuration = try Self.section(names, of: configurationPath)
  }

  private static func section(
    _ names: [String],
    of path: String
  ) throws(S3ConfigurationError) -> [String: String] {
    guard let text = try read(path) else { return [:] }
    return section(names, in: text)
  }

  static func section(_ names: [String], in text: String) -> [String: String] {
    var values: [String: String] = [:]
    var isInside = false
    for line in text.split(whereSeparator: \.isNewline) {
      guard let first = line.first, first != " ", first != "\t", first != "#", first != ";" else { continue }
      if first == "[" {
        let name = line.dropFirst().prefix { $0 != "]" }
        isInside = names.contains(name.split(whereSeparator: \.isWhitespace).joined(separator: " "))
      } else if isInside, let equals = line.firstIndex(of: "=") {
        values[trim(line[..<equals])] = trim(line[line.index(after: equals)...])
      }
    }
    return values.filter { !$0.value.isEmpty }
  }

  private static func trim(_ text: Substring) -> String {
    var text = text.drop(while: \.isWhitespace)
    while text.last?.isWhitespace ?? false { text.removeLast() }
    return String(text)
  }

  /// Nil if there is no such file.
  private static func read(_ path: String) throws(S3ConfigurationError) -> String? {
    do throws(SystemCallError) {
      let file = try SystemCallError.check("open") { open(path, O_RDONLY | O_CLOEXEC) }
      defer { close(file) }
      var bytes: [UInt8] = []
      var chunk = [UInt8](repeating: 0, count: 64 << 10)
      while bytes.count <= maxByteCount {
        let count = try SystemCallError.check("read") { Glibc.read(file, &chunk, chunk.count) }
        if count == 0 { return String(decoding: bytes, as: UTF8.self) }
        bytes += chunk[..<count]
      }
    } catch {
      if error.code == ENOENT || error.code == ENOTDIR { return nil }
      throw S3ConfigurationError(message: "\(path): \(error)")
    }
    throw S3ConfigurationError(message: "\(path): the file is larger than \(maxByteCount) bytes")
  }
}

/// The two files that the AWS tools share, and which profile of them is meant.
///
/// | file | where | sections |
/// |---|---|---|
/// | credentials | `AWS_SHARED_CREDENTIALS_FILE`, else `~/.aws/credentials` | `[PROFILE]` |
/// | configuration | `AWS_CONFIG_FILE`, else `~/.aws/config` | `[profile PROFILE]`, `[default]`, `[sso-session NAME]`, `[services NAME]` |
///
/// The profile is that of `AWS_PROFILE`, else of `AWS_DEFAULT_PROFILE`, else `default`. Names may stand in quotes.
/// Where there is a `[profile default]`, `[default]` is passed over.
struct SharedConfiguration: Sendable {
  let profile: String
  /// Whether somebody asked for this profile, so that it must be there.
  let isProfileNamed: Bool
  let credentialsPath: String
  let configurationPath: String
  private let credentialsFile: INIFile
  /// By kind and name: `profile a`, `sso-session b`.
  private var configurationSections: [String: [String: String]] = [:]

  init(environment: Environment) throws(S3ConfigurationError) {
    let named = environment["AWS_PROFILE"] ?? environment["AWS_DEFAULT_PROFILE"]
    profile = named ?? "default"
    isProfileNamed = named != nil
    credentialsPath = Self.path("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials", environment)
    configurationPath = Self.path("AWS_CONFIG_FILE", "~/.aws/config", environment)
    credentialsFile = try Self.read(credentialsPath)
    // `[profile a]` and `[profile "a"]` are one section, in whatever order they stand.
    for (header, values) in try Self.read(configurationPath).sections.sorted(by: { $0.key < $1.key }) {
      // Others are of programs that keep their settings here too.
      guard let words = ShellWords.split(header), words.count == 2 || words == ["default"] else { continue }
      let isShort = words.count == 1
      let name = isShort ? "default" : "\(words[0]) \(words[1])"
      configurationSections[name, default: [:]].merge(values) { $1 }
    }
  }

  /// The settings of the profile in both files; those of the credentials file win. None if there is no such profile.
  var configuration: [String: String] { self[profile]?.values ?? [:] }

  /// Nil if neither file has such a profile.
  subscript(_ name: String) -> ConfigurationProfile? {
    var configured = configurationSections["profile \(name)"]
    if configured == nil, name == "default" { configured = configurationSections["default"] }
    let credentials = credentialsFile.sections[name]
    guard configured != nil || credentials != nil else { return nil }
    return ConfigurationProfile(name: name, credentials: credentials ?? [:], configuration: configured ?? [:])
  }

  /// A section such as `[sso-session NAME]`.
  func section(_ kind: String, _ name: String) -> [String: String]? {
    configurationSections["\(kind) \(name)"]
  }

  /// A path with `~/` for the user's folder.
  static func expand(_ path: String, _ environment: Environment) -> String {
    guard path.hasPrefix("~/"), let home = environment["HOME"] else { return path }
    return home + path.dropFirst()
  }

  private static func path(_ variable: String, _ usual: String, _ environment: Environment) -> String {
    expand(environment[variable] ?? usual, environment)
  }

  private static func read(_ path: String) throws(S3ConfigurationError) -> INIFile {
    // Without a home there are no such files; a folder called `~` is not it.
    guard !path.hasPrefix("~/"), let bytes = try SmallFile.read(path) else { return INIFile() }
    return try INIFile(parsing: bytes, path: path)
  }
}

/// One profile of the shared files.
struct ConfigurationProfile: Sendable {
  let name: String
  /// What the credentials file says.
  let credentials: [String: String]
  /// What the configuration file says.
  let configuration: [String: String]

  subscript(_ key: String) -> String? { credentials[key] ?? configuration[key] }

  var values: [String: String] { configuration.merging(credentials) { $1 } }

  var hasKeys: Bool { self["aws_access_key_id"] != nil || self["aws_secret_access_key"] != nil }
}

/// Secrets are among the settings.
extension SharedConfiguration: CustomStringConvertible, CustomReflectable {
  var description: String { "SharedConfiguration(\(credentialsPath), \(configurationPath), \(profile))" }
  var customMirror: Mirror { Mirror(self, children: ["profile": profile]) }
}

extension ConfigurationProfile: CustomStringConvertible, CustomReflectable {
  var description: String { "ConfigurationProfile(\(name))" }
  var customMirror: Mirror { Mirror(self, children: ["name": name]) }
}

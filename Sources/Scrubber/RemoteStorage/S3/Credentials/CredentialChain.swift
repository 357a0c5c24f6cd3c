/// Finds credentials as the AWS tools do. The first source that is there counts, in this order:
///
/// | source | is there when |
/// |---|---|
/// | none: requests are not signed | `AWS_NO_SIGN_REQUEST` is `YES`, `true` or `1` |
/// | environment | `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY` are set, perhaps `AWS_SESSION_TOKEN` |
/// | role of the profile | it has `role_arn`, and `source_profile` or `credential_source` |
/// | web identity | `AWS_WEB_IDENTITY_TOKEN_FILE` is set, or the profile has `web_identity_token_file` |
/// | single sign-on | the profile has `sso_account_id` or `sso_role_name` |
/// | keys | the profile has them in the credentials file |
/// | program | the profile has `credential_process` |
/// | keys | the profile has them in the configuration file |
/// | container | `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` or `…_FULL_URI` is set |
/// | instance metadata | somebody answers there |
///
/// A source that is there but gives nothing is an error; the next is not asked. Files and variables are looked at anew
/// each time, and no program is run nor service asked before it is its turn.
struct CredentialChain: S3CredentialsSource {
  var environment: Environment
  var now: @Sendable () -> Timestamp = { .now }
  /// How long a `credential_process` may take.
  var processTimeout = Duration.seconds(60)

  func fetch() async throws(S3ConfigurationError) -> S3Credentials? {
    if isAnonymous { return nil }
    if let keys = try keysOfEnvironment() { return keys }
    let files = try SharedConfiguration(environment: environment)
    let search = CredentialSearch(chain: self, files: files)
    if let found = try await search.ofProfile(files.profile, behind: []) { return found }
    let container = ContainerCredentials(environment: environment, transport: search.transport)
    if let found = try await container.fetch() { return found }
    switch try await search.instanceMetadata.fetch() {
    case .found(let found): return found
    case .none(let reason): throw nothingFound(files, instance: reason)
    }
  }

  var isAnonymous: Bool {
    ["YES", "TRUE", "1"].contains(environment["AWS_NO_SIGN_REQUEST"]?.uppercased())
  }

  /// Nil if they are not set.
  func keysOfEnvironment() throws(S3ConfigurationError) -> S3Credentials? {
    switch (environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"]) {
    case (nil, nil): return nil
    case (let accessKey?, let secretKey?):
      return try S3Credentials(
        accessKey: accessKey,
        secretKey: secretKey,
        sessionToken: environment["AWS_SESSION_TOKEN"]
      ).checked("the environment")
    case (.some, nil):
      throw S3ConfigurationError(message: "AWS_ACCESS_KEY_ID is set but AWS_SECRET_ACCESS_KEY is not")
    case (nil, .some):
      throw S3ConfigurationError(message: "AWS_SECRET_ACCESS_KEY is set but AWS_ACCESS_KEY_ID is not")
    }
  }

  private func nothingFound(_ files: SharedConfiguration, instance reason: String) -> S3ConfigurationError {
    let what = files[files.profile] == nil ? "it is neither" : "it names no credentials, neither"
    return S3ConfigurationError(
      message:
        "no credentials for S3; tried: environment (AWS_ACCESS_KEY_ID is not set), profile \(files.profile) "
        + "(\(what) in \(files.credentialsPath) nor in \(files.configurationPath)), web identity "
        + "(AWS_WEB_IDENTITY_TOKEN_FILE is not set), container (AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and "
        + "AWS_CONTAINER_CREDENTIALS_FULL_URI are not set), instance metadata (\(reason))",
      hint:
        "Set the keys, name a profile by AWS_PROFILE, run aws sso login, or set AWS_NO_SIGN_REQUEST=1 for a bucket "
        + "that anyone may read."
    )
  }
}

/// One walk through the sources.
struct CredentialSearch {
  let chain: CredentialChain
  let files: SharedConfiguration
  let transport: CredentialsTransport

  private var environment: Environment { chain.environment }

  /// How many roles may stand one behind the other.
  private static let maxRoleCount = 10

  init(chain: CredentialChain, files: SharedConfiguration) {
    self.chain = chain
    self.files = files
    transport = CredentialsTransport(environment: chain.environment, profile: files.configuration)
  }

  var instanceMetadata: InstanceMetadata {
    InstanceMetadata(
      environment: environment,
      profile: files.configuration,
      transport: transport,
      now: chain.now
    )
  }

  /// What a profile gives; nil if it names no source.
  ///
  /// - Parameter others: The profiles whose roles are assumed by this one's credentials, the outermost first.
  func ofProfile(
    _ name: String,
    behind others: [String]
  ) async throws(S3ConfigurationError) -> S3Credentials? {
    let isFirst = others.isEmpty
    guard let profile = files[name] else {
      guard isFirst, !files.isProfileNamed else { throw missing(name, behind: others) }
      return try await webIdentity(nil, withEnvironment: true)
    }
    // Keys of a profile that others stand on come before its own role.
    let hasRole = profile["role_arn"] != nil && profile["web_identity_token_file"] == nil
    if hasRole, isFirst || !profile.hasKeys { return try await role(profile, behind: others) }
    return try await withoutRole(profile, withEnvironment: isFirst)
  }

  /// In the order of the table of `CredentialChain`.
  private func withoutRole(
    _ profile: ConfigurationProfile,
    withEnvironment: Bool
  ) async throws(S3ConfigurationError) -> S3Credentials? {
    if let found = try await webIdentity(profile, withEnvironment: withEnvironment) { return found }
    let signOn = SingleSignOn(
      profile: profile,
      files: files,
      environment: environment,
      transport: transport,
      now: chain.now
    )
    if let found = try await signOn.fetch() { return found }
    if let found = try keys(profile, profile.credentials, files.credentialsPath) { return found }
    if profile["login_session"] != nil {
      throw S3ConfigurationError(
        message: "profile \(profile.name) has login_session, which is not supported",
        hint:
          "Set credential_process = aws configure export-credentials --profile \(profile.name) in another profile."
      )
    }
    if let command = profile["credential_process"] {
      let program = CredentialProcess(
        command: command,
        profile: profile.name,
        now: chain.now,
        timeout: chain.processTimeout
      )
      return try await program.fetch()
    }
    return try keys(profile, profile.configuration, files.configurationPath)
  }

  private func keys(
    _ profile: ConfigurationProfile,
    _ values: [String: String],
    _ path: String
  ) throws(S3ConfigurationError) -> S3Credentials? {
    guard let accessKey = values["aws_access_key_id"] else { return nil }
    guard let secretKey = values["aws_secret_access_key"] else {
      throw S3ConfigurationError(
        message: "profile \(profile.name) of \(path) has aws_access_key_id but no aws_secret_access_key"
      )
    }
    return try S3Credentials(
      accessKey: accessKey,
      secretKey: secretKey,
      sessionToken: values["aws_session_token"]
    ).checked("profile \(profile.name) of \(path)")
  }

  // MARK: Roles

  private func role(
    _ profile: ConfigurationProfile,
    behind others: [String]
  ) async throws(S3ConfigurationError) -> S3Credentials {
    let path = others + [profile.name]
    guard path.count <= Self.maxRoleCount else {
      throw S3ConfigurationError(
        message: "more than \(Self.maxRoleCount) roles stand behind profile \(path[0])"
      )
    }
    guard profile["mfa_serial"] == nil else {
      throw S3ConfigurationError(
        message: "profile \(profile.name) has mfa_serial, but nobody can be asked for a code here",
        hint:
          "Get keys by other tools, and set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN."
      )
    }
    let role = try roleSettings(profile)
    let source = try await sourceCredentials(profile, path)
    return try await tokenService().assume(role, by: source)
  }

  private func roleSettings(
    _ profile: ConfigurationProfile
  ) throws(S3ConfigurationError) -> SecurityTokenService.Role {
    var role = SecurityTokenService.Role(arn: profile["role_arn"] ?? "", sessionName: sessionName(profile))
    role.externalID = profile["external_id"]
    if let text = profile["duration_seconds"] {
      guard let seconds = Int(text), seconds > 0 else {
        throw S3ConfigurationError(
          message: "profile \(profile.name): duration_seconds is not a whole number above 0"
        )
      }
      role.durationSeconds = seconds
    }
    return role
  }

  private func sessionName(_ profile: ConfigurationProfile?) -> String {
    profile?["role_session_name"] ?? "scrubber-\(chain.now().nanoseconds / 1_000_000_000)"
  }

  private func sourceCredentials(
    _ profile: ConfigurationProfile,
    _ path: [String]
  ) async throws(S3ConfigurationError) -> S3Credentials {
    let found: S3Credentials?
    switch (profile["source_profile"], profile["credential_source"]) {
    case (.some, .some):
      throw S3ConfigurationError(
        message: "profile \(profile.name) has both source_profile and credential_source"
      )
    case (nil, nil):
      throw S3ConfigurationError(
        message: "profile \(profile.name) has role_arn but neither source_profile nor credential_source"
      )
    case (let name?, nil):
      if name == profile.name, profile.hasKeys {
        found = try await withoutRole(profile, withEnvironment: false)
      } else if path.contains(name) {
        let loop = (path + [name]).joined(separator: " → ")
        throw S3ConfigurationError(message: "the source_profile of profiles goes round in a loop: \(loop)")
      } else {
        found = try await ofProfile(name, behind: path)
      }
      guard let found else {
        throw S3ConfigurationError(
          message: "profile \(name), the source_profile of \(profile.name), has no credentials"
        )
      }
      return found
    case (nil, let source?): return try await named(source, profile.name)
    }
  }

  /// One of the names that `credential_source` may have.
  private func named(_ source: String, _ profile: String) async throws(S3ConfigurationError) -> S3Credentials
  {
    let reason: String
    switch source.lowercased() {
    case "environment":
      if let found = try chain.keysOfEnvironment() { return found }
      reason = "AWS_ACCESS_KEY_ID is not set"
    case "ecscontainer":
      let container = ContainerCredentials(environment: environment, transport: transport)
      if let found = try await container.fetch() { return found }
      reason = "no variable of AWS_CONTAINER_CREDENTIALS_… is set"
    case "ec2instancemetadata":
      switch try await instanceMetadata.fetch() {
      case .found(let found): return found
      case .none(let why): reason = why
      }
    default:
      reason = "it is none of Environment, EcsContainer and Ec2InstanceMetadata"
    }
    throw S3ConfigurationError(
      message:
        "the credential_source \(SafeText.line(source)) of profile \(profile) gives no credentials: \(reason)"
    )
  }

  private func missing(_ name: String, behind others: [String]) -> S3ConfigurationError {
    let who = others.last.map { ", the source_profile of \($0)," } ?? ""
    return S3ConfigurationError(
      message:
        "profile \(name)\(who) is neither in \(files.credentialsPath) nor in \(files.configurationPath)"
    )
  }

  // MARK: Web identity

  private func webIdentity(
    _ profile: ConfigurationProfile?,
    withEnvironment: Bool
  ) async throws(S3ConfigurationError) -> S3Credentials? {
    func setting(_ variable: String, _ key: String) -> String? {
      (withEnvironment ? environment[variable] : nil) ?? profile?[key]
    }
    guard let path = setting("AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file") else { return nil }
    guard let arn = setting("AWS_ROLE_ARN", "role_arn") else {
      throw S3ConfigurationError(message: "AWS_WEB_IDENTITY_TOKEN_FILE is set but AWS_ROLE_ARN is not")
    }
    let name = setting("AWS_ROLE_SESSION_NAME", "role_session_name") ?? sessionName(profile)
    let token = try SmallFile.readToken(SharedConfiguration.expand(path, environment))
    var role = SecurityTokenService.Role(arn: arn, sessionName: name)
    if let profile { role.durationSeconds = try roleSettings(profile).durationSeconds }
    return try await tokenService().assume(role, webIdentity: token)
  }

  /// The token service of the region, or with `AWS_STS_REGIONAL_ENDPOINTS=legacy` in older regions the one of all.
  private func tokenService() throws(S3ConfigurationError) -> SecurityTokenService {
    let settings = files.configuration
    let region =
      environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"] ?? environment["REGION"] ?? settings[
        "region"
      ]
      ?? "us-east-1"
    let mode = environment["AWS_STS_REGIONAL_ENDPOINTS"] ?? settings["sts_regional_endpoints"]
    let isLegacy = mode?.lowercased() == "legacy" && Self.legacyRegions.contains(region)
    let regional = try AWSService.sts.address(region: region, environment: environment, files: files)
    let isOfAWS = regional.host == "sts.\(region).amazonaws.com"
    let global = ServiceAddress("https://sts.amazonaws.com")
    let usesGlobal = isLegacy && isOfAWS
    return SecurityTokenService(
      transport: transport,
      address: usesGlobal ? global ?? regional : regional,
      region: usesGlobal ? "us-east-1" : region,
      now: chain.now
    )
  }

  /// Those that were there before STS had hosts of its own in each region. Source: AWS's reference of SDK settings.
  private static let legacyRegions: Set = [
    "ap-northeast-1", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "ca-central-1", "eu-central-1",
    "eu-north-1",
    "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2",
  ]
}

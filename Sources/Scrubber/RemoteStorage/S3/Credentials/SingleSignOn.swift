import IndexFormat

/// Credentials of a role by IAM Identity Center, for somebody who has logged in by `aws sso login`.
///
/// | setting | in | meaning |
/// |---|---|---|
/// | `sso_account_id`, `sso_role_name` | the profile | for whom |
/// | `sso_session` | the profile | the section `[sso-session NAME]` with the next two |
/// | `sso_start_url`, `sso_region` | that section, or the profile | where to |
///
/// | request | answer |
/// |---|---|
/// | `GET /federation/credentials?role_name=…&account_id=…` with `x-amz-sso_bearer_token` | `roleCredentials` |
/// | `POST /token` at the token service, when a session's token is about to expire | another token |
struct SingleSignOn {
  var profile: ConfigurationProfile
  var files: SharedConfiguration
  var environment: Environment
  var transport: CredentialsTransport
  var now: @Sendable () -> Timestamp

  /// How long before its end a token is replaced.
  private static let marginSeconds: Int64 = 300

  private struct Settings {
    var account: String
    var role: String
    var startURL: String
    var region: String
    /// Nil in profiles of the old form.
    var session: String?
  }

  /// Nil if the profile does not use it.
  func fetch() async throws(S3ConfigurationError) -> S3Credentials? {
    guard let settings = try settings() else { return nil }
    let token = try await token(settings)
    let address = try AWSService.sso.address(region: settings.region, environment: environment, files: files)
    let query = PercentEncoding.query([
      (name: "role_name", value: settings.role), (name: "account_id", value: settings.account),
    ])
    var request = CredentialsTransport.request(.get, "\(address.origin)/federation/credentials?\(query)")
    request.headers = [("x-amz-sso_bearer_token", token)]
    let service = "SSO at \(address.origin) for profile \(profile.name)"
    let response = try await transport.send(request, to: service)
    if response.status == 401 { throw loginNeeded("the token is no longer accepted", settings) }
    guard response.status == 200 else {
      throw S3ConfigurationError(
        message: "\(service): HTTP status \(response.status)",
        hint: response.status == 403 ? "Check sso_account_id and sso_role_name." : nil
      )
    }
    return try Self.read(response.body, service)
  }

  private static func read(_ body: [UInt8], _ service: String) throws(S3ConfigurationError) -> S3Credentials {
    let json: JSONScalars
    do throws(FormatError) {
      json = try JSONScalars(parsing: body)
    } catch {
      throw S3ConfigurationError(message: "\(service) gave something else than JSON (byte \(error.offset))")
    }
    guard let accessKey = json.text("roleCredentials.accessKeyId"),
      let secretKey = json.text("roleCredentials.secretAccessKey"),
      let token = json.text("roleCredentials.sessionToken"),
      let milliseconds = json.integer("roleCredentials.expiration")
    else { throw S3ConfigurationError(message: "\(service) gave no keys, no token or no time of expiry") }
    return try S3Credentials(
      accessKey: accessKey,
      secretKey: secretKey,
      sessionToken: token,
      expires: Timestamp(seconds: milliseconds / 1000)
    ).checked(service)
  }

  // MARK: Settings

  private func settings() throws(S3ConfigurationError) -> Settings? {
    guard profile["sso_account_id"] != nil || profile["sso_role_name"] != nil else { return nil }
    let session = profile["sso_session"]
    var values = profile.values
    if let session {
      guard let section = files.section("sso-session", session) else {
        throw S3ConfigurationError(
          message:
            "profile \(profile.name): there is no section [sso-session \(session)] in \(files.configurationPath)"
        )
      }
      for (key, value) in section {
        guard (values[key] ?? value) == value else {
          throw S3ConfigurationError(
            message: "profile \(profile.name) and its sso-session \(session) have different values of \(key)"
          )
        }
        values[key] = value
      }
    }
    func need(_ key: String) throws(S3ConfigurationError) -> String {
      guard let value = values[key] else {
        throw S3ConfigurationError(message: "profile \(profile.name) uses SSO but has no \(key)")
      }
      return value
    }
    return Settings(
      account: try need("sso_account_id"),
      role: try need("sso_role_name"),
      startURL: try need("sso_start_url"),
      region: try need("sso_region"),
      session: session
    )
  }

  // MARK: The token

  private func token(_ settings: Settings) async throws(S3ConfigurationError) -> String {
    guard let home = environment["HOME"] else {
      throw S3ConfigurationError(
        message: "profile \(profile.name) uses SSO, whose token is found by HOME only"
      )
    }
    let path = SingleSignOnToken.path(ofSession: settings.session ?? settings.startURL, home: home)
    guard let held = try SingleSignOnToken.read(path) else {
      throw loginNeeded("there is no token at \(path)", settings)
    }
    let isLasting = held.expires > now().adding(seconds: Self.marginSeconds)
    if !isLasting, settings.session != nil, let refresh = held.refresh,
      let fresh = try await renewed(held, refresh, settings)
    {
      // Where the home cannot be written to, this run has what it needs all the same.
      try? fresh.write(path)
      return fresh.accessToken
    }
    guard held.expires > now() else {
      throw loginNeeded("the token expired at \(held.expires.rfc3339)", settings)
    }
    return held.accessToken
  }

  /// Nil if there is no other token to be had: then the old one serves as long as it may.
  private func renewed(
    _ held: SingleSignOnToken,
    _ refresh: SingleSignOnToken.Refresh,
    _ settings: Settings
  ) async throws(S3ConfigurationError) -> SingleSignOnToken? {
    guard let end = Timestamp(expiration: refresh.registrationExpires), end > now() else { return nil }
    let service = AWSService.singleSignOnTokens
    let address = try service.address(region: settings.region, environment: environment, files: files)
    var json = JSONWriter()
    json.object { json in
      json.member("clientId", refresh.clientID)
      json.member("clientSecret", refresh.clientSecret)
      json.member("grantType", "refresh_token")
      json.member("refreshToken", refresh.token)
    }
    let headers = [(name: "content-type", value: "application/json")]
    let request = CredentialsTransport.request(
      .post,
      "\(address.origin)/token",
      headers: headers,
      body: json.bytes
    )
    // Why it was not renewed no longer matters once somebody must log in again, which the caller says.
    guard let response = try? await transport.send(request, to: service.name), response.status == 200,
      let answer = try? JSONScalars(parsing: response.body),  // the same
      let token = answer.text("accessToken"), token.utf8.allSatisfy({ (0x21...0x7e).contains($0) }),
      let seconds = answer.integer("expiresIn"), seconds > 0
    else { return nil }
    var fresh = held
    fresh.accessToken = token
    fresh.expires = now().adding(seconds: seconds)
    fresh.startURL = settings.startURL
    fresh.region = settings.region
    if let next = answer.text("refreshToken") { fresh.refresh?.token = next }
    return fresh
  }

  private func loginNeeded(_ reason: String, _ settings: Settings) -> S3ConfigurationError {
    let session = settings.session.map { " --sso-session \($0)" } ?? " --profile \(profile.name)"
    return S3ConfigurationError(
      message: "profile \(profile.name) uses SSO, but \(reason)",
      hint: "Run aws sso login\(session)."
    )
  }
}

import Foundation
import Testing

@testable import Scrubber

/// The services that give credentials, played by a server of ours, and by moto where it is installed.
struct CredentialServicesTests {
  // MARK: STS

  private static let roles = """
    [profile role]
    role_arn = arn:aws:iam::123456789012:role/r
    source_profile = base
    external_id = hushid
    duration_seconds = 1800
    role_session_name = s n
    region = eu-west-1
    [profile second]
    role_arn = arn:aws:iam::123456789012:role/second
    source_profile = role
    [profile self]
    role_arn = arn:aws:iam::123456789012:role/self
    source_profile = self
    aws_access_key_id = selfkey
    aws_secret_access_key = hush
    [profile instance]
    role_arn = arn:aws:iam::123456789012:role/i
    credential_source = Ec2InstanceMetadata
    [profile container]
    role_arn = arn:aws:iam::123456789012:role/c
    credential_source = EcsContainer
    [profile environment]
    role_arn = arn:aws:iam::123456789012:role/e
    credential_source = Environment
    [profile web]
    role_arn = arn:aws:iam::123456789012:role/w
    web_identity_token_file = ~/token
    """
  private static let base =
    "[base]\naws_access_key_id = basekey\naws_secret_access_key = hush\naws_session_token = hushtoken\n"

  private func fixture() throws -> CredentialFixture {
    let fixture = try CredentialFixture(configuration: Self.roles, credentials: Self.base)
    try fixture.folder.write("token", Array("hush.web.token\n".utf8))
    return fixture
  }

  @Test func aRoleIsAssumedByTheKeysOfItsSource() async throws {
    let server = try CredentialServer(CredentialAnswers.sts("AssumeRole"))
    defer { server.stop() }
    let fixture = try fixture()
    let time = try #require(Timestamp(rfc3339: "2030-01-02T03:04:05Z"))
    let variables = ["AWS_PROFILE": "role", "AWS_ENDPOINT_URL_STS": server.origin]
    #expect(try await fixture.chain(variables, now: { time }).fetch() == CredentialAnswers.got())
    let request = try #require(server.received.first)
    #expect(request.line == "POST /")
    #expect(request.headers["content-type"] == "application/x-www-form-urlencoded; charset=utf-8")
    #expect(
      request.body
        == "Action=AssumeRole&DurationSeconds=1800&ExternalId=hushid&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fr"
        + "&RoleSessionName=s%20n&Version=2011-06-15"
    )
    #expect(request.headers["x-amz-security-token"] == "hushtoken")
    let signature = try #require(request.headers["authorization"])
    #expect(signature.hasPrefix("AWS4-HMAC-SHA256 Credential=basekey/20300102/eu-west-1/sts/aws4_request,"))
  }

  @Test func rolesStandBehindRoles() async throws {
    let server = try CredentialServer { _, number in
      CredentialServer.Answer(body: CredentialAnswers.sts("AssumeRole", "key\(number)"))
    }
    defer { server.stop() }
    let fixture = try fixture()
    let variables = ["AWS_PROFILE": "second", "AWS_ENDPOINT_URL_STS": server.origin]
    #expect(try await fixture.chain(variables).fetch()?.accessKey == "key1")
    #expect(
      server.received.map { $0.headers["authorization"]?.contains("Credential=key0/") } == [false, true]
    )
    let own = ["AWS_PROFILE": "self", "AWS_ENDPOINT_URL_STS": server.origin]
    #expect(try await fixture.chain(own).fetch()?.accessKey == "key2")
    #expect(server.received.last?.headers["authorization"]?.contains("Credential=selfkey/") == true)
  }

  @Test func aRoleIsAssumedByWhatItsCredentialSourceGives() async throws {
    let server = try CredentialServer { request, _ in
      CredentialServer.Answer(
        body: request.line == "POST /"
          ? CredentialAnswers.sts("AssumeRole")
          : request.line.hasPrefix("PUT")
            ? "token"
            : request.line.hasSuffix("/credentials/") || request.line.hasSuffix("-credentials/")
              ? "r"
              : CredentialAnswers.json(request.line.hasSuffix("/r") ? "instancekey" : "containerkey")
      )
    }
    defer { server.stop() }
    let fixture = try fixture()
    let variables = [
      "AWS_ENDPOINT_URL_STS": server.origin, "AWS_EC2_METADATA_SERVICE_ENDPOINT": server.origin,
      "AWS_EC2_METADATA_DISABLED": "", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(server.origin)/x",
    ]
    for profile in ["instance", "container"] {
      let found = try await fixture.chain(variables.merging(["AWS_PROFILE": profile]) { $1 }).fetch()
      #expect(found == CredentialAnswers.got())
      #expect(server.received.last?.headers["authorization"]?.contains("Credential=\(profile)key/") == true)
    }
  }

  @Test func aWebIdentityIsExchangedWithoutASignature() async throws {
    let server = try CredentialServer(CredentialAnswers.sts("AssumeRoleWithWebIdentity"))
    defer { server.stop() }
    let fixture = try fixture()
    let variables = [
      "AWS_ENDPOINT_URL_STS": server.origin, "AWS_ROLE_ARN": "arn:x", "AWS_ROLE_SESSION_NAME": "me",
      "AWS_WEB_IDENTITY_TOKEN_FILE": "\(fixture.folder.path)/token",
    ]
    #expect(try await fixture.chain(variables).fetch() == CredentialAnswers.got())
    let request = try #require(server.received.first)
    #expect(
      request.body
        == "Action=AssumeRoleWithWebIdentity&RoleArn=arn%3Ax&RoleSessionName=me&Version=2011-06-15"
        + "&WebIdentityToken=hush.web.token"
    )
    #expect(request.headers["authorization"] == nil)
    // The token is another one by the next time.
    try fixture.folder.write("token", Array("second".utf8))
    let profile = ["AWS_ENDPOINT_URL_STS": server.origin, "AWS_PROFILE": "web"]
    #expect(try await fixture.chain(profile).fetch() == CredentialAnswers.got())
    #expect(server.received.last?.body.contains("WebIdentityToken=second") == true)
    #expect(server.received.last?.body.contains("role%2Fw&RoleSessionName=scrubber-") == true)
  }

  @Test(arguments: [
    (
      400,
      "<ErrorResponse><Error><Code>ExpiredTokenException</Code><Message>hush.web.token is old</Message></Error></ErrorResponse>",
      "HTTP status 400 ExpiredTokenException: … is old"
    ),
    (403, "<html>", "HTTP status 403"),
    (200, "", "the answer has no keys, no token or no time of expiry"),
    (200, CredentialAnswers.sts("AssumeRole"), "the answer has no keys, no token or no time of expiry"),
    (
      200, CredentialAnswers.sts("AssumeRoleWithWebIdentity", "a&#13;&#10;b"),
      "the access key is empty, too long, or has characters that none has"
    ),
    (
      200, CredentialAnswers.sts("AssumeRoleWithWebIdentity", expires: "soon"),
      "the answer has no keys, no token or no time of expiry"
    ),
    (
      200,
      "<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]>"
        + CredentialAnswers.sts("AssumeRoleWithWebIdentity", "&b;"),
      "the answer has no keys, no token or no time of expiry"
    ),
    (301, "", "HTTP status 301"),
  ])
  func answersOfSTSThatGiveNothingAreErrors(_ status: Int, _ body: String, _ message: String) async throws {
    let server = try CredentialServer(status, body)
    defer { server.stop() }
    let fixture = try fixture()
    let error = await failure(fixture.chain(["AWS_PROFILE": "web", "AWS_ENDPOINT_URL_STS": server.origin]))
    let place = "AssumeRoleWithWebIdentity of STS at \(server.origin) for arn:aws:iam::123456789012:role/w"
    #expect(error.message == "\(place): \(message)")
    #expect(server.received.count == 1)
  }

  @Test func whatMayPassIsAskedAgain() async throws {
    let server = try CredentialServer { _, number in
      CredentialServer.Answer(
        status: number < 2 ? 503 : 200,
        body: number < 2 ? "" : CredentialAnswers.sts("AssumeRoleWithWebIdentity")
      )
    }
    defer { server.stop() }
    let fixture = try fixture()
    let chain = fixture.chain(["AWS_PROFILE": "web", "AWS_ENDPOINT_URL_STS": server.origin])
    #expect(try await chain.fetch() == CredentialAnswers.got())
    #expect(server.received.count == 3)
    let nobody = await failure(
      fixture.chain(["AWS_PROFILE": "web", "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1"])
    )
    #expect(nobody.message.contains("gave no answer: "))
  }

  @Test(.enabled(if: RealS3Server.areInstalled)) func motoGivesRolesAndWebIdentities() async throws {
    let moto = try await RealS3Server.running(.moto)
    let fixture = try fixture()
    for profile in ["role", "second", "web"] {
      let found = try await fixture.chain(["AWS_PROFILE": profile, "AWS_ENDPOINT_URL_STS": moto.endpoint])
        .fetch()
      #expect(found?.accessKey.hasPrefix("ASIA") == true)
      #expect(found?.sessionToken?.isEmpty == false)
      #expect(found.flatMap(\.expires) ?? Timestamp(nanoseconds: 0) > .now)
    }
    let instance = ["AWS_EC2_METADATA_SERVICE_ENDPOINT": moto.endpoint, "AWS_EC2_METADATA_DISABLED": "false"]
    #expect(try await fixture.chain(instance).fetch()?.accessKey == "test-key")
  }

  // MARK: Containers and instances

  @Test func theHostOfAContainerGivesCredentials() async throws {
    let server = try CredentialServer(CredentialAnswers.json())
    defer { server.stop() }
    let fixture = try fixture()
    let address = ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(server.origin)/role?id=1"]
    #expect(try await fixture.chain(address).fetch() == CredentialAnswers.got())
    #expect(server.received.last?.line == "GET /role?id=1")
    #expect(server.received.last?.headers["authorization"] == nil)
    let token = address.merging(["AWS_CONTAINER_AUTHORIZATION_TOKEN": "Basic hush"]) { $1 }
    #expect(try await fixture.chain(token).fetch() == CredentialAnswers.got())
    #expect(server.received.last?.headers["authorization"] == "Basic hush")
    let file = token.merging(["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "\(fixture.folder.path)/token"]) {
      $1
    }
    #expect(try await fixture.chain(file).fetch() == CredentialAnswers.got())
    #expect(server.received.last?.headers["authorization"] == "hush.web.token")
    let evil = address.merging(["AWS_CONTAINER_AUTHORIZATION_TOKEN": "hush\r\nx: y"]) { $1 }
    let error = await failure(fixture.chain(evil))
    #expect(error.message.contains("characters that no header has") && !error.message.contains("hush"))
    #expect(server.received.count == 3)
  }

  /// A proxy for the rest of the world knows neither the container's host nor this machine.
  @Test func theHostOfAContainerIsNotAskedThroughAProxy() throws {
    let server = try CredentialServer(CredentialAnswers.json())
    defer { server.stop() }
    let fixture = try fixture()
    let outcome = try BuiltProgram.run(
      ["scan-metadata", "--node-kind", "pageserver", "--bucket", "s3://b-1"],
      environment: fixture.variables.merging([
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(server.origin)/x", "http_proxy": "http://127.0.0.1:1",
      ]) { $1 }
    )
    #expect(server.received.map(\.line) == ["GET /x"])
    #expect(!outcome.error.contains("container") && !outcome.error.contains("gotsecret"))
    #expect(outcome.exitCode == 1)
  }

  @Test(arguments: [
    (404, "hush", ": HTTP status 404"), (302, "hush", ": HTTP status 302"),
    (200, "hush", " gave something else than JSON (byte 0)"),
    (200, #"{"AccessKeyId":"a","SecretAccessKey":"hush","#, " gave something else than JSON (byte 44)"),
    (
      200, #"{"Code":"AssumeRoleUnauthorizedAccess","Message":"hush"}"#,
      " gave no credentials: AssumeRoleUnauthorizedAccess"
    ),
    (200, #"{"AccessKeyId":"a"}"#, " gave no AccessKeyId or no SecretAccessKey"),
    (200, String(repeating: " ", count: 70_000), " gave no answer: more than 65536 bytes"),
  ])
  func answersOfContainersThatGiveNothingAreErrors(_ status: Int, _ body: String, _ message: String)
    async throws
  {
    let server = try CredentialServer(status, body)
    defer { server.stop() }
    let fixture = try fixture()
    let variables = [
      "AWS_CONTAINER_CREDENTIALS_FULL_URI": server.origin, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "hush",
    ]
    let error = await failure(fixture.chain(variables))
    #expect(error.message == "the container's host at \(server.origin)\(message)")
  }

  private func instance(
    _ answer: @escaping @Sendable (String) -> CredentialServer.Answer
  ) async throws -> (
    result: Result<S3Credentials?, S3ConfigurationError>, requests: [CredentialServer.Request]
  ) {
    let server = try CredentialServer { request, _ in answer(request.line) }
    defer { server.stop() }
    let fixture = try fixture()
    let chain = fixture.chain([
      "AWS_EC2_METADATA_SERVICE_ENDPOINT": "\(server.origin)/", "AWS_EC2_METADATA_DISABLED": "false",
    ])
    do throws(S3ConfigurationError) {
      return (.success(try await chain.fetch()), server.received)
    } catch {
      return (.failure(error), server.received)
    }
  }

  @Test func theMetadataServiceGivesCredentials() async throws {
    let outcome = try await instance { line in
      CredentialServer.Answer(
        body: line.hasPrefix("PUT")
          ? "hushtoken" : line.hasSuffix("/") ? "my-role\n" : CredentialAnswers.json()
      )
    }
    #expect(try outcome.result.get() == CredentialAnswers.got())
    let folder = "/latest/meta-data/iam/security-credentials/"
    #expect(
      outcome.requests.map(\.line) == ["PUT /latest/api/token", "GET \(folder)", "GET \(folder)my-role"]
    )
    #expect(outcome.requests[0].headers["x-aws-ec2-metadata-token-ttl-seconds"] == "21600")
    #expect(outcome.requests.dropFirst().allSatisfy { $0.headers["x-aws-ec2-metadata-token"] == "hushtoken" })
    // In an outage the service gives what has expired, and servers take it.
    let old = try await instance { line in
      let json = CredentialAnswers.json(expires: "2001-01-01T00:00:00Z")
      return CredentialServer.Answer(body: line.hasPrefix("PUT") ? "t" : line.hasSuffix("/") ? "r" : json)
    }
    #expect(try old.result.get()?.expires ?? Timestamp(nanoseconds: 0) > .now)
  }

  @Test(arguments: [
    (
      "PUT", CredentialServer.Answer(status: 403),
      "instance metadata (the instance metadata service: the token: HTTP status 403)"
    ),
    (
      "PUT", CredentialServer.Answer(body: "hush\nx"),
      "instance metadata (the instance metadata service: the token: HTTP status 200)"
    ),
    (
      "PUT", CredentialServer.Answer(isSilent: true),
      "instance metadata (the instance metadata service gave no answer: "
    ),
    ("-credentials/", CredentialServer.Answer(status: 404), "instance metadata (the machine has no role)"),
    (
      "-credentials/", CredentialServer.Answer(status: 500),
      "the instance metadata service: the list of roles: HTTP status 500"
    ),
    (
      "-credentials/", CredentialServer.Answer(body: "../../hush"),
      "the instance metadata service names no role"
    ),
    (
      "-credentials/r", CredentialServer.Answer(status: 500),
      "the instance metadata service: role r: HTTP status 500"
    ),
    (
      "-credentials/r", CredentialServer.Answer(body: "hush"),
      "the instance metadata service gave something else than JSON (byte 0)"
    ),
  ])
  func aMetadataServiceThatGivesNothingIsNamed(
    _ part: String,
    _ answer: CredentialServer.Answer,
    _ message: String
  )
    async throws
  {
    let outcome = try await instance { line in
      if part == "PUT" ? line.hasPrefix("PUT") : line.hasSuffix(part) { return answer }
      let json = CredentialAnswers.json()
      return CredentialServer.Answer(
        body: line.hasPrefix("PUT") ? "hushtoken" : line.hasSuffix("/") ? "r" : json
      )
    }
    let error = #expect(throws: S3ConfigurationError.self) { try outcome.result.get() }
    #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    #expect(error?.message.contains("hush") == false)
  }

  // MARK: Single sign-on

  private static let session = """
    [profile sso]
    sso_session = corp
    sso_account_id = 123456789012
    sso_role_name = Read Only
    [sso-session corp]
    sso_start_url = https://corp.example/start
    sso_region = eu-central-1
    [profile old]
    sso_start_url = https://corp.example/start
    sso_region = eu-central-1
    sso_account_id = 1
    sso_role_name = r
    [profile torn]
    sso_session = gone
    sso_account_id = 1
    sso_role_name = r
    [profile odd]
    sso_session = corp
    sso_region = us-east-1
    sso_account_id = 1
    sso_role_name = r
    [profile half]
    sso_account_id = 1
    """
  // The SHA-1 of `corp`, and of the start URL; by sha1sum.
  private static let sessionFile = ".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json"
  private static let oldFile = ".aws/sso/cache/f7c9b39d0b4c7a7d82c79307585f77e1c5e74378.json"
  private static let roleCredentials = """
    {"roleCredentials":{"accessKeyId":"gotkey","secretAccessKey":"gotsecret","sessionToken":"gottoken",\
    "expiration":4071006245000}}
    """

  private static func token(_ expires: String, more: String = "") -> [UInt8] {
    Array(#"{"accessToken":"hushaccess","expiresAt":"\#(expires)"\#(more)}"#.utf8)
  }

  private static let refresh = #"""
    ,"refreshToken":"hushrefresh","clientId":"id","clientSecret":"hushclient","registrationExpiresAt":"2099-01-01T00:00:00Z"
    """#

  @Test(arguments: [("sso", sessionFile), ("old", oldFile)])
  func aLoginGivesCredentials(_ profile: String, _ file: String) async throws {
    let server = try CredentialServer(Self.roleCredentials)
    defer { server.stop() }
    let fixture = try CredentialFixture(configuration: Self.session)
    try fixture.folder.write(file, Self.token("2099-01-01T00:00:00Z"))
    let chain = fixture.chain(["AWS_PROFILE": profile, "AWS_ENDPOINT_URL_SSO": server.origin])
    #expect(try await chain.fetch() == CredentialAnswers.got())
    let request = try #require(server.received.first)
    let query =
      profile == "sso" ? "account_id=123456789012&role_name=Read%20Only" : "account_id=1&role_name=r"
    #expect(request.line == "GET /federation/credentials?\(query)")
    #expect(request.headers["x-amz-sso_bearer_token"] == "hushaccess")
  }

  @Test(
    arguments: [
      (
        "sso", nil, "profile sso uses SSO, but there is no token at HOME/",
        "Run aws sso login --sso-session corp."
      ),
      (
        "old", nil, "profile old uses SSO, but there is no token at HOME/", "Run aws sso login --profile old."
      ),
      (
        "sso", "2001-01-01T00:00:00Z", "profile sso uses SSO, but the token expired at 2001-01-01T00:00:00Z",
        "Run aws sso login --sso-session corp."
      ),
      (
        "sso", "2099-01-01T00:00:00Z", "profile sso uses SSO, but the token is no longer accepted",
        "Run aws sso login --sso-session corp."
      ),
      ("sso", "hush", "there is no accessToken, or no expiresAt of RFC 3339", nil),
      ("torn", nil, "profile torn: there is no section [sso-session gone] in HOME/.aws/config", nil),
      ("odd", nil, "profile odd and its sso-session corp have different values of sso_region", nil),
      ("half", nil, "profile half uses SSO but has no sso_role_name", nil),
    ] as [(String, String?, String, String?)]
  )
  func withoutALoginTheErrorSaysHowToGetOne(
    _ profile: String,
    _ expires: String?,
    _ message: String,
    _ hint: String?
  )
    async throws
  {
    let server = try CredentialServer(401, "hush")
    defer { server.stop() }
    let fixture = try CredentialFixture(configuration: Self.session)
    if let expires { try fixture.folder.write(Self.sessionFile, Self.token(expires)) }
    let error = await failure(fixture.chain(["AWS_PROFILE": profile, "AWS_ENDPOINT_URL_SSO": server.origin]))
    #expect(error.message.replacing(fixture.folder.path, with: "HOME").contains(message), "\(error.message)")
    #expect(error.hint == hint)
    #expect(!error.message.contains("hush"))
  }

  @Test func aTokenIsRenewedAndKeptForTheOtherTools() async throws {
    let server = try CredentialServer { request, _ in
      let renewed =
        #"{"accessToken":"newaccess","expiresIn":28800,"refreshToken":"newrefresh","tokenType":"Bearer"}"#
      return CredentialServer.Answer(body: request.line == "POST /token" ? renewed : Self.roleCredentials)
    }
    defer { server.stop() }
    let fixture = try CredentialFixture(configuration: Self.session)
    try fixture.folder.write(Self.sessionFile, Self.token("2030-01-01T00:00:00Z", more: Self.refresh))
    let time = try #require(Timestamp(rfc3339: "2030-01-01T01:00:00Z"))
    let variables = [
      "AWS_PROFILE": "sso", "AWS_ENDPOINT_URL_SSO": server.origin, "AWS_ENDPOINT_URL_SSO_OIDC": server.origin,
    ]
    for _ in 0..<2 {
      #expect(try await fixture.chain(variables, now: { time }).fetch() == CredentialAnswers.got())
    }
    #expect(server.received.map { $0.line.prefix(5) } == ["POST ", "GET /", "GET /"])
    #expect(
      server.received[0].body
        == #"{"clientId":"id","clientSecret":"hushclient","grantType":"refresh_token","refreshToken":"hushrefresh"}"#
    )
    #expect(server.received[2].headers["x-amz-sso_bearer_token"] == "newaccess")
    let path = "\(fixture.folder.path)/\(Self.sessionFile)"
    #expect(
      try String(contentsOfFile: path, encoding: .utf8)
        == #"{"startUrl":"https://corp.example/start","region":"eu-central-1","accessToken":"newaccess","#
        + #""expiresAt":"2030-01-01T09:00:00Z","clientId":"id","clientSecret":"hushclient","#
        + #""registrationExpiresAt":"2099-01-01T00:00:00Z","refreshToken":"newrefresh"}"#
    )
    var status = stat()
    #expect(stat(path, &status) == 0)
    #expect(status.st_mode & 0o777 == 0o600)
    #expect(try fixture.folder.names(in: ".aws/sso/cache").count == 1)
  }

  @Test func aTokenThatCannotBeRenewedServesAsLongAsItMay() async throws {
    let server = try CredentialServer { request, _ in
      request.line == "POST /token"
        ? CredentialServer.Answer(status: 400, body: "hush")
        : CredentialServer.Answer(body: Self.roleCredentials)
    }
    defer { server.stop() }
    let fixture = try CredentialFixture(configuration: Self.session)
    try fixture.folder.write(Self.sessionFile, Self.token("2030-01-01T00:00:00Z", more: Self.refresh))
    let variables = [
      "AWS_PROFILE": "sso", "AWS_ENDPOINT_URL_SSO": server.origin, "AWS_ENDPOINT_URL_SSO_OIDC": server.origin,
    ]
    let before = try #require(Timestamp(rfc3339: "2029-12-31T23:58:00Z"))
    #expect(try await fixture.chain(variables, now: { before }).fetch() == CredentialAnswers.got())
    let after = try #require(Timestamp(rfc3339: "2030-01-01T00:00:00Z"))
    let error = await failure(fixture.chain(variables, now: { after }))
    #expect(error.message == "profile sso uses SSO, but the token expired at 2030-01-01T00:00:00Z")
  }

  @Test func secretsAreNotShown() throws {
    let fixture = try CredentialFixture(configuration: Self.session, credentials: Self.base)
    let path = "\(fixture.folder.path)/\(Self.sessionFile)"
    try fixture.folder.write(Self.sessionFile, Self.token("2099-01-01T00:00:00Z", more: Self.refresh))
    let token = try #require(try SingleSignOnToken.read(path))
    let files = try SharedConfiguration(environment: fixture.environment())
    let profile = try #require(files["base"])
    let keys = S3Credentials(accessKey: "id", secretKey: "hush", sessionToken: "hushtoken")
    let signer = SigV4Signer(credentials: keys, region: "r", service: "sts")
    for value in [token, token.refresh as Any, files, profile, keys, signer, fixture.chain()] as [Any] {
      #expect(!shown(value).contains("hush"), "\(type(of: value))")
    }
  }
}

import Foundation
import Synchronization
import Testing

@testable import Scrubber

/// Which source counts, and what is said when none does.
struct CredentialChainTests {
  private let keys = ["AWS_ACCESS_KEY_ID": "envkey", "AWS_SECRET_ACCESS_KEY": "hush"]

  @Test func noSignatureIsWantedBeforeAllElse() async throws {
    let fixture = try CredentialFixture(configuration: "garbage")
    for value in ["1", "true", "YES"] {
      #expect(try await fixture.chain(keys.merging(["AWS_NO_SIGN_REQUEST": value]) { $1 }).fetch() == nil)
    }
    #expect(try await fixture.chain(keys.merging(["AWS_NO_SIGN_REQUEST": "0"]) { $1 }).fetch() != nil)
  }

  @Test func keysOfTheEnvironmentComeBeforeAProfileThatIsNamed() async throws {
    let fixture = try CredentialFixture(
      credentials: "[a]\naws_access_key_id = filekey\naws_secret_access_key = s\naws_session_token = t\n"
    )
    let token = ["AWS_SESSION_TOKEN": "token", "AWS_PROFILE": "a"]
    #expect(
      try await fixture.chain(keys.merging(token) { $1 }).fetch()
        == S3Credentials(accessKey: "envkey", secretKey: "hush", sessionToken: "token")
    )
    #expect(
      try await fixture.chain(["AWS_PROFILE": "a"]).fetch()
        == S3Credentials(accessKey: "filekey", secretKey: "s", sessionToken: "t")
    )
  }

  @Test(arguments: [
    (["AWS_ACCESS_KEY_ID": "id"], "AWS_ACCESS_KEY_ID is set but AWS_SECRET_ACCESS_KEY is not"),
    (["AWS_SECRET_ACCESS_KEY": "hush"], "AWS_SECRET_ACCESS_KEY is set but AWS_ACCESS_KEY_ID is not"),
    (
      ["AWS_ACCESS_KEY_ID": "id\r\nx-evil: 1", "AWS_SECRET_ACCESS_KEY": "hush"],
      "the environment: the access key is empty, too long, or has characters that none has"
    ),
    (
      ["AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "hush\n"],
      "the environment: the secret key is empty, too long, or has characters that none has"
    ),
    (["AWS_PROFILE": "other"], "profile other is neither in HOME/.aws/credentials nor in HOME/.aws/config"),
    (
      ["AWS_PROFILE": "half"],
      "profile half of HOME/.aws/credentials has aws_access_key_id but no aws_secret_access_key"
    ),
    (["AWS_PROFILE": "bare"], "profile bare has role_arn but neither source_profile nor credential_source"),
    (["AWS_PROFILE": "both"], "profile both has both source_profile and credential_source"),
    (
      ["AWS_PROFILE": "lost"],
      "profile gone, the source_profile of lost, is neither in HOME/.aws/credentials nor in HOME/.aws/config"
    ),
    (["AWS_PROFILE": "self"], "the source_profile of profiles goes round in a loop: self → self"),
    (["AWS_PROFILE": "one"], "the source_profile of profiles goes round in a loop: one → two → three → two"),
    (
      ["AWS_PROFILE": "empty-source"], "profile empty, the source_profile of empty-source, has no credentials"
    ),
    (["AWS_PROFILE": "mfa"], "profile mfa has mfa_serial, but nobody can be asked for a code here"),
    (["AWS_PROFILE": "long"], "profile long: duration_seconds is not a whole number above 0"),
    (
      ["AWS_PROFILE": "strange"],
      "the credential_source Moon of profile strange gives no credentials: it is none of Environment, EcsContainer and Ec2InstanceMetadata"
    ),
    (
      ["AWS_PROFILE": "from-environment"],
      "the credential_source Environment of profile from-environment gives no credentials: AWS_ACCESS_KEY_ID is not set"
    ),
    (["AWS_PROFILE": "login"], "profile login has login_session, which is not supported"),
    (["AWS_WEB_IDENTITY_TOKEN_FILE": "/x"], "AWS_WEB_IDENTITY_TOKEN_FILE is set but AWS_ROLE_ARN is not"),
    (
      ["AWS_WEB_IDENTITY_TOKEN_FILE": "/nonexistent", "AWS_ROLE_ARN": "r"],
      "/nonexistent: there is no such file"
    ),
    (
      ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.169.254/"],
      "AWS_CONTAINER_CREDENTIALS_FULL_URI names http://169.254.169.254, which may not be asked without encryption"
    ),
    (
      ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "@example.com/"],
      "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is not an address of http or https"
    ),
  ])
  func whatIsHalfSetIsAnError(_ variables: [String: String], _ message: String) async throws {
    let fixture = try CredentialFixture(
      configuration: """
        [profile bare]
        role_arn = r
        [profile both]
        role_arn = r
        source_profile = half
        credential_source = Environment
        [profile lost]
        role_arn = r
        source_profile = gone
        [profile self]
        role_arn = r
        source_profile = self
        [profile one]
        role_arn = r
        source_profile = two
        [profile two]
        role_arn = r
        source_profile = three
        [profile three]
        role_arn = r
        source_profile = two
        [profile empty]
        region = x
        [profile empty-source]
        role_arn = r
        source_profile = empty
        [profile mfa]
        role_arn = r
        source_profile = half
        mfa_serial = m
        [profile long]
        role_arn = r
        source_profile = half
        duration_seconds = 1h
        [profile strange]
        role_arn = r
        credential_source = Moon
        [profile from-environment]
        role_arn = r
        credential_source = Environment
        [profile login]
        login_session = l
        """,
      credentials: "[half]\naws_access_key_id = id\n"
    )
    let error = await failure(fixture.chain(variables))
    #expect(error.message.replacing(fixture.folder.path, with: "HOME") == message)
    #expect(!error.message.contains("hush") && !error.message.contains("evil"))
  }

  @Test func withoutAnyTheErrorSaysWhatWasTriedAndWhyItGaveNone() async throws {
    let fixture = try CredentialFixture()
    let error = await failure(fixture.chain())
    let home = fixture.folder.path
    #expect(
      error.message
        == "no credentials for S3; tried: environment (AWS_ACCESS_KEY_ID is not set), profile default (it is neither in "
        + "\(home)/.aws/credentials nor in \(home)/.aws/config), web identity (AWS_WEB_IDENTITY_TOKEN_FILE is not set), "
        + "container (AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and AWS_CONTAINER_CREDENTIALS_FULL_URI are not set), "
        + "instance metadata (AWS_EC2_METADATA_DISABLED is set)"
    )
    #expect(error.hint?.contains("AWS_NO_SIGN_REQUEST=1") == true)
    #expect(error.hint?.contains("aws sso login") == true)
  }

  @Test func theBuiltProgramSaysItAtOnceWithTheHint() throws {
    let fixture = try CredentialFixture(
      configuration: "[profile a]\ncredential_process = /nonexistent hush\n"
    )
    let arguments = ["scan-metadata", "--node-kind", "pageserver", "--bucket", "s3://b-1"]
    let none = try BuiltProgram.run(arguments, environment: fixture.variables)
    #expect(none.error.hasPrefix("scrubber: no credentials for S3; tried: environment ("))
    #expect(none.error.contains("HINT: Set the keys, name a profile by AWS_PROFILE, run aws sso login, or "))
    #expect(none.exitCode == 1)
    let failing = try BuiltProgram.run(
      arguments,
      environment: fixture.variables.merging(["AWS_PROFILE": "a"]) { $1 }
    )
    #expect(
      failing.error
        == "scrubber: credential_process of profile a: cannot run the program: No such file or directory (error 2)\n"
    )
    #expect(failing.exitCode == 1)
  }

  @Test func nobodyIsAskedBeforeItIsTheirTurn() async throws {
    let server = try CredentialServer(CredentialAnswers.json())
    defer { server.stop() }
    let fixture = try CredentialFixture(
      configuration: "[default]\ncredential_process = /nonexistent\n",
      credentials: "[default]\naws_access_key_id = id\naws_secret_access_key = s\n"
    )
    let chain = fixture.chain([
      "AWS_CONTAINER_CREDENTIALS_FULL_URI": server.origin, "AWS_EC2_METADATA_SERVICE_ENDPOINT": server.origin,
      "AWS_EC2_METADATA_DISABLED": "false",
    ])
    #expect(try await chain.fetch()?.accessKey == "id")
    #expect(server.received.isEmpty)
  }

  @Test func filesAreReadAnewEachTime() async throws {
    let fixture = try CredentialFixture(
      credentials: "[default]\naws_access_key_id = a\naws_secret_access_key = s\n"
    )
    let provider = CachedCredentials(fixture.chain())
    let first = try await provider.credentials()
    #expect(first?.accessKey == "a")
    let next = "[default]\naws_access_key_id = b\naws_secret_access_key = s\n"
    try fixture.folder.write(".aws/credentials", Array(next.utf8))
    #expect(try await provider.credentials()?.accessKey == "a")
    #expect(try await provider.credentials(insteadOf: first)?.accessKey == "b")
  }

  @Test func theRegionOfTheProfileCountsWhereNoVariableSaysOne() throws {
    let fixture = try CredentialFixture(configuration: "[profile a]\nregion = eu-north-1\n")
    func host(_ more: [String: String]) throws -> String {
      let variables = ["AWS_ENDPOINT_URL": "", "AWS_PROFILE": "a"].merging(more) { $1 }
      return try S3Configuration(S3Address(bucket: "b-1"), environment: fixture.environment(variables)).site
        .host
    }
    #expect(try host([:]) == "b-1.s3.eu-north-1.amazonaws.com")
    #expect(try host(["AWS_REGION": "us-west-2"]) == "b-1.s3.us-west-2.amazonaws.com")
  }

  // MARK: Renewal

  @Test func aHundredRequestsShareOneFetchBeforeAndAfterExpiry() async throws {
    let server = try CredentialServer { _, number in
      number == 2
        ? CredentialServer.Answer(status: 404)
        : CredentialServer.Answer(
          body: CredentialAnswers.json(
            "key\(number)",
            expires: number == 0 ? "2030-01-01T01:00:00Z" : "2030-01-01T02:00:00Z"
          )
        )
    }
    defer { server.stop() }
    let fixture = try CredentialFixture()
    let clock = Mutex(Timestamp(rfc3339: "2030-01-01T00:00:00Z"))
    let now: @Sendable () -> Timestamp = { clock.withLock { $0 } ?? .now }
    let variables = ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(server.origin)/x"]
    let provider = CachedCredentials(fixture.chain(variables, now: now), now: now)
    func all() async throws -> Set<String?> {
      try await withThrowingTaskGroup(of: String?.self) { group in
        for _ in 0..<100 { group.addTask { try await provider.credentials()?.accessKey } }
        return try await group.reduce(into: []) { $0.insert($1) }
      }
    }
    func set(_ time: String) { clock.withLock { $0 = Timestamp(rfc3339: time) } }
    #expect(try await all() == ["key0"])
    set("2030-01-01T00:53:00Z")
    #expect(try await all() == ["key0"])
    #expect(server.received.count == 1)
    set("2030-01-01T00:55:00Z")
    #expect(try await all() == ["key1"])
    #expect(server.received.count == 2)
    // The next fetch fails, and what is there holds on.
    set("2030-01-01T01:55:00Z")
    #expect(try await all() == ["key1"])
    #expect(server.received.count == 3)
    set("2030-01-01T02:00:00Z")
    #expect(try await all() == ["key3"])
  }

  // MARK: Programs

  @Test func aProgramGivesCredentials() async throws {
    let fixture = try CredentialFixture()
    let script = try fixture.script(
      "get keys",
      #"""
      [ "$1" = 'a b' ] && [ "$2" = '$HOME' ] && [ "$#" = 2 ] && ! read line || exit 9
      echo not part of it >&2
      printf '{"Version":1,"AccessKeyId":"pk","SecretAccessKey":"ps","SessionToken":"pt","Expiration":"%s"}' 2099-01-01T00:00:00+01:00
      """#
    )
    let line = "[default]\ncredential_process = \"\(script)\" 'a b' \"$HOME\"\n"
    try fixture.folder.write(".aws/config", Array(line.utf8))
    let expected = S3Credentials(
      accessKey: "pk",
      secretKey: "ps",
      sessionToken: "pt",
      expires: Timestamp(rfc3339: "2098-12-31T23:00:00Z")
    )
    #expect(try await fixture.chain().fetch() == expected)
  }

  @Test(arguments: [
    ("exit 3", "the program ended with 3"),
    (
      "echo 'no luck with wJalrXUtnFEMI/K7MDENG/bPxRfiCY' >&2; echo hush; exit 3",
      "the program ended with 3 and said: no luck with …"
    ),
    ("kill -9 $$", "the program was ended by signal 9"),
    ("echo hush", "PROFILE gave something else than JSON (byte 0)"),
    ("true", "PROFILE gave something else than JSON (byte 0)"),
    (
      #"echo '{"Version":2,"AccessKeyId":"a","SecretAccessKey":"hush"}'"#,
      "PROFILE gave version 2, expected 1"
    ),
    (
      #"echo '{"Version":"1","AccessKeyId":"a","SecretAccessKey":"hush"}'"#,
      "PROFILE gave version none, expected 1"
    ),
    (#"echo '{"Version":1,"SecretAccessKey":"hush"}'"#, "PROFILE gave no AccessKeyId or no SecretAccessKey"),
    (
      #"printf %s '{"Version":1,"AccessKeyId":"a\nb","SecretAccessKey":"hush"}'"#,
      "the access key is empty, too long, or has characters that none has"
    ),
    (
      #"echo '{"Version":1,"AccessKeyId":"a","SecretAccessKey":"hush","Expiration":"soon"}'"#,
      "PROFILE gave an Expiration that is no time of RFC 3339"
    ),
    (
      #"echo '{"Version":1,"AccessKeyId":"a","SecretAccessKey":"hush","Expiration":"2001-01-01T00:00:00Z"}'"#,
      "the program gave what expired at 2001-01-01T00:00:00Z"
    ),
    ("yes hush", "the program wrote more than 65536 bytes"),
    ("exec >&- 2>&-; sleep 100", "the program did not end within 1 s"),
    ("yes hush >&2", "the program did not end within 1 s"),
  ])
  func aProgramThatFailsIsAnErrorWithoutItsOutput(_ text: String, _ message: String) async throws {
    let fixture = try CredentialFixture()
    let script = try fixture.script("p", text)
    try fixture.folder.write(".aws/config", Array("[default]\ncredential_process = \(script) hush\n".utf8))
    var chain = fixture.chain()
    chain.processTimeout = .seconds(message.contains("within") ? 1 : 60)
    let error = await failure(chain)
    let source = "credential_process of profile default"
    let expected =
      message.hasPrefix("PROFILE") ? message.replacing("PROFILE", with: source) : "\(source): \(message)"
    #expect(error.message == expected)
  }

  @Test(arguments: [
    ("/nonexistent/program", "cannot run the program: No such file or directory (error 2)"),
    ("'open", "a quote is not closed"), ("''", "it names no program"),
  ])
  func aProgramThatIsNotThereIsAnError(_ command: String, _ message: String) async throws {
    let fixture = try CredentialFixture(configuration: "[default]\ncredential_process = \(command)\n")
    let error = await failure(fixture.chain())
    #expect(error.message == "credential_process of profile default: \(message)")
  }

  /// What a program leaves running neither keeps us waiting, nor outlives a program that is ended.
  @Test func whatAProgramStartsDoesNotKeepUsWaiting() async throws {
    let fixture = try CredentialFixture()
    let good = try fixture.script("good", "sleep 3600 & echo $!; exit 0")
    let result = try await ChildProcess.run([good], outputLimit: 100, timeout: .seconds(300))
    let left = try #require(
      pid_t(String(decoding: result.output, as: UTF8.self).trimmingCharacters(in: .newlines))
    )
    // It still runs, so nobody waited for it.
    #expect(kill(left, SIGKILL) == 0)
    let slow = try fixture.script("slow", "sleep 3600 & echo $! >\"$1\"; wait")
    let note = "\(fixture.folder.path)/pid"
    await #expect(throws: ChildProcess.Failure.timedOut) {
      try await ChildProcess.run([slow, note], outputLimit: 100, timeout: .seconds(2))
    }
    let child = try #require(
      pid_t(try String(contentsOfFile: note, encoding: .utf8).trimmingCharacters(in: .newlines))
    )
    // Whoever inherits it may take a moment to notice its end.
    for _ in 0..<1000 where isRunning(child) { try await Task.sleep(for: .milliseconds(10)) }
    #expect(!isRunning(child))
  }

  private func isRunning(_ process: pid_t) -> Bool {
    guard let status = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else {
      return false
    }
    return !status.contains(") Z ")
  }
}

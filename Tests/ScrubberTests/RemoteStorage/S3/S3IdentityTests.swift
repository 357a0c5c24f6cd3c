import Foundation
import Testing

@testable import Scrubber

/// A moto that checks signatures, session tokens and policies. It lets the first requests pass without, by which a user
/// and a role are made.
private struct IdentityServer {
  let endpoint: String
  /// Of a user who may do everything.
  let user: S3Credentials
  /// Of a role, for an hour.
  let session: S3Credentials
  /// Of a role that may read only.
  let reader: S3Credentials

  private static let all = policy("\"s3:*\"", "\"*\"")
  static let reading = policy(
    "\"s3:ListBucket\",\"s3:ListBucketVersions\",\"s3:GetBucketVersioning\",\"s3:GetObject\",\"s3:GetObjectVersion\"",
    "\"*\""
  )

  private static func policy(_ actions: String, _ resource: String) -> String {
    "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":[\(actions)],\"Resource\":\(resource)}]}"
  }

  init() async throws {
    let calls: [(service: String, fields: [(String, String)])] = [
      ("iam", [("Action", "CreateUser"), ("UserName", "u")]),
      ("iam", [("Action", "CreateAccessKey"), ("UserName", "u")]),
      (
        "iam",
        [
          ("Action", "PutUserPolicy"), ("UserName", "u"), ("PolicyName", "p"), ("PolicyDocument", Self.all),
        ]
      ),
      ("iam", Self.role("all")), ("iam", Self.rolePolicy("all", Self.all)), ("sts", Self.assume("all")),
      ("iam", Self.role("reader")), ("iam", Self.rolePolicy("reader", Self.reading)),
      ("sts", Self.assume("reader")),
    ]
    let port = try RealS3Server.freePort()
    endpoint = "http://127.0.0.1:\(port)"
    let process = Process()
    process.executableURL = RealS3Server.programs.appending(path: "moto_server")
    process.arguments = ["-H", "127.0.0.1", "-p", "\(port)"]
    process.environment = ProcessInfo.processInfo.environment.merging(
      ["INITIAL_NO_AUTH_ACTION_COUNT": "\(calls.count)"]
    ) { $1 }
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    RealS3Server.killAtExit(process.processIdentifier)
    // Each request counts, so it is only looked whether somebody listens.
    let deadline = ContinuousClock.now + .seconds(60)
    while true {
      if let connection = try? LoopbackSocket.connect(to: UInt16(port)) {
        close(connection)
        break
      }
      guard ContinuousClock.now < deadline, process.isRunning else { throw POSIXError(.ETIMEDOUT) }
      try await Task.sleep(for: .milliseconds(100))
    }
    var answers: [String] = []
    for call in calls { answers.append(try await Self.ask(endpoint, call.service, call.fields)) }
    user = try Self.credentials(answers[1])
    session = try Self.credentials(answers[5])
    reader = try Self.credentials(answers[8])
  }

  private static func role(_ name: String) -> [(String, String)] {
    [("Action", "CreateRole"), ("RoleName", name), ("AssumeRolePolicyDocument", all)]
  }

  private static func rolePolicy(_ name: String, _ policy: String) -> [(String, String)] {
    [("Action", "PutRolePolicy"), ("RoleName", name), ("PolicyName", "p"), ("PolicyDocument", policy)]
  }

  private static func assume(_ role: String) -> [(String, String)] {
    [
      ("Action", "AssumeRole"), ("RoleArn", "arn:aws:iam::123456789012:role/\(role)"),
      ("RoleSessionName", "test"),
    ]
  }

  private static func ask(_ endpoint: String, _ service: String, _ fields: [(String, String)]) async throws
    -> String
  {
    let body = fields.map { "\($0.0)=\(PercentEncoding.queryPart($0.1))" }.joined(separator: "&")
    var request = HTTPRequest(method: .post, url: "\(endpoint)/", bodyLimit: 1 << 20)
    request.body = Array((body + "&Version=\(service == "iam" ? "2010-05-08" : "2011-06-15")").utf8)
    let credential = "Credential=x/20260101/us-east-1/\(service)/aws4_request"
    request.headers = [
      ("content-type", "application/x-www-form-urlencoded"),
      ("authorization", "AWS4-HMAC-SHA256 \(credential), SignedHeaders=host, Signature=x"),
    ]
    let response = try await CurlClient().send(request)
    let text = String(decoding: response.body, as: UTF8.self)
    try #require(response.isSuccess, "\(fields.first?.1 ?? ""): \(text)")
    return text
  }

  private static func credentials(_ text: String) throws -> S3Credentials {
    func field(_ name: String) -> String? {
      guard let start = text.firstRange(of: "<\(name)>"), let end = text.firstRange(of: "</\(name)>") else {
        return nil
      }
      return String(text[start.upperBound..<end.lowerBound])
    }
    return S3Credentials(
      accessKey: try #require(field("AccessKeyId")),
      secretKey: try #require(field("SecretAccessKey")),
      sessionToken: field("SessionToken")
    )
  }

  func store(_ bucket: String, _ credentials: S3Credentials?) throws -> S3ObjectStore {
    var values = ["AWS_ENDPOINT_URL": endpoint, "HOME": "/nonexistent"]
    values["AWS_ACCESS_KEY_ID"] = credentials?.accessKey
    values["AWS_SECRET_ACCESS_KEY"] = credentials?.secretKey
    values["AWS_SESSION_TOKEN"] = credentials?.sessionToken
    if credentials == nil { values["AWS_NO_SIGN_REQUEST"] = "YES" }
    let configuration = try S3Configuration(S3Address(bucket: bucket), environment: Environment(values))
    return S3ObjectStore(S3Client(configuration))
  }

  func makeBucket(_ credentials: S3Credentials) async throws -> S3ObjectStore {
    let store = try store("t-\(UUID().uuidString.lowercased())", credentials)
    try await store.client.send(S3Client.Call(operation: .put, method: .put, place: "", bodyLimit: 1000)) {
      _ in
    }
    return store
  }
}

@Suite(
  "S3 with users, roles and policies",
  .serialized,
  .enabled(if: RealS3Server.areInstalled, "moto and SeaweedFS are not in .venv: run tools/setup")
)
struct S3IdentityTests {
  private static let server = Task { try await IdentityServer() }

  @Test(arguments: [false, true])
  func signaturesAndSessionTokensAreAccepted(_ isSession: Bool) async throws {
    let server = try await Self.server.value
    let credentials = isSession ? server.session : server.user
    #expect((credentials.sessionToken != nil) == isSession)
    let conformance = ObjectStoreConformance(name: "moto", canHold: { !$0.contains("\n") }, step: 60) {
      objects,
      check in
      let store = try await server.makeBucket(credentials)
      for (key, bytes) in objects { _ = try await store.put(key, bytes: bytes) }
      try await check(store)
    }
    try await conformance.checkRanges()
    try await conformance.checkMissingObjects()
    try await conformance.checkWriting()
    try await conformance.checkPrefixes()
  }

  @Test func whatIsWronglySignedIsDenied() async throws {
    let server = try await Self.server.value
    let bucket = try await server.makeBucket(server.user)
    _ = try await bucket.put("a", bytes: [1])
    let name = bucket.client.configuration.bucket
    var wrongSecret = server.user
    wrongSecret.secretKey = "wrongsecret99"
    var wrongToken = server.session
    wrongToken.sessionToken = "wrongtoken99"
    let nobody = S3Credentials(accessKey: "AKIANOBODY", secretKey: "wrongsecret99")
    for credentials in [wrongSecret, wrongToken, nobody] {
      let store = try server.store(name, credentials)
      let error = await #expect(throws: StoreError.self) { try await store.read(ReadRequest("a", limit: 1)) }
      #expect(error?.kind == .accessDenied, "\(String(describing: error))")
      let head = await #expect(throws: StoreError.self) { try await store.head("a") }
      #expect(head?.kind == .accessDenied, "\(String(describing: head))")
      #expect(!"\(String(describing: error)) \(String(describing: head))".contains("99"))
    }
    let anonymous = try server.store(name, nil)
    await expectStoreError(.accessDenied, .read, key: "a") {
      _ = try await anonymous.read(ReadRequest("a", limit: 1))
    }
  }

  /// The policy that the documentation recommends is enough to read, and for nothing else.
  @Test func aRoleThatMayReadOnlyReads() async throws {
    let server = try await Self.server.value
    let bucket = try await server.makeBucket(server.user)
    _ = try await bucket.put("a", bytes: [1])
    let store = try server.store(bucket.client.configuration.bucket, server.reader)
    #expect(try await store.read(ReadRequest("a", limit: 1)).bytes == [1])
    #expect(try await store.head("a")?.size == 1)
    try await expectKeys(["a"], store, ListRequest())
    #expect(try await store.keepsHistory() == false)
    let versions = try store.listVersions(ListRequest())
    #expect(try await versions.next()?.map(\.key) == ["a"])
    await expectStoreError(.accessDenied, .put, key: "b") { _ = try await store.put("b", bytes: [1]) }
    await expectStoreError(.accessDenied, .delete, key: "a") { try await store.delete(["a"]) }
    #expect(try await bucket.head("a") != nil)
  }
}

import Foundation
import Testing

@testable import Scrubber

/// TLS, proxies, credentials that change, and secrets: with SeaweedFS behind.
@Suite(
  "S3 connections",
  .enabled(if: RealS3Server.areInstalled, "moto and SeaweedFS are not in .venv: run tools/setup")
)
struct S3ConnectionTests {
  private func store(_ bucket: S3ObjectStore, _ more: [String: String]) throws -> S3ObjectStore {
    var environment = [
      "AWS_ACCESS_KEY_ID": RealS3Server.credentials.accessKey,
      "AWS_SECRET_ACCESS_KEY": RealS3Server.credentials.secretKey, "HOME": "/nonexistent",
    ]
    environment.merge(more) { $1 }
    let address = S3Address(bucket: bucket.client.configuration.bucket)
    let configuration = try S3Configuration(address, environment: Environment(environment))
    return S3ObjectStore(S3Client(configuration, policy: RetryPolicy(firstPause: .milliseconds(1))))
  }

  // MARK: TLS

  @Test func aCertificateOfAnUnknownIssuerIsRefused() async throws {
    let server = try await RealS3Server.running(.seaweedFS)
    let bucket = try await server.makeBucket([("a", [1])])
    let certificate = try #require(server.certificate?.path)
    func read(_ environment: [String: String]) async throws(any Error) -> [UInt8] {
      try await store(bucket, environment).read(ReadRequest("a", limit: 1)).bytes
    }
    let error = await #expect(throws: StoreError.self) {
      try await read(["AWS_ENDPOINT_URL": server.secureEndpoint])
    }
    #expect(error?.kind == .failed)
    #expect(error?.detail.contains("certificate") == true, "\(String(describing: error))")
    #expect(error?.detail.contains("AWS_CA_BUNDLE") == true)
    // Another try would find the same certificate.
    #expect(error?.detail.contains("tries") == false)
    for variable in ["AWS_CA_BUNDLE", "SSL_CERT_FILE"] {
      #expect(try await read(["AWS_ENDPOINT_URL": server.secureEndpoint, variable: certificate]) == [1])
    }
    let otherName = server.secureEndpoint.replacing("localhost", with: "127.0.0.1")
    let wrongHost = await #expect(throws: StoreError.self) {
      try await read(["AWS_ENDPOINT_URL": otherName, "AWS_CA_BUNDLE": certificate])
    }
    #expect(wrongHost?.detail.contains("127.0.0.1") == true, "\(String(describing: wrongHost))")
    let missing = await #expect(throws: StoreError.self) {
      try await read(["AWS_ENDPOINT_URL": server.secureEndpoint, "AWS_CA_BUNDLE": "/nonexistent/ca.pem"])
    }
    #expect(missing?.detail.contains("/nonexistent/ca.pem") == true, "\(String(describing: missing))")
  }

  @Test func overTLSRequestsShareAConnectionOfHTTP2() async throws {
    let server = try await RealS3Server.running(.seaweedFS)
    let bucket = try await server.makeBucket([("a", [1])])
    let certificate = try #require(server.certificate?.path)
    let store = try store(bucket, ["AWS_ENDPOINT_URL": server.secureEndpoint, "AWS_CA_BUNDLE": certificate])
    let isHTTP2 = try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<32 {
        group.addTask {
          let call = S3Client.Call(operation: .read, key: "a", place: "a", bodyLimit: 10)
          return try await store.client.send(call) { $0.isHTTP2 && $0.body == [1] }
        }
      }
      return try await group.reduce(true) { $0 && $1 }
    }
    #expect(isHTTP2)
  }

  @Test func connectionsAreKeptAndNotMoreThanAllowed() async throws {
    let server = try await RealS3Server.running(.seaweedFS)
    let bucket = try await server.makeBucket([("a", [1])])
    let proxy = try FaultServer(upstream: server.port, FaultServer.Plan())
    defer { proxy.stop() }
    var configuration = bucket.client.configuration
    configuration.site.origin = "http://127.0.0.1:\(proxy.port)"
    configuration.site.host = "127.0.0.1:\(proxy.port)"
    let store = S3ObjectStore(S3Client(configuration, maxInFlight: 4))
    for _ in 0..<20 { _ = try await store.read(ReadRequest("a", limit: 1)) }
    #expect(proxy.connectionCount == 1)
    try await withThrowingTaskGroup { group in
      for _ in 0..<64 { group.addTask { _ = try await store.read(ReadRequest("a", limit: 1)) } }
      try await group.waitForAll()
    }
    // Each request that is under way has one; none is closed in between.
    #expect(proxy.connectionCount <= 4)
    #expect(proxy.requests.count == 84)
  }

  // MARK: Proxies

  @Test func theUsualVariablesLeadThroughAProxy() async throws {
    let server = try await RealS3Server.running(.seaweedFS)
    let bucket = try await server.makeBucket([("a", [1])])
    let proxy = try FaultServer(upstream: server.port, FaultServer.Plan())
    defer { proxy.stop() }
    func run(_ more: [String: String]) throws -> BuiltProgram.Outcome {
      try BuiltProgram.run(
        ["scan-metadata", "--bucket", bucket.location, "-n", "pageserver"],
        environment: server.environment().merging(more) { $1 }
      )
    }
    let elsewhere = "http://s3.scrubber.invalid"
    let address = "http://127.0.0.1:\(proxy.port)"
    // There are no tenants; that the bucket is seen is enough.
    let through = try run(["AWS_ENDPOINT_URL": elsewhere, "http_proxy": address])
    #expect(through.exitCode == ExitCode.nothingMatched.rawValue, "\(through.error)")
    #expect(proxy.requests.count > 0)
    #expect(proxy.requests.allSatisfy { $0.hasPrefix("GET \(elsewhere)/") }, "\(proxy.requests)")
    let all = try run(["AWS_ENDPOINT_URL": elsewhere, "ALL_PROXY": address])
    #expect(all.exitCode == ExitCode.nothingMatched.rawValue, "\(all.error)")
    let count = proxy.requests.count
    // libcurl passes over the upper-case name on purpose: in a CGI program it is a header of the client.
    let upper = try run(["AWS_ENDPOINT_URL": elsewhere, "HTTP_PROXY": address])
    #expect(upper.exitCode == ExitCode.couldNotFinish.rawValue)
    #expect(upper.error.contains("s3.scrubber.invalid"), "\(upper.error)")
    for variable in ["NO_PROXY", "no_proxy"] {
      let direct = try run(["http_proxy": address, variable: "127.0.0.1"])
      #expect(direct.exitCode == ExitCode.nothingMatched.rawValue, "\(direct.error)")
    }
    #expect(proxy.requests.count == count)
  }

  /// A proxy that does not let us through to a server with TLS is an error of its own.
  @Test func aProxyThatRefusesATunnelIsNamed() async throws {
    let server = try await RealS3Server.running(.seaweedFS)
    let proxy = try FaultServer(upstream: server.port, FaultServer.Plan(fault: .forbidden, isLasting: true))
    defer { proxy.stop() }
    let outcome = try BuiltProgram.run(
      ["scan-metadata", "--bucket", "s3://bucket", "-n", "pageserver"],
      environment: server.environment().merging(
        [
          "AWS_ENDPOINT_URL": "https://s3.scrubber.invalid",
          "HTTPS_PROXY": "http://user:pw77@127.0.0.1:\(proxy.port)",
        ]
      ) { $1 }
    )
    #expect(outcome.exitCode == ExitCode.couldNotFinish.rawValue)
    #expect(outcome.error.contains("403"), "\(outcome.error)")
    #expect(!outcome.error.contains("pw77"))
    #expect(proxy.requests.first == "CONNECT s3.scrubber.invalid:443 HTTP/1.1")
  }

  // MARK: Credentials

  /// Credentials of the past first, then those that the server knows.
  private struct Rotation: S3CredentialsSource {
    func fetch() -> S3Credentials? { RealS3Server.credentials }
  }

  @Test func expiredCredentialsAreReplacedOnceAndTheRequestIsRepeated() async throws {
    let server = try await RealS3Server.running(.seaweedFS)
    let bucket = try await server.makeBucket([("a", [1])])
    let proxy = try FaultServer(upstream: server.port, FaultServer.Plan(fault: .expiredToken))
    defer { proxy.stop() }
    var configuration = bucket.client.configuration
    configuration.site.origin = "http://127.0.0.1:\(proxy.port)"
    configuration.site.host = "127.0.0.1:\(proxy.port)"
    let old = S3Credentials(accessKey: "past", secretKey: "past")
    configuration.credentials = CachedCredentials(old, Rotation())
    let store = S3ObjectStore(S3Client(configuration))
    #expect(try await store.read(ReadRequest("a", limit: 1)).bytes == [1])
    #expect(proxy.requests.count == 2)
    #expect(try await store.read(ReadRequest("a", limit: 1)).bytes == [1])
    #expect(proxy.requests.count == 3)
  }

  // MARK: Secrets

  @Test func noTextShowsASecret() async throws {
    let server = try await RealS3Server.running(.seaweedFS)
    let credentials = S3Credentials(accessKey: "id", secretKey: "hush77", sessionToken: "token77")
    let store = try server.store("some-bucket", credentials)
    let signer = SigV4Signer(credentials: credentials, region: "us-east-1")
    let message = SigV4Signer.Message(method: "GET", path: "/", query: "", headers: [], bodySHA256: "")
    let request = HTTPRequest(
      method: .get,
      url: "http://host/",
      headers: signer.sign(message, at: .now),
      bodyLimit: 1
    )
    _ = try? await store.head("a")  // The client has signed by then; the server refuses it.
    let things: [Any] = [
      credentials, FixedCredentials(credentials),
      CachedCredentials(credentials, FixedCredentials(credentials)),
      store.client.configuration, store.client, store, signer, request,
    ]
    var text = ""
    for thing in things {
      text += "\(thing) \(String(reflecting: thing))"
      dump(thing, to: &text)
    }
    #expect(text.contains("S3Credentials"))
    for secret in ["hush77", "token77", "Signature="] { #expect(!text.contains(secret), "\(text)") }
  }

  /// Even where a server repeats in its error all that it was sent.
  /// Tokens of AWS have a thousand characters: one that is cut is a secret still.
  private static let longToken = "token77" + String(repeating: "Secret+/", count: 200)

  @Test(arguments: [HTTPFault.talkative, .forbidden, .expiredToken, .foreignHost, .internalError, .notHTTP])
  func theProgramShowsNoSecret(_ fault: HTTPFault) async throws {
    let server = try await RealS3Server.running(.seaweedFS)
    let proxy = try FaultServer(upstream: server.port, FaultServer.Plan(fault: fault, isLasting: true))
    defer { proxy.stop() }
    let environment = [
      "AWS_ENDPOINT_URL": "http://127.0.0.1:\(proxy.port)", "AWS_ACCESS_KEY_ID": "id",
      "AWS_SECRET_ACCESS_KEY": "hush77", "AWS_SESSION_TOKEN": Self.longToken, "HOME": "/nonexistent",
    ]
    let outcome = try BuiltProgram.run(
      ["scan-metadata", "--verbose", "--bucket", "s3://bucket", "-n", "pageserver"],
      environment: environment
    )
    #expect(outcome.exitCode == ExitCode.couldNotFinish.rawValue)
    #expect(!outcome.error.isEmpty)
    let text = outcome.output + outcome.error
    for secret in ["hush77", "token77", "Secret+/"] { #expect(!text.contains(secret), "\(text)") }
  }

  // MARK: Large and many

  @Test func anObjectIsWrittenInParts() async throws {
    let store = try await RealS3Server.running(.seaweedFS).makeBucket()
    let bytes = (0..<(11 << 20)).map { UInt8(truncatingIfNeeded: $0 >> 10 &+ $0) }
    let written = try await store.putMultipart("large", size: UInt64(bytes.count), partSize: 5 << 20) {
      Array(bytes[Int($0.lowerBound)..<Int($0.upperBound)])
    }
    #expect(written.etag.hasSuffix("-3"))
    #expect(try await store.head("large") == written)
    let content = try await store.read(ReadRequest("large", limit: 16 << 20))
    #expect(content.bytes == bytes)
    let small = try await store.putMultipart("small", size: 3) { _ in [1, 2, 3] }
    #expect(small.size == 3)
    #expect(try await store.read(ReadRequest("small", limit: 3)).bytes == [1, 2, 3])
    #expect(try await store.putMultipart("empty", size: 0) { _ in [] }.size == 0)
  }

  @Test func afterAFailureNoPartsAreLeft() async throws {
    let store = try await RealS3Server.running(.moto).makeBucket()
    await expectStoreError(.shortRead, .put, key: "large") {
      _ = try await store.putMultipart("large", size: 10_000, partSize: 1000) {
        $0.lowerBound < 5000 ? [] : [1]
      }
    }
    await expectStoreError(.failed, .put, key: "large") {
      _ = try await store.putMultipart("large", size: 10_000, partSize: 1024) { range throws(StoreError) in
        guard range.lowerBound < 5000 else { throw StoreError(.failed, .put, key: "large", detail: "dry") }
        return [UInt8](repeating: 1, count: Int(range.upperBound - range.lowerBound))
      }
    }
    let call = S3Client.Call(operation: .list, place: "", query: [("uploads", "")], bodyLimit: 1 << 20)
    let answer = try await store.client.send(call) { String(decoding: $0.body, as: UTF8.self) }
    #expect(answer.contains("ListMultipartUploadsResult") && !answer.contains("UploadId>"), "\(answer)")
    #expect(try await store.head("large") == nil)
  }

  @Test func partsAreAsLargeAsTheirNumberAsksFor() {
    #expect(S3ObjectStore.partSize(ofObject: 0) == 8 << 20)
    #expect(S3ObjectStore.partSize(ofObject: 80 << 30) == 9 << 20)
    for size: UInt64 in [1, 8 << 20, (8 << 20) * 10_000, (8 << 20) * 10_000 + 1, 5 << 40] {
      let part = S3ObjectStore.partSize(ofObject: size)
      #expect((size + part - 1) / part <= 10_000 && part <= 5 << 30)
    }
  }

  @Test func manyObjectsAreDeletedByTheThousand() async throws {
    let server = try await RealS3Server.running(.seaweedFS)
    let bucket = try await server.makeBucket([("a", [1]), ("key2001", [1]), ("key7", [1])])
    let proxy = try FaultServer(upstream: server.port, FaultServer.Plan())
    defer { proxy.stop() }
    let store = try store(bucket, ["AWS_ENDPOINT_URL": "http://127.0.0.1:\(proxy.port)"])
    try await store.delete((0..<2500).map { "key\($0)" })
    #expect(proxy.requests.count == 3)
    try await expectKeys(["a"], bucket, ListRequest())
  }
}

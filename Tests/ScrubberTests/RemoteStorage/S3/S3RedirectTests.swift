import Testing

@testable import Scrubber

/// Where an answer may lead: by its region always, by its host never.
struct S3RedirectTests {
  private func configuration(endpoint: String? = nil) throws -> S3Configuration {
    var values = ["AWS_NO_SIGN_REQUEST": "YES", "HOME": "/nonexistent"]
    values["AWS_ENDPOINT_URL"] = endpoint
    return try S3Configuration(S3Address(bucket: "b-1"), environment: Environment(values))
  }

  private func decide(
    _ status: Int,
    _ headers: [String] = [],
    body: String = "",
    endpoint: String? = nil
  ) throws -> S3Redirect {
    var parsed = HTTPHeaders()
    for line in headers { _ = Array("\(line)\r\n".utf8).withUnsafeBytes { parsed.add(line: $0) } }
    let response = HTTPResponse(status: status, headers: parsed, body: Array(body.utf8))
    let configuration = try configuration(endpoint: endpoint)
    return S3Redirect(
      response,
      S3ErrorAnswer.parse(response.body),
      from: configuration.site,
      of: configuration
    )
  }

  private func host(_ redirect: S3Redirect) -> String? {
    if case .follow(let site) = redirect { return site.host }
    return nil
  }

  private let malformed =
    "<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-9</Region></Error>"

  @Test func inAWSTheHostFollowsFromTheRegion() throws {
    for redirect in [
      try decide(301, ["x-amz-bucket-region: eu-west-9"]),
      try decide(400, ["x-amz-bucket-region: eu-west-9"]),
      try decide(403, ["x-amz-bucket-region: eu-west-9"]),
      try decide(400, body: malformed),
      try decide(307, ["Location: https://b-1.s3.eu-west-9.amazonaws.com/key"]),
      try decide(307, ["Location: https://b-1.s3-eu-west-9.amazonaws.com/key"]),
      try decide(
        301,
        body:
          "<Error><Code>PermanentRedirect</Code><Endpoint>b-1.s3.eu-west-9.amazonaws.com</Endpoint></Error>"
      ),
      // The region is believed, the host is not.
      try decide(307, ["Location: https://evil.example/key", "x-amz-bucket-region: eu-west-9"]),
    ] {
      #expect(host(redirect) == "b-1.s3.eu-west-9.amazonaws.com")
    }
  }

  @Test func ofAnEndpointThatWasGivenTheHostStays() throws {
    let endpoint = "http://127.0.0.1:9000"
    let redirect = try decide(400, body: malformed, endpoint: endpoint)
    guard case .follow(let site) = redirect else {
      Issue.record("not followed: \(redirect)")
      return
    }
    #expect(site.host == "127.0.0.1:9000")
    #expect(site.region == "eu-west-9")
    for location in [
      "http://evil.example/b-1/key", "http://127.0.0.1:9001/b-1/key", "//evil.example/",
      "https://s3.amazonaws.com/",
    ] {
      let refused = try decide(
        307,
        ["Location: \(location)", "x-amz-bucket-region: eu-west-9"],
        endpoint: endpoint
      )
      guard case .refuse = refused else {
        Issue.record("\(location): \(refused)")
        return
      }
    }
  }

  /// A region becomes a part of a host's name.
  @Test(arguments: [
    "evil.example/", "a.b", "eu west", "", "x@y", String(repeating: "a", count: 65), "eu-west-9\u{0}",
  ])
  func whatIsNoRegionIsNotFollowed(_ region: String) throws {
    let redirect = try decide(301, ["x-amz-bucket-region: \(region)"])
    #expect(host(redirect) == nil)
  }

  @Test func otherAnswersLeadNowhere() throws {
    #expect(try decide(400, body: "<Error><Code>InvalidArgument</Code></Error>") == .none)
    #expect(try decide(403, ["x-amz-bucket-region: us-east-1"]) == .none)
    #expect(try decide(404, ["x-amz-bucket-region: eu-west-9"]) == .none)
    guard case .refuse = try decide(302), case .refuse = try decide(301, ["x-amz-bucket-region: us-east-1"])
    else {
      Issue.record("followed to where it was")
      return
    }
    // What stands before an @ may be a password.
    guard case .refuse(let reason) = try decide(302, ["Location: http://user:hush@evil.example/"]) else {
      Issue.record("followed")
      return
    }
    #expect(!reason.contains("hush"))
  }
}

struct RetryPolicyTests {
  private let policy = RetryPolicy()

  @Test func pausesGrowAndAreRandom() {
    for (number, most) in [(0, 100), (1, 200), (3, 800), (7, 12800), (8, 20000), (1000, 20000)] {
      let pauses = (0..<200).map { _ in policy.pause(beforeRetry: number, retryAfter: nil) }
      #expect(pauses.allSatisfy { $0 >= .zero && $0 <= .milliseconds(most) })
      // Full jitter: some are short, some are long.
      #expect(
        pauses.contains { $0 < .milliseconds(most / 4) }
          && pauses.contains { $0 > .milliseconds(most * 3 / 4) }
      )
    }
  }

  @Test func theServersWishIsKeptWithinBounds() throws {
    let now = try #require(Timestamp(rfc3339: "1994-11-15T08:12:21Z"))
    func pause(_ text: String) -> Duration { policy.pause(beforeRetry: 0, retryAfter: text, now: now) }
    #expect(pause("7") == .seconds(7))
    #expect(pause("9999999") == policy.longestRetryAfter)
    #expect((10...11).contains(pause("Tue, 15 Nov 1994 08:12:31 GMT").components.seconds))
    #expect(pause("Tue, 15 Nov 2089 08:12:31 GMT") == policy.longestRetryAfter)
    for text in ["-5", "soon", "", "Tue, 15 Nov 1993 08:12:31 GMT", "9999999999999999999999"] {
      #expect(pause(text) <= .milliseconds(100), "\(text)")
    }
  }

  @Test func theBudgetEndsRetriesForAll() {
    let budget = RetryBudget()
    #expect((0..<1000).filter { _ in budget.takeForRetry() }.count == 100)
    for _ in 0..<5 { budget.giveBack() }
    #expect(budget.takeForRetry())
    #expect(!budget.takeForRetry())
  }

  @Test func whatTheServerSaysInTheBodyCountsToo() {
    #expect(policy.isWorthRetrying(status: 400, code: "RequestTimeout"))
    #expect(policy.isWorthRetrying(status: 400, code: "BadDigest"))
    #expect(!policy.isWorthRetrying(status: 400, code: "InvalidArgument"))
    #expect(!policy.isWorthRetrying(status: 403, code: "AccessDenied"))
  }
}

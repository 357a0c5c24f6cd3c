import Synchronization

/// Sends signed requests to a bucket until there is an answer that is worth having.
final class S3Client: Sendable {
  let configuration: S3Configuration
  private let transport: CurlClient
  /// Of the credentials used last.
  private let lastSigner = Mutex<SigV4Signer?>(nil)
  private let policy: RetryPolicy
  private let timeouts: HTTPRequest.Timeouts
  private let budget = RetryBudget()
  /// How much later than ours the server's clock is, in nanoseconds.
  private let clockSkew = Atomic<Int64>(0)

  /// Servers refuse signatures that are more than 15 minutes off; a smaller difference explains no refusal.
  private static let toleratedSkew: Int64 = 240_000_000_000

  init(
    _ configuration: S3Configuration,
    maxInFlight: Int = 64,
    policy: RetryPolicy = RetryPolicy(),
    timeouts: HTTPRequest.Timeouts = HTTPRequest.Timeouts()
  ) {
    self.configuration = configuration
    self.policy = policy
    self.timeouts = timeouts
    transport = CurlClient(maxInFlight: maxInFlight, authorities: configuration.authorities)
  }

  /// What a request asks, before it has an address and a signature.
  struct Call: Sendable {
    var operation: StoreError.Operation
    var method: HTTPRequest.Method = .get
    /// Nil for the bucket itself.
    var key: String? = nil
    /// What errors name: the key, or a listing's prefix.
    var place: String
    var query: [(name: String, value: String)] = []
    /// Names in lower case. Those that begin with `x-amz-`, and `content-md5`, are signed.
    var headers: [(name: String, value: String)] = []
    var body: [UInt8] = []
    var bodyLimit: Int
    var range: Range<UInt64>? = nil
    /// Statuses that the caller makes something of.
    var expected: Set<Int> = []
  }

  /// Asks until there is an answer of success, or with an expected status, that `read` can make something of.
  func send<Answer: Sendable>(
    _ call: Call,
    _ read: @Sendable (HTTPResponse) throws(StoreError) -> Answer
  ) async throws(StoreError) -> Answer {
    var history = S3TryHistory()
    var isSkewCorrected = false
    var refused: S3Credentials?
    while true {
      if Task.isCancelled { throw cancelled(call) }
      let signer = try await signer(call, insteadOf: refused)
      switch await attempt(call, signer, read) {
      case .answer(let answer):
        budget.giveBack()
        return answer
      case .final(let error, let response):
        if let response, signer != nil, !isSkewCorrected, correctClock(response) {
          isSkewCorrected = true
          continue
        }
        // Others are asked for once; if these are expired too, that is the answer.
        if let response, refused == nil, let signer, Self.isExpiry(response),
          try await self.signer(call, insteadOf: signer.credentials) !== signer
        {
          refused = signer.credentials
          continue
        }
        history.add(error)
        throw history.describe(error)
      case .passing(let error, let response):
        history.add(error)
        guard history.count < policy.maxTries, budget.takeForRetry() else { throw history.describe(error) }
        let retryAfter = response?.headers["retry-after"]
        let pause = policy.pause(beforeRetry: history.count - 1, retryAfter: retryAfter)
        do { try await Task.sleep(for: pause) } catch { throw cancelled(call) }
      }
    }
  }

  private enum Outcome<Answer> {
    case answer(Answer)
    case final(StoreError, HTTPResponse?)
    /// An error that may not come again.
    case passing(StoreError, HTTPResponse?)
  }

  private func attempt<Answer>(
    _ call: Call,
    _ signer: SigV4Signer?,
    _ read: @Sendable (HTTPResponse) throws(StoreError) -> Answer
  ) async -> Outcome<Answer> {
    let response: HTTPResponse
    do throws(HTTPFailure) {
      response = try await transport.send(request(call, signer))
    } catch {
      let storeError = StoreError(error, call)
      return error.isWorthRetrying ? .passing(storeError, nil) : .final(storeError, nil)
    }
    guard response.isSuccess || call.expected.contains(response.status) else {
      let error = StoreError(response, call, region: configuration.region)
      return policy.isWorthRetrying(status: response.status)
        ? .passing(error, response) : .final(error, response)
    }
    do throws(StoreError) {
      return .answer(try read(response))
    } catch {
      // A garbled or short answer; what the answer says clearly stays so.
      let isPassing = error.kind == .failed || error.kind == .shortRead
      return isPassing ? .passing(error, nil) : .final(error, nil)
    }
  }

  /// Nil for requests without a signature.
  private func signer(
    _ call: Call,
    insteadOf refused: S3Credentials?
  ) async throws(StoreError) -> SigV4Signer? {
    let found: S3Credentials?
    do throws(S3ConfigurationError) {
      found = try await configuration.credentials.credentials(insteadOf: refused)
    } catch {
      throw StoreError(.accessDenied, call.operation, key: call.place, detail: error.message)
    }
    guard let found else { return nil }
    return lastSigner.withLock { last in
      if let last, last.credentials == found { return last }
      let signer = SigV4Signer(credentials: found, region: configuration.region)
      last = signer
      return signer
    }
  }

  private static func isExpiry(_ response: HTTPResponse) -> Bool {
    guard response.status == 400 || response.status == 401 || response.status == 403 else { return false }
    let codes = ["ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"]
    return codes.contains(S3ErrorAnswer.parse(response.body).code)
  }

  private func request(_ call: Call, _ signer: SigV4Signer?) -> HTTPRequest {
    let path = configuration.basePath + (call.key.map { "/" + PercentEncoding.path($0) } ?? "/")
    let query = PercentEncoding.query(call.query)
    var request = HTTPRequest(
      method: call.method,
      url: configuration.origin + path + (query.isEmpty ? "" : "?\(query)"),
      headers: call.headers,
      body: call.body,
      bodyLimit: call.bodyLimit
    )
    request.range = call.range
    request.timeouts = timeouts
    guard let signer else { return request }
    let isSigned: (String) -> Bool = { $0.hasPrefix("x-amz-") || $0 == "content-md5" }
    let message = SigV4Signer.Message(
      method: call.method.rawValue,
      path: path,
      query: query,
      headers: [("host", configuration.host)] + call.headers.filter { isSigned($0.name) },
      bodySHA256: Digest.sha256(call.body).lowercaseHex
    )
    let (nanoseconds, overflow) = Timestamp.now.nanoseconds.addingReportingOverflow(
      clockSkew.load(ordering: .relaxed)
    )
    let time = overflow ? Timestamp.now : Timestamp(nanoseconds: nanoseconds)
    request.headers = call.headers.filter { !isSigned($0.name) } + signer.sign(message, at: time)
    return request
  }

  /// After a refusal: whether the server's clock tells another time, so that it is worth asking again by it.
  private func correctClock(_ response: HTTPResponse) -> Bool {
    guard response.status == 403 || response.status == 400,
      let theirs = response.headers["date"].flatMap(HTTPDate.parse)
    else { return false }
    let (skew, overflow) = theirs.nanoseconds.subtractingReportingOverflow(Timestamp.now.nanoseconds)
    let known = clockSkew.load(ordering: .relaxed)
    guard !overflow, skew.subtractingReportingOverflow(known).partialValue.magnitude > Self.toleratedSkew
    else {
      return false
    }
    clockSkew.store(skew, ordering: .relaxed)
    return true
  }

  private func cancelled(_ call: Call) -> StoreError {
    StoreError(.cancelled, call.operation, key: call.place, detail: "the task was cancelled")
  }
}

/// The tries of a request that came to nothing.
private struct S3TryHistory {
  private let start = ContinuousClock.now
  private var first: StoreError?
  private(set) var count = 0

  mutating func add(_ error: StoreError) {
    count += 1
    if first == nil { first = error }
  }

  /// The last error, with the first one, the number of tries and the time they took.
  func describe(_ last: StoreError) -> StoreError {
    guard let first, count > 1 else { return last }
    let time = (ContinuousClock.now - start).components
    var error = last
    error.detail += "; \(count) tries in \(time.seconds).\(time.attoseconds / 100_000_000_000_000_000) s"
    if first.detail != last.detail { error.detail += ", the first: \(first.detail)" }
    return error
  }
}

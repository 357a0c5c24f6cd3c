import Synchronization

/// Sends signed requests to a bucket until there is an answer that is worth having.
final class S3Client: Sendable {
  let configuration: S3Configuration
  let etags: ETagTrust
  private let transport: CurlClient
  private let policy: RetryPolicy
  private let timeouts: HTTPRequest.Timeouts
  private let budget = RetryBudget()
  /// Where the bucket has proved to be.
  private let knownSite: Mutex<S3Site>
  /// Of the credentials and the region used last.
  private let lastSigner = Mutex<SigV4Signer?>(nil)
  /// How much later than ours the server's clock is, in nanoseconds.
  private let clockSkew = Atomic<Int64>(0)
  private let sortsByPath = Atomic(false)

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
    etags = ETagTrust(isProved: configuration.isAWS)
    knownSite = Mutex(configuration.site)
    transport = CurlClient(maxInFlight: maxInFlight, authorities: configuration.authorities)
  }

  /// How the server sorts its listings, as far as its answers have shown.
  var keyOrder: KeyOrder { sortsByPath.load(ordering: .relaxed) ? .path : .bytes }

  func notePathOrder() { sortsByPath.store(true, ordering: .relaxed) }

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
    /// Takes the body, of which each try asks for what is missing.
    var stream: S3BodyStream? = nil
    /// Statuses that the caller makes something of.
    var expected: Set<Int> = []
  }

  /// Asks until there is an answer of success, or with an expected status, that `read` can make something of.
  func send<Answer: Sendable>(
    _ call: Call,
    _ read: @Sendable (HTTPResponse) throws(StoreError) -> Answer
  ) async throws(StoreError) -> Answer {
    var history = S3TryHistory()
    var corrections = Corrections()
    var site = knownSite.withLock { $0 }
    while true {
      if Task.isCancelled { throw cancelled(call) }
      let signer = try await signer(call, site)
      let skew = clockSkew.load(ordering: .relaxed)
      switch await attempt(call, site, signer, skew, read) {
      case .answer(let answer):
        budget.giveBack()
        if corrections.contains(.redirect) { knownSite.withLock { $0 = site } }
        return answer
      case .final(var error, let refusal):
        if let refusal {
          switch await correct(refusal, signer, skew, &site, &corrections) {
          case .again: continue
          case .giveUp(let reason):
            if let reason { error.detail += "; \(Self.presentable(reason, signer))" }
          }
        }
        history.add(error)
        throw history.describe(error)
      case .passing(let error, let refusal):
        // Who gets on may need more tries than who does not.
        if call.stream?.takeProgress() ?? false { history = S3TryHistory() }
        history.add(error)
        guard history.count < policy.maxTries, budget.takeForRetry() else { throw history.describe(error) }
        let retryAfter = refusal?.response.headers["retry-after"]
        let pause = policy.pause(beforeRetry: history.count - 1, retryAfter: retryAfter)
        do { try await Task.sleep(for: pause) } catch { throw cancelled(call) }
      }
    }
  }

  private struct Refusal {
    var response: HTTPResponse
    var answer: S3ErrorAnswer
  }

  private enum Outcome<Answer> {
    case answer(Answer)
    case final(StoreError, Refusal?)
    /// An error that may not come again.
    case passing(StoreError, Refusal?)
  }

  private func attempt<Answer>(
    _ call: Call,
    _ site: S3Site,
    _ signer: SigV4Signer?,
    _ skew: Int64,
    _ read: @Sendable (HTTPResponse) throws(StoreError) -> Answer
  ) async -> Outcome<Answer> {
    let response: HTTPResponse
    do throws(HTTPFailure) {
      response = try await transport.send(request(call, site, signer, skew))
    } catch {
      if let refusal = call.stream?.refusal { return .final(refusal, nil) }
      let storeError = StoreError(error, call)
      return error.isWorthRetrying ? .passing(storeError, nil) : .final(storeError, nil)
    }
    guard response.isSuccess || call.expected.contains(response.status) else {
      let refusal = Refusal(response: response, answer: S3ErrorAnswer.parse(response.body))
      var error = StoreError(response, refusal.answer, call)
      error.detail = Self.presentable(error.detail, signer)
      return policy.isWorthRetrying(status: response.status, code: refusal.answer.code)
        ? .passing(error, refusal) : .final(error, refusal)
    }
    do throws(StoreError) {
      return .answer(try read(response))
    } catch {
      var error = error
      error.detail = Self.presentable(error.detail, signer)
      // A garbled or short answer; what the answer says clearly stays so.
      let isPassing = error.kind == .failed || error.kind == .shortRead || error.kind == .timedOut
      return isPassing ? .passing(error, nil) : .final(error, nil)
    }
  }

  /// A text that may hold what a server says, as people may see it: without secrets that it repeats, and not without
  /// end. A secret that was cut first would not be found.
  private static func presentable(_ text: String, _ signer: SigV4Signer?) -> String {
    let text = signer?.credentials.redact(text) ?? text
    return text.utf8.count <= 700 ? text : "\(text.prefix(700))…"
  }

  func presentable(_ text: String) -> String { Self.presentable(text, lastSigner.withLock { $0 }) }

  private func request(_ call: Call, _ site: S3Site, _ signer: SigV4Signer?, _ skew: Int64) -> HTTPRequest {
    let path = site.basePath + (call.key.map { "/" + PercentEncoding.path($0) } ?? "/")
    let query = PercentEncoding.query(call.query)
    let headers = call.headers + (call.stream?.headersToGoOn ?? [])
    var request = HTTPRequest(
      method: call.method,
      url: site.origin + path + (query.isEmpty ? "" : "?\(query)"),
      headers: headers,
      body: call.body,
      bodyLimit: call.bodyLimit
    )
    request.range = call.range
    request.sink = call.stream
    request.timeouts = timeouts
    guard let signer else { return request }
    let isSigned: (String) -> Bool = { $0.hasPrefix("x-amz-") || $0 == "content-md5" }
    let message = SigV4Signer.Message(
      method: call.method.rawValue,
      path: path,
      query: query,
      headers: [("host", site.host)] + headers.filter { isSigned($0.name) },
      bodySHA256: call.body.isEmpty ? Digest.sha256OfNothing : Digest.sha256(call.body).lowercaseHex
    )
    let now = Timestamp.now
    let (nanoseconds, overflow) = now.nanoseconds.addingReportingOverflow(skew)
    let time = overflow ? now : Timestamp(nanoseconds: nanoseconds)
    request.headers = headers.filter { !isSigned($0.name) } + signer.sign(message, at: time)
    return request
  }

  // MARK: Corrections

  /// What was wrong with how a request was sent, and is put right: each once in the life of a request.
  private struct Corrections: OptionSet {
    var rawValue: UInt8

    static let clock = Corrections(rawValue: 1)
    static let credentials = Corrections(rawValue: 2)
    static let redirect = Corrections(rawValue: 4)
  }

  private enum Correction {
    case again
    case giveUp(String?)
  }

  private func correct(
    _ refusal: Refusal,
    _ signer: SigV4Signer?,
    _ skew: Int64,
    _ site: inout S3Site,
    _ done: inout Corrections
  ) async -> Correction {
    if let signer, !done.contains(.credentials), Self.isExpiry(refusal) {
      done.insert(.credentials)
      do throws(S3ConfigurationError) {
        let found = try await configuration.credentials.credentials(insteadOf: signer.credentials)
        return found == signer.credentials ? .giveUp(nil) : .again
      } catch {
        return .giveUp("others cannot be had: \(error.message)")
      }
    }
    if signer != nil, !done.contains(.clock), correctClock(refusal.response, signedBy: skew) {
      done.insert(.clock)
      return .again
    }
    switch S3Redirect(refusal.response, refusal.answer, from: site, of: configuration) {
    case .none: return .giveUp(nil)
    case .refuse(let reason): return .giveUp(reason)
    case .follow(let next):
      guard done.insert(.redirect).inserted else {
        return .giveUp(
          "the bucket is said to be in region \(next.region), not \(site.region): set AWS_REGION"
        )
      }
      site = next
      return .again
    }
  }

  private static func isExpiry(_ refusal: Refusal) -> Bool {
    let codes = ["ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"]
    return codes.contains(refusal.answer.code)
  }

  /// Nil for requests without a signature.
  private func signer(_ call: Call, _ site: S3Site) async throws(StoreError) -> SigV4Signer? {
    let found: S3Credentials?
    do throws(S3ConfigurationError) {
      found = try await configuration.credentials.credentials()
    } catch {
      throw StoreError(.accessDenied, call.operation, key: call.place, detail: error.message)
    }
    guard let found else { return nil }
    return lastSigner.withLock { last in
      if let last, last.credentials == found, last.region == site.region { return last }
      let signer = SigV4Signer(credentials: found, region: site.region)
      last = signer
      return signer
    }
  }

  /// After a refusal: whether the server's clock tells another time, so that it is worth asking again by it.
  private func correctClock(_ response: HTTPResponse, signedBy used: Int64) -> Bool {
    guard response.status == 403 || response.status == 400,
      let theirs = response.headers["date"].flatMap(HTTPDate.parse)
    else { return false }
    let (skew, overflow) = theirs.nanoseconds.subtractingReportingOverflow(Timestamp.now.nanoseconds)
    guard !overflow else { return false }
    // Compared with what this request was signed by: another may have corrected the clock meanwhile.
    let (change, isFar) = skew.subtractingReportingOverflow(used)
    guard isFar || change.magnitude > Self.toleratedSkew else { return false }
    clockSkew.store(skew, ordering: .relaxed)
    return true
  }

  private func cancelled(_ call: Call) -> StoreError {
    StoreError(.cancelled, call.operation, key: call.place, detail: "the task was cancelled")
  }
}

import Synchronization

/// Asks the services that give credentials. No thread and no connection is made before the first request.
///
/// | limit | |
/// |---|---|
/// | answer | 64 KiB |
/// | time of a request | 10 s, or what it says |
/// | tries | 3, or what the caller says; what is asked again is what `RetryPolicy` says |
///
/// Errors never repeat an answer: it may hold secrets.
final class CredentialsTransport: Sendable {
  private let client = Mutex<CurlClient?>(nil)
  private let authorities: String?
  private let policy = RetryPolicy(maxTries: 3)

  static let answerLimit = 64 << 10

  init(environment: Environment, profile: [String: String]) {
    authorities = environment["AWS_CA_BUNDLE"] ?? profile["ca_bundle"] ?? environment["SSL_CERT_FILE"]
  }

  /// - Parameter service: What errors call it.
  func send(
    _ request: HTTPRequest,
    to service: String,
    tries: Int = 3
  ) async throws(S3ConfigurationError) -> HTTPResponse {
    let client = client.withLock { client in
      let running = client ?? CurlClient(maxInFlight: 2, authorities: authorities)
      client = running
      return running
    }
    for number in 0... {
      let isLast = number + 1 >= tries
      var retryAfter: String?
      do throws(HTTPFailure) {
        let response = try await client.send(request)
        if isLast || !policy.isWorthRetrying(status: response.status) { return response }
        retryAfter = response.headers["retry-after"]
      } catch {
        guard error.isWorthRetrying, !isLast else {
          throw S3ConfigurationError(message: "\(service) gave no answer: \(error.detail)")
        }
      }
      let pause = min(.seconds(5), policy.pause(beforeRetry: number, retryAfter: retryAfter))
      // Nobody cancels this task; if somebody did, the next try would say so.
      try? await Task.sleep(for: pause)
    }
    throw S3ConfigurationError(message: "\(service) gave no answer")
  }

  static func request(
    _ method: HTTPRequest.Method,
    _ url: String,
    headers: [(name: String, value: String)] = [],
    body: [UInt8] = [],
    seconds: Int64 = 10
  ) -> HTTPRequest {
    var request = HTTPRequest(method: method, url: url, headers: headers, body: body, bodyLimit: answerLimit)
    request.timeouts.connect = .seconds(min(seconds, 5))
    request.timeouts.total = .seconds(seconds)
    request.timeouts.stall = .seconds(seconds)
    return request
  }
}

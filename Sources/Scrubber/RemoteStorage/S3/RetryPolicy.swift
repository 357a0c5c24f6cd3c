import Synchronization

/// When and how often to ask again.
///
/// | | |
/// |---|---|
/// | asked again | 408, 429, 500, 502, 503, 504, time-outs, broken connections, short or garbled answers; of S3's codes those that say that the request came in damaged or late |
/// | not asked again | everything else: another try gives the same answer |
/// | pause before retry n, from 0 | random, up to `firstPause`·2ⁿ and `longestPause` ("full jitter"); at least `Retry-After`, up to `longestRetryAfter` |
/// | budget | shared by all requests: a retry takes 5 tokens of 500, a success gives 1 back |
///
/// The budget keeps a server that fails all the time from being asked five times as much as before.
struct RetryPolicy: Sendable {
  var maxTries = 5
  var firstPause = Duration.milliseconds(100)
  var longestPause = Duration.seconds(20)
  var longestRetryAfter = Duration.seconds(60)

  private static let statuses: Set = [408, 429, 500, 502, 503, 504]
  private static let codes: Set = [
    "RequestTimeout", "SlowDown", "ServiceUnavailable", "InternalError", "BadDigest", "IncompleteBody",
    "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch", "OperationAborted", "TooManyRequests",
    "ThrottlingException",
  ]

  /// - Parameter code: What the body of the answer says, where it says anything.
  func isWorthRetrying(status: Int, code: String = "") -> Bool {
    Self.statuses.contains(status) || Self.codes.contains(code)
  }

  /// - Parameter retryAfter: What the server said, in seconds or as a date.
  func pause(beforeRetry number: Int, retryAfter: String?, now: Timestamp = .now) -> Duration {
    let most = min(longestPause, firstPause * (1 << min(max(0, number), 20)))
    let jitter = most * Double.random(in: 0...1)
    guard let retryAfter, let wanted = Self.seconds(retryAfter, now), wanted > 0 else { return jitter }
    return min(longestRetryAfter, max(jitter, .seconds(min(wanted, 3600))))
  }

  private static func seconds(_ text: String, _ now: Timestamp) -> Int64? {
    if let seconds = Int64(text) { return seconds }
    guard let date = HTTPDate.parse(text) else { return nil }
    let (left, overflow) = date.nanoseconds.subtractingReportingOverflow(now.nanoseconds)
    return overflow ? nil : left / 1_000_000_000 + 1
  }
}

final class RetryBudget: Sendable {
  private let tokens = Mutex(500)

  func takeForRetry() -> Bool {
    tokens.withLock { tokens in
      guard tokens >= 5 else { return false }
      tokens -= 5
      return true
    }
  }

  func giveBack() { tokens.withLock { $0 = min(500, $0 + 1) } }
}

import Synchronization

/// When and how often to ask again.
///
/// | | |
/// |---|---|
/// | asked again | 500, 502, 503, 504, 429, time-outs, broken connections, short answers |
/// | not asked again | everything else: another try gives the same answer |
/// | pause before retry n, from 0 | random, up to `firstPause`·2ⁿ and `longestPause` ("full jitter"); at least `Retry-After` |
/// | budget | shared by all requests: a retry takes 5 tokens of 500, a success gives 1 back |
///
/// The budget keeps a server that fails all the time from being asked five times as much as before.
struct RetryPolicy: Sendable {
  var maxTries = 5
  var firstPause = Duration.milliseconds(100)
  var longestPause = Duration.seconds(20)
  var longestRetryAfter = Duration.seconds(60)

  func isWorthRetrying(status: Int) -> Bool { [429, 500, 502, 503, 504].contains(status) }

  /// - Parameter retryAfter: What the server said, in seconds.
  func pause(beforeRetry number: Int, retryAfter: String?) -> Duration {
    let most = min(longestPause, firstPause * (1 << min(number, 20)))
    let jitter = most * Double.random(in: 0...1)
    guard let retryAfter, let seconds = Int(retryAfter), seconds >= 0 else { return jitter }
    return min(longestRetryAfter, max(jitter, .seconds(min(seconds, 3600))))
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

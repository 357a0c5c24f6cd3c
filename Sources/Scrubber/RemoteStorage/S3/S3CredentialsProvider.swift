import Synchronization

/// Where a client gets what it signs with.
protocol S3CredentialsProvider: Sendable {
  /// What to sign with now; nil for requests without a signature.
  ///
  /// - Parameter refused: What a server has just called expired. Then others are fetched, unless somebody else has
  ///   fetched them meanwhile. The same come back where there are no others.
  func credentials(insteadOf refused: S3Credentials?) async throws(S3ConfigurationError) -> S3Credentials?
}

extension S3CredentialsProvider {
  func credentials() async throws(S3ConfigurationError) -> S3Credentials? {
    try await credentials(insteadOf: nil)
  }
}

/// One of the places that credentials come from: files, a program, a service. It is asked rarely, and never twice at
/// the same time.
protocol S3CredentialsSource: Sendable {
  /// Nil for requests without a signature.
  func fetch() async throws(S3ConfigurationError) -> S3Credentials?
}

/// Keeps what a source gave, for all requests of a program.
///
/// | when | what happens |
/// |---|---|
/// | nothing is there yet, or a server refused it as expired | all requests wait for one fetch |
/// | it expires within `margin` | the same, but not again within `pause`; if the fetch fails, what is there serves until it has expired |
/// | otherwise | what is there is given at once |
///
/// A request that is cancelled does not end the fetch, which others may wait for.
final class CachedCredentials: S3CredentialsProvider {
  private typealias Answer = Result<S3Credentials?, S3ConfigurationError>

  private struct State {
    /// The outer nil: nothing is fetched yet.
    var held: S3Credentials??
    var fetch: Task<Answer, Never>?
    /// Until then what is there serves, unless it has expired.
    var nextFetch = Timestamp(nanoseconds: 0)
  }

  private let source: any S3CredentialsSource
  private let now: @Sendable () -> Timestamp
  private let state: Mutex<State>

  /// How long before they expire credentials are replaced: longer than any request may take, and not the same in each
  /// of many programs that began together.
  private let margin = Duration.seconds(.random(in: 330...390))
  /// Some sources give credentials that live shorter than the margin; they are not asked for each request.
  static let pause = Duration.seconds(15)

  init(_ source: any S3CredentialsSource, now: @escaping @Sendable () -> Timestamp = { .now }) {
    self.source = source
    self.now = now
    state = Mutex(State())
  }

  /// With what is found already.
  init(
    _ found: S3Credentials?,
    _ source: any S3CredentialsSource,
    now: @escaping @Sendable () -> Timestamp = { .now }
  ) {
    self.source = source
    self.now = now
    state = Mutex(State(held: .some(found)))
  }

  func credentials(insteadOf refused: S3Credentials?) async throws(S3ConfigurationError) -> S3Credentials? {
    let (fetch, fallback): (Task<Answer, Never>?, S3Credentials??) = state.withLock { state in
      if let held = state.held, refused == nil || held != refused, !needsReplacement(held, state.nextFetch) {
        return (nil, held)
      }
      if let fetch = state.fetch { return (fetch, state.held) }
      let fetch = Task { await self.fetchOnce() }
      state.fetch = fetch
      return (fetch, state.held)
    }
    guard let fetch else { return fallback ?? nil }
    switch await fetch.value {
    case .success(let credentials): return credentials
    case .failure(let error):
      if let held = fallback, refused == nil, !isExpired(held) { return held }
      throw error
    }
  }

  private func fetchOnce() async -> Answer {
    let answer: Answer
    do throws(S3ConfigurationError) {
      answer = .success(try await source.fetch())
    } catch {
      answer = .failure(error)
    }
    state.withLock { state in
      state.fetch = nil
      let pause = Self.pause.components.seconds * 1_000_000_000
      let (next, overflow) = now().nanoseconds.addingReportingOverflow(pause)
      state.nextFetch = overflow ? now() : Timestamp(nanoseconds: next)
      if case .success(let credentials) = answer { state.held = .some(credentials) }
    }
    return answer
  }

  private func needsReplacement(_ credentials: S3Credentials?, _ nextFetch: Timestamp) -> Bool {
    isExpired(credentials) || (now() >= nextFetch && expires(credentials, within: margin))
  }

  private func isExpired(_ credentials: S3Credentials?) -> Bool { expires(credentials, within: .zero) }

  private func expires(_ credentials: S3Credentials?, within time: Duration) -> Bool {
    guard let moment = credentials?.expires else { return false }
    let (left, overflow) = moment.nanoseconds.subtractingReportingOverflow(now().nanoseconds)
    return overflow ? moment < now() : .nanoseconds(left) <= time
  }
}

/// The same for ever.
struct FixedCredentials: S3CredentialsProvider, S3CredentialsSource {
  var fixed: S3Credentials?

  init(_ credentials: S3Credentials?) { fixed = credentials }

  func credentials(insteadOf refused: S3Credentials?) -> S3Credentials? { fixed }

  func fetch() -> S3Credentials? { fixed }
}

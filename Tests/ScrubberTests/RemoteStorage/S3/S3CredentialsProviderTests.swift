import Synchronization
import Testing

@testable import Scrubber

/// A source that gives other credentials each time, and can be made to fail.
private final class CountingSource: S3CredentialsSource {
  private let state = Mutex((count: 0, fails: false))
  let lifetime: Duration?
  private let clock: @Sendable () -> Timestamp

  init(lifetime: Duration? = nil, clock: @escaping @Sendable () -> Timestamp = { .now }) {
    (self.lifetime, self.clock) = (lifetime, clock)
  }

  var count: Int { state.withLock { $0.count } }

  func fail() { state.withLock { $0.fails = true } }

  func fetch() async throws(S3ConfigurationError) -> S3Credentials? {
    let (number, fails) = state.withLock { state in
      state.count += 1
      return (state.count, state.fails)
    }
    // Long enough for others to come meanwhile; that it is cut short by a cancellation does no harm.
    try? await Task.sleep(for: .milliseconds(50))
    if fails { throw S3ConfigurationError(message: "the source is dry") }
    let expires = lifetime.map {
      Timestamp(nanoseconds: clock().nanoseconds + $0.components.seconds * 1_000_000_000)
    }
    return S3Credentials(accessKey: "key\(number)", secretKey: "hush", sessionToken: nil, expires: expires)
  }
}

private final class Lateness: Sendable {
  private let value = Mutex(Int64(0))

  var seconds: Int64 {
    get { value.withLock { $0 } }
    set { value.withLock { $0 = newValue } }
  }
}

struct S3CredentialsProviderTests {
  @Test func manyRequestsWaitForOneFetch() async throws {
    let source = CountingSource()
    let provider = CachedCredentials(source)
    let keys = try await withThrowingTaskGroup(of: String?.self) { group in
      for _ in 0..<50 { group.addTask { try await provider.credentials()?.accessKey } }
      return try await group.reduce(into: Set()) { $0.insert($1) }
    }
    #expect(keys == ["key1"])
    #expect(source.count == 1)
  }

  @Test func whatIsRefusedIsReplacedOnceForAll() async throws {
    let source = CountingSource()
    let provider = CachedCredentials(source)
    let first = try await provider.credentials()
    let keys = try await withThrowingTaskGroup(of: String?.self) { group in
      for _ in 0..<50 { group.addTask { try await provider.credentials(insteadOf: first)?.accessKey } }
      return try await group.reduce(into: Set()) { $0.insert($1) }
    }
    #expect(keys == ["key2"])
    // One who comes late with the old ones gets what is there.
    #expect(try await provider.credentials(insteadOf: first)?.accessKey == "key2")
    #expect(source.count == 2)
  }

  @Test func whatIsAboutToExpireIsReplaced() async throws {
    // The clock stands still in between, however long the machine takes.
    let (start, late) = (Timestamp.now, Lateness())
    let clock = { @Sendable in Timestamp(nanoseconds: start.nanoseconds + late.seconds * 1_000_000_000) }
    let short = CountingSource(lifetime: .seconds(120), clock: clock)
    let provider = CachedCredentials(short) { clock() }
    for _ in 0..<3 { #expect(try await provider.credentials()?.accessKey == "key1") }
    late.seconds = 16
    for _ in 0..<3 { #expect(try await provider.credentials()?.accessKey == "key2") }
    // It is good for another minute: that there is nothing newer is no reason to stop.
    late.seconds = 32
    short.fail()
    for _ in 0..<3 { #expect(try await provider.credentials()?.accessKey == "key2") }
    #expect(short.count == 3)
    let long = CountingSource(lifetime: .seconds(3600))
    let other = CachedCredentials(long)
    for _ in 0..<3 { #expect(try await other.credentials()?.accessKey == "key1") }
  }

  @Test func whatIsExpiredIsNeverGiven() async throws {
    let source = CountingSource(lifetime: .seconds(-1))
    let provider = CachedCredentials(source)
    _ = try await provider.credentials()
    source.fail()
    await #expect(throws: S3ConfigurationError(message: "the source is dry")) {
      try await provider.credentials()
    }
  }

  @Test func afterAFailureTheNextRequestFetchesAgain() async throws {
    let source = CountingSource()
    source.fail()
    let provider = CachedCredentials(source)
    for _ in 0..<2 {
      await #expect(throws: S3ConfigurationError.self) { try await provider.credentials() }
    }
    #expect(source.count == 2)
  }
}

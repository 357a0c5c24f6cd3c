import Foundation
import Synchronization
import Testing

@testable import Scrubber

/// How an operation should come out of a fault.
private enum Effect {
  /// The result is right, however often the fault comes.
  case harmless
  /// The result is right if the fault comes once, an error if it stays.
  case heals
  /// The result is an error at once.
  case fatal
  /// The result is right, or an error: it depends on which request is hit.
  case rightOrError
  /// Nothing that is sent would show it: over plain HTTP the result may be wrong.
  case unseen
}

extension HTTPFault {
  fileprivate func effect(on operation: S3Operation) -> Effect {
    switch self {
    case .trickle, .closedBehindAnswer, .surplusBody: .harmless
    case .unauthorized, .forbidden, .talkative, .noSuchBucket, .expiredToken, .foreignHost:
      // What HEAD is refused, GET is asked about.
      operation == .head ? .heals : [.put, .putMultipart].contains(operation) ? .rightOrError : .fatal
    case .giantHeaders: .fatal
    case .giantBody:
      switch operation {
      case .head, .readRange, .readIntoSink: .heals
      case .put, .putMultipart: .rightOrError
      default: .fatal
      }
    case .resetInBody, .stallInBody, .cutBody:
      // What goes on behind each break comes to an end, too.
      operation.hasAnswerBody && operation != .readIntoSink ? .heals : .harmless
    case .lengthTooSmall, .lengthTooLarge:
      switch operation {
      case .head: .unseen
      case .readIntoSink where self == .lengthTooSmall: .unseen
      case .put, .putMultipart, .readIntoSink: .rightOrError
      default: .heals
      }
    case .garbledBody:
      switch operation {
      case .readRange, .readIntoSink: .unseen
      case .head, .put: .harmless
      default: .heals
      }
    case .flippedByte:
      switch operation {
      case .readWhole: .heals
      case .head, .put: .harmless
      default: .unseen
      }
    case .entityBomb, .wrongRoot:
      operation == .readIntoSink ? .unseen : operation.hasAnswerBody ? .heals : .harmless
    case .wrongChecksum: [.readWhole, .put, .putMultipart].contains(operation) ? .heals : .harmless
    case .packed: [.readRange, .readIntoSink].contains(operation) ? .heals : .harmless
    case .wholeInsteadOfPart: .harmless
    case .wrongRange: operation == .readRange ? .heals : .harmless
    case .repeatedToken, .backwards:
      [.list, .listVersions].contains(operation) ? .rightOrError : .harmless
    default: .heals
    }
  }

  fileprivate var isStall: Bool { self == .stallBeforeAnswer || self == .stallInBody }
}

extension S3Operation {
  fileprivate var hasAnswerBody: Bool { self != .head && self != .put }
}

/// Every fault on every request of every operation, once and for good. The result is right, or an error that says
/// something, in a bounded time; never a wrong answer.
@Suite(
  "S3 behind a server of faults",
  .enabled(if: RealS3Server.areInstalled, "moto and SeaweedFS are not in .venv: run tools/setup")
)
struct S3FaultServerTests {
  private struct Case: Sendable {
    var fault: HTTPFault
    var operation: S3Operation
    var first: Int
    var isLasting: Bool
  }

  private static let cases = HTTPFault.allCases.flatMap { fault in
    S3Operation.allCases.flatMap { operation in
      (1...operation.requestCount).map {
        Case(fault: fault, operation: operation, first: $0, isLasting: false)
      } + [Case(fault: fault, operation: operation, first: 1, isLasting: true)]
    }
  }

  /// A store that comes to the bucket by the fault server, with its patience set for tests.
  private static func store(_ bucket: S3OperationBucket, port: UInt16, isStalling: Bool) throws
    -> S3ObjectStore
  {
    let environment = Environment([
      "AWS_ENDPOINT_URL": "http://127.0.0.1:\(port)", "AWS_ACCESS_KEY_ID": RealS3Server.credentials.accessKey,
      "AWS_SECRET_ACCESS_KEY": RealS3Server.credentials.secretKey, "HOME": "/nonexistent",
    ])
    let address = S3Address(bucket: bucket.store.client.configuration.bucket)
    var policy = RetryPolicy(maxTries: 3, firstPause: .milliseconds(1))
    policy.longestRetryAfter = .milliseconds(20)
    var timeouts = HTTPRequest.Timeouts()
    // Only where a server stalls is there reason not to wait for it.
    timeouts.stall = isStalling ? .seconds(1) : .seconds(60)
    timeouts.total = .seconds(90)
    let configuration = try S3Configuration(address, environment: environment)
    return S3ObjectStore(S3Client(configuration, policy: policy, timeouts: timeouts))
  }

  /// What is wrong with how a case comes out; nil if nothing is.
  private static func check(_ test: Case, _ bucket: S3OperationBucket, _ server: RealS3Server, _ trap: Trap)
    async throws -> String?
  {
    let key = "write/\(UUID().uuidString)"
    if test.operation.isWriting { _ = try await bucket.store.put(key, bytes: [1]) }
    // The first request shows that the ETags of this server are MD5s.
    let plan = FaultServer.Plan(fault: test.fault, first: test.first + 1, isLasting: test.isLasting)
    let proxy = try FaultServer(upstream: server.port, plan, trap: trap.port)
    defer { proxy.stop() }
    let store = try store(bucket, port: proxy.port, isStalling: test.fault.isStall)
    _ = try await store.read(ReadRequest("read", limit: 4000))
    let start = ContinuousClock.now
    var failure: StoreError?
    var wrong: String?
    do throws(StoreError) {
      wrong = try await bucket.run(test.operation, on: store, key: key)
    } catch {
      failure = error
    }
    let effect = test.fault.effect(on: test.operation)
    // Hung, that is: beside all other tests what takes seconds takes minutes.
    if ContinuousClock.now - start > .seconds(600) { return "took \(ContinuousClock.now - start)" }
    guard proxy.strikes > 0 else { return "the fault never struck: \(proxy.requests)" }
    if effect == .unseen { return nil }
    if let wrong { return "a wrong answer: \(wrong)" }
    if let left = try await bucket.whatIsLeft(test.operation, key: key, mayHaveFailed: failure != nil) {
      return left
    }
    if let failure, let complaint = complaint(failure, test) { return complaint }
    switch (effect, failure) {
    case (.harmless, let error?),
      (.heals, let error?) where effect == .harmless || !test.isLasting:
      return "should succeed: \(error)"
    case (.heals, nil) where test.isLasting, (.fatal, nil),
      (.rightOrError, nil) where test.isLasting:
      return "should fail"
    default: return nil
    }
  }

  /// What is wrong with an error.
  private static func complaint(_ error: StoreError, _ test: Case) -> String? {
    let secret = RealS3Server.credentials.secretKey
    if "\(error)".contains(secret) { return "shows the secret: \(error)" }
    if error.detail.isEmpty || error.kind == .cancelled { return "says nothing: \(error)" }
    if error.kind == .notFound { return "says that the object is missing: \(error)" }
    return nil
  }

  @Test(.timeLimit(.minutes(60)), arguments: S3Operation.allCases)
  func theResultIsRightOrAnError(_ operation: S3Operation) async throws {
    let server = try await RealS3Server.running(operation.server)
    let bucket = try await S3OperationBucket(server)
    let trap = try Trap()
    defer { trap.stop() }
    let cases = Self.cases.filter { $0.operation == operation }
    #expect(HTTPFault.allCases.count >= 25)
    try await withThrowingTaskGroup(of: (Case, String?).self) { group in
      for (number, test) in cases.enumerated() {
        if number >= 6, let (test, problem) = try await group.next() { Self.report(test, problem) }
        group.addTask { (test, try await Self.check(test, bucket, server, trap)) }
      }
      for try await (test, problem) in group { Self.report(test, problem) }
    }
    #expect(trap.visits == 0, "somebody followed a redirect to a foreign host")
  }

  private static func report(_ test: Case, _ problem: String?) {
    let place =
      "\(test.fault) on request \(test.first)\(test.isLasting ? " and all behind" : "") of \(test.operation)"
    #expect(problem == nil, "\(place): \(problem ?? "")")
  }

  /// Without faults the same checks find nothing, and each operation takes the requests that the faults are dealt to.
  @Test(arguments: S3Operation.allCases)
  func withoutFaultsEverythingIsRight(_ operation: S3Operation) async throws {
    let server = try await RealS3Server.running(operation.server)
    let bucket = try await S3OperationBucket(server)
    _ = try await bucket.store.put("key", bytes: [1])
    let proxy = try FaultServer(upstream: server.port, FaultServer.Plan())
    defer { proxy.stop() }
    let store = try Self.store(bucket, port: proxy.port, isStalling: false)
    #expect(try await bucket.run(operation, on: store, key: "key") == nil)
    #expect(proxy.requests.count == operation.requestCount, "\(proxy.requests)")
    #expect(try await bucket.whatIsLeft(operation, key: "key", mayHaveFailed: false) == nil)
  }
}

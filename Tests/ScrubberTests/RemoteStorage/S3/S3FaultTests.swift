import Foundation
import Testing

@testable import Scrubber

private func answer(_ status: String, _ headers: [String] = [], body: String = "", length: Int? = nil)
  -> ScriptedServer.Answer
{
  .http(status, headers, body: body, length: length)
}

private let time = "Last-Modified: Tue, 15 Nov 1994 08:12:31 GMT"
private let good = answer("200 OK", [time, "ETag: \"e\""], body: "0123456789")

/// What a server may do wrong. Each time the result is right or a clear error, and the number of requests is known.
struct S3FaultTests {
  /// Reads ten bytes from a server that answers so; gives the bytes or the error, and the requests.
  private func read(
    _ answers: [ScriptedServer.Answer],
    range: Range<UInt64>? = nil,
    limit: Int = 10
  ) async throws -> (result: Result<[UInt8], StoreError>, requests: [String]) {
    let server = try ScriptedServer(answers)
    defer { server.stop() }
    // Only where the server stalls is there reason not to wait for it.
    let isStalling = answers.contains { if case .silence = $0 { true } else { false } }
    let store = try store(server, timeout: isStalling ? .milliseconds(1000) : .seconds(60))
    do throws(StoreError) {
      let content = try await store.read(ReadRequest("key", range: range, limit: limit))
      return (.success(content.bytes), server.received)
    } catch {
      return (.failure(error), server.received)
    }
  }

  private func store(_ server: ScriptedServer, timeout: Duration = .seconds(60)) throws -> S3ObjectStore {
    let environment = Environment([
      "AWS_ENDPOINT_URL": "http://127.0.0.1:\(server.port)", "AWS_ACCESS_KEY_ID": "id",
      "AWS_SECRET_ACCESS_KEY": "hush", "HOME": "/nonexistent",
    ])
    let configuration = try S3Configuration(S3Address(bucket: "bucket"), environment: environment)
    var timeouts = HTTPRequest.Timeouts()
    timeouts.total = timeout
    let policy = RetryPolicy(maxTries: 3, firstPause: .milliseconds(1))
    return S3ObjectStore(S3Client(configuration, policy: policy, timeouts: timeouts))
  }

  private struct Fault: Sendable {
    var answer: ScriptedServer.Answer
    var kind: StoreError.Kind
  }

  private static let passing = [
    Fault(answer: answer("500 Internal Server Error"), kind: .failed),
    Fault(
      answer: answer("503 Slow Down", body: "<Error><Code>SlowDown</Code><Message>no</Message></Error>"),
      kind: .failed
    ),
    Fault(answer: answer("429 Too Many Requests", ["Retry-After: 0"]), kind: .failed),
    Fault(answer: answer("502 Bad Gateway", body: "<html>"), kind: .failed),
    Fault(answer: answer("200 OK", [time], body: "01234", length: 10), kind: .shortRead),
    Fault(answer: answer("200 OK", body: "0123456789"), kind: .failed),
    Fault(answer: .text(""), kind: .failed),
    Fault(answer: .silence, kind: .timedOut),
  ]

  @Test(arguments: passing.indices)
  func whatMayPassIsAskedAgain(_ number: Int) async throws {
    let fault = Self.passing[number]
    let healed = try await read([fault.answer, good])
    #expect(try healed.result.get() == Array("0123456789".utf8))
    #expect(healed.requests.count == 2)
    let lasting = try await read([fault.answer])
    let error = #expect(throws: StoreError.self) { try lasting.result.get() }
    #expect(error?.kind == fault.kind)
    #expect(error?.detail.contains("3 tries in ") == true, "\(String(describing: error))")
    #expect(lasting.requests.count == 3)
  }

  private static let final = [
    Fault(
      answer: answer("403 Forbidden", body: "<Error><Code>AccessDenied</Code></Error>"),
      kind: .accessDenied
    ),
    Fault(
      answer: answer("400 Bad Request", body: "<Error><Code>ExpiredToken</Code></Error>"),
      kind: .accessDenied
    ),
    Fault(answer: answer("404 Not Found", body: "<Error><Code>NoSuchKey</Code></Error>"), kind: .notFound),
    Fault(answer: answer("404 Not Found", body: "<html>nothing</html>"), kind: .failed),
    Fault(answer: answer("302 Found", ["Location: http://host.invalid/"]), kind: .failed),
    Fault(answer: answer("501 Not Implemented"), kind: .unsupported),
    Fault(answer: answer("200 OK", [time], body: "01234567890"), kind: .tooLarge),
  ]

  @Test(arguments: final.indices)
  func whatIsFinalIsNotAskedAgain(_ number: Int) async throws {
    let outcome = try await read([Self.final[number].answer])
    let error = #expect(throws: StoreError.self) { try outcome.result.get() }
    #expect(error?.kind == Self.final[number].kind, "\(String(describing: error))")
    #expect(outcome.requests.count == 1)
  }

  @Test func theWholeObjectInsteadOfAPartIsCut() async throws {
    for range: Range<UInt64> in [0..<3, 2..<5, 8..<20, 9..<10] {
      let outcome = try await read([good], range: range)
      let expected = Array("0123456789".utf8)[Int(range.lowerBound)..<min(10, Int(range.upperBound))]
      #expect(try outcome.result.get() == Array(expected), "\(range)")
    }
    // Some servers give the part, with its range, and the wrong status.
    let part = answer("200 OK", [time, "Content-Range: bytes 2-4/10"], body: "234")
    #expect(try await read([part], range: 2..<5).result.get() == Array("234".utf8))
  }

  @Test(arguments: ["bytes 0-2/10", "bytes 2-5/10", "bytes 2-4/*", "bytes 4-2/10", "nonsense"])
  func anotherPartThanAskedForIsRefused(_ range: String) async throws {
    let outcome = try await read(
      [answer("206 Partial", [time, "Content-Range: \(range)"], body: "234")],
      range: 2..<5
    )
    let error = #expect(throws: StoreError.self) { try outcome.result.get() }
    #expect(error?.kind == .shortRead)
  }

  @Test func aClockThatIsWrongIsCorrectedOnce() async throws {
    let refusal = answer(
      "403 Forbidden",
      ["Date: Tue, 15 Nov 1994 08:12:31 GMT"],
      body: "<Error><Code>RequestTimeTooSkewed</Code></Error>"
    )
    let healed = try await read([refusal, good])
    #expect(try healed.result.get().count == 10)
    #expect(healed.requests.last?.contains("x-amz-date: 19941115T0812") == true)
    let lasting = try await read([refusal])
    #expect(throws: StoreError.self) { try lasting.result.get() }
    #expect(lasting.requests.count == 2)
  }

  @Test func cancellingEndsARequestUnderWay() async throws {
    let server = try ScriptedServer([.silence])
    defer { server.stop() }
    let environment = Environment([
      "AWS_ENDPOINT_URL": "http://127.0.0.1:\(server.port)", "AWS_NO_SIGN_REQUEST": "YES",
      "HOME": "/nonexistent",
    ])
    let configuration = try S3Configuration(S3Address(bucket: "bucket"), environment: environment)
    let store = S3ObjectStore(S3Client(configuration))
    let task = Task { try await store.read(ReadRequest("key", limit: 10)) }
    while server.received.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
    #expect(server.received.first?.lowercased().contains("authorization") == false)
    let start = ContinuousClock.now
    task.cancel()
    await expectStoreError(.cancelled, .read, key: "key") { _ = try await task.value }
    #expect(ContinuousClock.now - start < .seconds(60))
  }

  /// Each key that is not deleted is named. What the server could not do just now is asked for once more.
  @Test func whatIsNotDeletedIsReported() async throws {
    func refusal(_ key: String, _ code: String) -> String {
      "<Error><Key>\(key)</Key><Code>\(code)</Code><Message>no</Message></Error>"
    }
    let first = refusal("a", "AccessDenied") + refusal("b&amp;c", "InternalError") + refusal("d", "SlowDown")
    let server = try ScriptedServer([
      answer("200 OK", body: "<DeleteResult>\(first)</DeleteResult>"),
      answer("200 OK", body: "<DeleteResult>\(refusal("d", "SlowDown"))</DeleteResult>"),
    ])
    defer { server.stop() }
    let errors = try await store(server).deleteReporting(["a", "b&c", "d", "e"])
    #expect(errors.map(\.key) == ["a", "d"])
    #expect(errors.map(\.kind) == [.accessDenied, .failed])
    #expect(errors.allSatisfy { $0.operation == .delete })
    #expect(server.received.count == 2)
    let again = try ScriptedServer([answer("200 OK", body: "<DeleteResult>\(first)</DeleteResult>")])
    defer { again.stop() }
    let store = try store(again)
    let error = await #expect(throws: StoreError.self) { try await store.delete(["a", "b&c", "d", "e"]) }
    #expect(error?.detail.contains("3 of 4 objects are not deleted") == true, "\(String(describing: error))")
  }

  /// An answer that is no list of deletions says nothing of them.
  @Test(arguments: ["", "<html></html>", "<DeleteResult>", "<Error><Code>InternalError</Code></Error>"])
  func aDeletionThatIsNotAnsweredIsAnError(_ body: String) async throws {
    let server = try ScriptedServer([answer("200 OK", body: body)])
    defer { server.stop() }
    let errors = try await store(server).deleteReporting(["a", "b"])
    #expect(errors.map(\.key) == ["a", "b"])
    #expect(errors.allSatisfy { $0.kind == .failed })
  }

  /// A listing that is garbled, repeats itself or leaves out keys' order is an error, never a shorter listing.
  @Test(arguments: [
    "", "<html></html>", "<ListBucketResult>", "<ListBucketResult></ListBucketResult>",
    "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
    "<Error><Code>InternalError</Code></Error>",
    "<ListVersionsResult><IsTruncated>false</IsTruncated></ListVersionsResult>",
  ])
  func aListingThatIsNoneIsAnError(_ body: String) async throws {
    let server = try ScriptedServer([answer("200 OK", body: body)])
    defer { server.stop() }
    let store = try store(server)
    await expectStoreError(.failed, .list, key: "") { _ = try await listedKeys(store, ListRequest()) }
  }

  @Test func aListingThatRepeatsItselfIsAnError() async throws {
    let page =
      "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>"
      + "</ListBucketResult>"
    let server = try ScriptedServer([answer("200 OK", body: page)])
    defer { server.stop() }
    let store = try store(server)
    await expectStoreError(.failed, .list, key: "") { _ = try await listedKeys(store, ListRequest()) }
  }
}

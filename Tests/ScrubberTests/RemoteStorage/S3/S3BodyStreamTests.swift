import Testing

@testable import Scrubber

/// An object that comes in pieces, over several answers.
struct S3BodyStreamTests {
  private let bytes = (0..<100).map { UInt8($0) }

  private func headers(_ lines: [String]) -> HTTPHeaders {
    var headers = HTTPHeaders()
    let common = ["Last-Modified: Tue, 15 Nov 1994 08:12:31 GMT"]
    for line in lines + common {
      let fits = Array("\(line)\r\n".utf8).withUnsafeBytes { headers.add(line: $0) }
      #expect(fits)
    }
    return headers
  }

  private func whole(etag: String = "a", size: Int = 100) -> HTTPHeaders {
    headers(["Content-Length: \(size)", "ETag: \"\(etag)\""])
  }

  private func part(_ range: ClosedRange<Int>, size: Int = 100, etag: String = "a") -> HTTPHeaders {
    headers([
      "Content-Length: \(range.count)", "ETag: \"\(etag)\"",
      "Content-Range: bytes \(range.lowerBound)-\(range.upperBound)/\(size)",
    ])
  }

  /// A stream that got the first 40 bytes, and then nothing more.
  private func broken(_ sink: EagerSink) throws -> S3BodyStream {
    let stream = S3BodyStream(ReadRequest("key", limit: 100), into: sink)
    #expect(stream.headersToGoOn.isEmpty)
    try stream.begin(status: 200, whole())
    #expect(try give(0..<40, to: stream))
    return stream
  }

  private func give(_ range: Range<Int>, to stream: S3BodyStream) throws -> Bool {
    try bytes.withUnsafeBytes { try stream.take(UnsafeRawBufferPointer(rebasing: $0[range])) }
  }

  private func finish(_ stream: S3BodyStream) throws(StoreError) -> ObjectMetadata {
    try stream.finish(HTTPResponse(status: 200, headers: HTTPHeaders(), body: []))
  }

  @Test func goesOnBehindWhatCame() throws {
    let sink = EagerSink()
    let stream = try broken(sink)
    #expect(stream.takeProgress() && !stream.takeProgress())
    #expect(stream.headersToGoOn.map(\.value) == ["bytes=40-", "\"a\""])
    #expect(throws: StoreError.self) { try finish(stream) }
    try stream.begin(status: 206, part(40...99))
    #expect(try give(40..<100, to: stream))
    #expect(try finish(stream).size == 100)
    #expect(sink.bytes == bytes)
  }

  @Test func takesNothingTwiceFromAServerThatSendsAllAnew() throws {
    let sink = EagerSink()
    let stream = try broken(sink)
    try stream.begin(status: 200, whole())
    for start in stride(from: 0, to: 100, by: 7) {
      #expect(try give(start..<min(100, start + 7), to: stream))
    }
    #expect(try finish(stream).size == 100)
    #expect(sink.bytes == bytes)
  }

  /// What is refused for want of room comes again as it was, the skipped bytes too.
  @Test func whatWasRefusedComesAgain() throws {
    let sink = EagerSink()
    let stream = try broken(sink)
    try stream.begin(status: 200, whole())
    sink.hasRoom = false
    #expect(try !give(0..<60, to: stream))
    #expect(try !give(0..<60, to: stream))
    sink.hasRoom = true
    #expect(try give(0..<60, to: stream))
    #expect(try give(60..<100, to: stream))
    #expect(sink.bytes == bytes)
  }

  @Test func anotherPartIsAskedForAgain() throws {
    let sink = EagerSink()
    let stream = try broken(sink)
    for wrong in [part(39...99), part(41...99), part(40...98), part(0...99)] {
      #expect(throws: HTTPFailure.self) { try stream.begin(status: 206, wrong) }
      #expect(stream.refusal == nil)
    }
    #expect(throws: HTTPFailure.self) { try stream.begin(status: 200, headers(["ETag: \"a\""])) }
    try stream.begin(status: 206, part(40...99))
    #expect(throws: HTTPFailure.self) { try give(0..<61, to: stream) }
    #expect(sink.bytes == Array(bytes[..<40]))
  }

  @Test func anotherObjectIsNeverGoneOnWith() throws {
    for other in [part(40...99, etag: "b"), part(40...149, size: 150), whole(etag: "b"), whole(size: 99)] {
      let sink = EagerSink()
      let stream = try broken(sink)
      let status = other["content-range"] == nil ? 200 : 206
      #expect(throws: HTTPFailure.self) { try stream.begin(status: status, other) }
      #expect(stream.refusal?.kind == .changed || stream.refusal?.kind == .tooLarge)
      #expect(sink.bytes.count == 40)
    }
  }

  @Test func aPartInsteadOfTheWholeIsRefused() {
    let stream = S3BodyStream(ReadRequest("key", limit: 100), into: EagerSink())
    #expect(throws: HTTPFailure.self) { try stream.begin(status: 206, part(0...99)) }
  }
}

/// Takes what it is told to take.
private final class EagerSink: ObjectSink, @unchecked Sendable {
  var bytes: [UInt8] = []
  var hasRoom = true

  func take(_ bytes: UnsafeRawBufferPointer) -> SinkAnswer {
    guard hasRoom else { return .full }
    self.bytes += bytes
    return .taken
  }

  var isReady: Bool { hasRoom }
  func notify(_ listener: @escaping @Sendable () -> Void) {}

  func put(_ bytes: [UInt8]) async -> Bool {
    bytes.withUnsafeBytes { take($0) } == .taken
  }
}

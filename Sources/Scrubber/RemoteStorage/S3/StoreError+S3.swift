/// What an answer with an error says.
///
/// | element | meaning |
/// |---|---|
/// | `Code` | the kind, such as `NoSuchKey` |
/// | `Message` | the same for people |
struct S3ErrorAnswer: XMLVisitor, Sendable, Equatable {
  var code = ""
  var message = ""
  private var isError = false
  private var depth = 0

  mutating func begin(_ element: String) {
    if depth == 0 { isError = element == "Error" }
    depth += 1
  }

  mutating func end(_ element: String, text: [UInt8]) {
    depth -= 1
    guard isError, depth == 1 else { return }
    let text = String(decoding: text.prefix(500), as: UTF8.self)
    if element == "Code" { code = text }
    if element == "Message" { message = text }
  }

  /// Empty if the body is not such an answer: proxies send pages of their own.
  static func parse(_ body: [UInt8]) -> S3ErrorAnswer {
    // The status says that it is an error; what the body says is only an addition to it.
    (try? XMLReader.read(body, by: S3ErrorAnswer())) ?? S3ErrorAnswer()
  }
}

extension StoreError {
  /// No answer at all.
  init(_ failure: HTTPFailure, _ call: S3Client.Call) {
    let kind: Kind =
      switch failure.kind {
      case .timedOut: .timedOut
      case .short: .shortRead
      case .tooLarge: .tooLarge
      case .cancelled: .cancelled
      case .connection, .untrusted, .other: .failed
      }
    self.init(kind, call.operation, key: call.place, detail: failure.detail)
  }

  /// An answer that says an error.
  init(_ response: HTTPResponse, _ call: S3Client.Call, region: String) {
    let answer = S3ErrorAnswer.parse(response.body)
    var detail = "HTTP status \(response.status)"
    if !answer.code.isEmpty { detail += " \(answer.code)" }
    if !answer.message.isEmpty { detail += ": \(answer.message)" }
    if let actual = response.headers["x-amz-bucket-region"], actual != region {
      detail += "; the bucket is in region \(actual), not \(region): set AWS_REGION"
    }
    if let request = response.headers["x-amz-request-id"] { detail += " (request \(request.prefix(100)))" }
    self.init(Self.kind(response.status, answer.code), call.operation, key: call.place, detail: detail)
  }

  private static func kind(_ status: Int, _ code: String) -> Kind {
    switch (status, code) {
    // Only what names the object says that there is none: a missing bucket, or a proxy's page, says nothing of it.
    case (404, "NoSuchKey"), (404, "NoSuchVersion"): .notFound
    case (400, "ExpiredToken"), (400, "InvalidToken"), (400, "TokenRefreshRequired"), (401, _), (403, _):
      .accessDenied
    case (412, _): .changed
    case (400, _), (405, _), (416, _): .badRequest
    case (408, _), (504, _): .timedOut
    case (501, _): .unsupported
    default: .failed
    }
  }
}

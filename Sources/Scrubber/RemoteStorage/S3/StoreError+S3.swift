/// What an answer with an error says.
///
/// | element | meaning |
/// |---|---|
/// | `Code` | the kind, such as `NoSuchKey` |
/// | `Message` | the same for people |
/// | `Region` | where the bucket is, of `AuthorizationHeaderMalformed` |
/// | `Endpoint` | the host that should be asked, of `PermanentRedirect` |
struct S3ErrorAnswer: XMLVisitor, Sendable, Equatable {
  var code = ""
  var message = ""
  var region = ""
  var endpoint = ""
  private var isError = false
  private var depth = 0

  mutating func begin(_ element: XMLName) {
    if depth == 0 { isError = element == "Error" }
    depth += 1
  }

  mutating func end(_ element: XMLName, text: Span<UInt8>) {
    depth -= 1
    guard isError, depth == 1 else { return }
    let text = text.text()
    switch element {
    case "Code": code = text
    case "Message": message = text
    case "Region": region = text
    case "Endpoint": endpoint = text
    default: break
    }
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
    var detail = failure.detail
    if failure.kind == .untrusted { detail += "; AWS_CA_BUNDLE names a file of authorities to trust" }
    self.init(kind, call.operation, key: call.place, detail: detail)
  }

  /// An answer that says an error.
  init(_ response: HTTPResponse, _ answer: S3ErrorAnswer, _ call: S3Client.Call) {
    var detail = "HTTP status \(response.status)"
    if !answer.code.isEmpty { detail += " \(answer.code)" }
    if !answer.message.isEmpty { detail += ": \(answer.message)" }
    if let request = response.headers["x-amz-request-id"] { detail += " (request \(request.prefix(100)))" }
    self.init(Self.kind(response.status, answer.code), call.operation, key: call.place, detail: detail)
  }

  /// An answer that says success by its status and an error by its body, as those to slow requests may. Nil if it does
  /// not.
  init?(errorIn response: HTTPResponse, _ call: S3Client.Call) {
    let answer = S3ErrorAnswer.parse(response.body)
    guard !answer.code.isEmpty else { return nil }
    self.init(response, answer, call)
  }

  private static func kind(_ status: Int, _ code: String) -> Kind {
    switch (status, code) {
    // Only what names the object says that there is none: a missing bucket, or a proxy's page, says nothing of it.
    case (404, "NoSuchKey"), (404, "NoSuchVersion"): .notFound
    case (_, "AccessDenied"), (_, "ExpiredToken"), (_, "InvalidToken"), (_, "TokenRefreshRequired"), (401, _),
      (403, _):
      .accessDenied
    case (408, _), (504, _), (400, "RequestTimeout"): .timedOut
    case (400, _), (405, _), (416, _): .badRequest
    case (501, _): .unsupported
    default: .failed
    }
  }
}

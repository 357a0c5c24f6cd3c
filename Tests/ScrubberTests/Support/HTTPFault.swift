@testable import Scrubber

/// What the fault server does to one request or its answer.
enum HTTPFault: String, Sendable, CaseIterable {
  // Answers of its own; the server behind it never sees the request.
  case internalError, badGateway, slowDown, slowDownRetryAfter, slowDownRetryAfterDate, gatewayTimeout
  case tooManyRequests, requestTimeout408, requestTimeout400
  case unauthorized, forbidden, talkative, noSuchBucket, expiredToken, skewedClock
  case otherRegion, otherRegionMalformed, foreignHost
  case emptySuccess, noContent, errorWithSuccess, notHTTP, giantHeaders, giantBody
  // The request is served, and the answer is lost.
  case errorAfterWork, resetAfterWork
  // Connections.
  case resetBeforeAnswer, closedBeforeAnswer, resetInHeaders, resetInBody, stallBeforeAnswer, stallInBody
  case trickle, closedBehindAnswer
  // Lengths.
  case cutBody, surplusBody, lengthTooSmall, lengthTooLarge, lengthGarbled, cutChunks
  // Contents.
  case garbledBody, entityBomb, wrongRoot, flippedByte, wrongChecksum, packed
  // What only ranges and listings have.
  case wholeInsteadOfPart, wrongRange, repeatedToken, backwards

  /// The answer that comes without the server behind; nil for other faults.
  func ownAnswer(to request: RawHTTP, trap: UInt16) -> RawHTTP? {
    func error(_ status: String, _ code: String, _ headers: [(name: String, value: String)] = []) -> RawHTTP {
      .answer(
        status,
        headers,
        body: "<Error><Code>\(code)</Code><Message>by the fault server</Message></Error>"
      )
    }
    switch self {
    case .internalError: return error("500 Internal Server Error", "InternalError")
    case .badGateway: return .answer("502 Bad Gateway", body: "<html>proxy</html>")
    case .slowDown: return error("503 Slow Down", "SlowDown")
    case .slowDownRetryAfter: return error("503 Slow Down", "SlowDown", [("Retry-After", "1")])
    case .slowDownRetryAfterDate:
      return error("503 Slow Down", "SlowDown", [("Retry-After", "Tue, 15 Nov 2089 08:12:31 GMT")])
    case .gatewayTimeout: return .answer("504 Gateway Timeout")
    case .tooManyRequests: return error("429 Too Many Requests", "TooManyRequests")
    case .requestTimeout408: return .answer("408 Request Timeout")
    case .requestTimeout400: return error("400 Bad Request", "RequestTimeout")
    case .unauthorized: return .answer("401 Unauthorized")
    case .forbidden: return error("403 Forbidden", "AccessDenied")
    case .talkative:
      // Repeats everything that it was told.
      let told = request.headers.map { "\($0.name): \($0.value)" }.joined(separator: ", ")
      return .answer(
        "403 Forbidden",
        body: "<Error><Code>AccessDenied</Code><Message>\(XMLText.escape(told))</Message></Error>"
      )
    case .noSuchBucket: return error("404 Not Found", "NoSuchBucket")
    case .expiredToken: return error("400 Bad Request", "ExpiredToken")
    case .skewedClock:
      return error("403 Forbidden", "RequestTimeTooSkewed", [("Date", Self.tenMinutesFrom(request))])
    case .otherRegion:
      return .answer("301 Moved Permanently", [("x-amz-bucket-region", Self.anotherRegion(request))])
    case .otherRegionMalformed:
      return .answer(
        "400 Bad Request",
        body:
          "<Error><Code>AuthorizationHeaderMalformed</Code><Region>\(Self.anotherRegion(request))</Region></Error>"
      )
    case .foreignHost:
      return .answer("307 Temporary Redirect", [("Location", "http://localhost:\(trap)\(request.target)")])
    case .emptySuccess: return .answer("200 OK")
    case .noContent: return RawHTTP(firstLine: "HTTP/1.1 204 No Content", headers: [])
    case .errorWithSuccess: return error("200 OK", "InternalError")
    case .giantHeaders:
      let line = (name: "x-padding", value: String(repeating: "p", count: 4000))
      return .answer("200 OK", Array(repeating: line, count: 250))
    default: return nil
    }
  }

  /// Never that for which the request is signed: following goes on for ever.
  private static func anotherRegion(_ request: RawHTTP) -> String {
    request["Authorization"]?.contains("/eu-west-9/") == true ? "eu-west-8" : "eu-west-9"
  }

  /// Ten minutes ahead of the request's own time: more than explains nothing, less than a server refuses.
  private static func tenMinutesFrom(_ request: RawHTTP) -> String {
    let digits = Array(request["x-amz-date"] ?? "")
    guard digits.count == 16 else { return "Tue, 15 Nov 1994 08:12:31 GMT" }
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    let (hour, minute) = (Int(String(digits[9...10])) ?? 0, Int(String(digits[11...12])) ?? 0)
    // Back where forward would lead into the next hour: it is only the distance that counts.
    let shifted = minute < 50 ? minute + 10 : minute - 10
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let month = months[(Int(String(digits[4...5])) ?? 1) - 1]
    let day = "\(String(digits[6...7])) \(month) \(String(digits[0...3]))"
    return "Tue, \(day) \(two(hour)):\(two(shifted)):\(String(digits[13...14])) GMT"
  }

  // MARK: Changes

  /// Changes the request on its way to the server.
  func change(request: inout RawHTTP) {
    switch self {
    case .wholeInsteadOfPart: request["Range"] = nil
    case .wrongRange: if request["Range"] != nil { request["Range"] = "bytes=0-9" }
    default: break
    }
  }

  /// Changes the answer on its way back.
  func change(answer: inout RawHTTP, to request: RawHTTP) {
    let isEmpty = answer.body.isEmpty
    switch self {
    case .garbledBody:
      for index in answer.body.indices { answer.body[index] = UInt8(truncatingIfNeeded: index * 7 + 1) }
    case .entityBomb where !isEmpty: replaceBody(&answer, Self.bomb)
    case .wrongRoot where !isEmpty: replaceBody(&answer, "<html></html>")
    case .flippedByte where !isEmpty: answer.body[answer.body.count / 2] ^= 1
    case .wrongChecksum: answer["x-amz-checksum-crc32c"] = "AAAAAA=="
    case .packed: answer["Content-Encoding"] = "gzip"
    case .repeatedToken where request.method == "GET": repeatToken(&answer, request)
    case .backwards where request.method == "GET": reverse(&answer)
    default: break
    }
  }

  private static let bomb: String = {
    let entities = (1..<12).map { "<!ENTITY e\($0) \"\(String(repeating: "&e\($0 - 1);", count: 10))\">" }
    return "<!DOCTYPE x [<!ENTITY e0 \"xxxxxxxxxx\">\(entities.joined())]><x>&e11;</x>"
  }()

  private func replaceBody(_ answer: inout RawHTTP, _ text: String) {
    answer.body = Array(text.utf8)
    answer["Content-Length"] = "\(answer.body.count)"
  }

  /// The next page is this page again.
  private func repeatToken(_ answer: inout RawHTTP, _ request: RawHTTP) {
    var text = String(decoding: answer.body, as: UTF8.self)
    guard text.contains("<IsTruncated>") else { return }
    let parts = request.target.split { $0 == "?" || $0 == "&" }
    func asked(_ name: String) -> String {
      parts.first { $0.hasPrefix("\(name)=") }.map { String($0.dropFirst(name.count + 1)) } ?? "again"
    }
    for (element, value) in [
      ("IsTruncated", "true"), ("NextContinuationToken", asked("continuation-token")),
      ("NextKeyMarker", asked("key-marker")), ("NextVersionIdMarker", asked("version-id-marker")),
    ] {
      if let start = text.firstRange(of: "<\(element)>"), let end = text.firstRange(of: "</\(element)>") {
        text.replaceSubrange(start.lowerBound..<end.upperBound, with: "<\(element)>\(value)</\(element)>")
      }
    }
    replaceBody(&answer, text)
  }

  /// The first and the last object change places.
  private func reverse(_ answer: inout RawHTTP) {
    let text = String(decoding: answer.body, as: UTF8.self)
    for element in ["Contents", "Version"] {
      let pieces = text.split(separator: "<\(element)>", omittingEmptySubsequences: false).map(String.init)
      guard pieces.count > 2, let last = pieces.last, let end = last.firstRange(of: "</\(element)>") else {
        continue
      }
      let lastEntry = String(last[..<end.upperBound])
      let tail = String(last[end.upperBound...])
      let middle = pieces.dropFirst(2).dropLast()
      let entries = [lastEntry] + middle + [pieces[1]]
      replaceBody(&answer, pieces[0] + entries.map { "<\(element)>\($0)" }.joined() + tail)
      return
    }
  }
}

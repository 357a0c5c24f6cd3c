import Synchronization

/// Signs requests for S3 and STS: AWS Signature Version 4, in the `Authorization` header.
///
/// | step | what |
/// |---|---|
/// | canonical request | method, path, query, headers (lower case, sorted by name), their names, the body's SHA-256; a line each |
/// | text to sign | `AWS4-HMAC-SHA256`, the time, `DAY/REGION/SERVICE/aws4_request`, the SHA-256 of the former |
/// | key | HMAC of day, region, service, `aws4_request` in turn, beginning with `AWS4` and the secret |
///
/// Path and query come encoded (`PercentEncoding`), the same text as in the address. Only `host`, `x-amz-*` and
/// `content-md5` are signed: proxies may change other headers. Source: AWS's documents on Signature Version 4.
final class SigV4Signer: Sendable {
  let credentials: S3Credentials
  let region: String
  let service: String
  private let keyOfDay = Mutex<(day: String, key: [UInt8])?>(nil)

  init(credentials: S3Credentials, region: String, service: String = "s3") {
    self.credentials = credentials
    self.region = region
    self.service = service
  }

  /// What is signed.
  struct Message {
    var method: String
    /// Encoded, beginning with `/`.
    var path: String
    /// Encoded and sorted.
    var query: String
    /// Names in lower case, each once; `host` among them.
    var headers: [(name: String, value: String)]
    var bodySHA256: String
  }

  /// The headers to send: those of the message, and those that the signature adds.
  func sign(_ message: Message, at time: Timestamp) -> [(name: String, value: String)] {
    let moment = Self.compactTime(time)
    let day = String(moment.prefix(8))
    var message = message
    message.headers += [("x-amz-content-sha256", message.bodySHA256), ("x-amz-date", moment)]
    if let token = credentials.sessionToken { message.headers.append(("x-amz-security-token", token)) }
    message.headers.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    let names = message.headers.map(\.name).joined(separator: ";")
    let scope = "\(day)/\(region)/\(service)/aws4_request"
    let canonical = Self.canonicalRequest(message, names: names)
    let text =
      "AWS4-HMAC-SHA256\n\(moment)\n\(scope)\n" + Digest.sha256(Array(canonical.utf8)).lowercaseHex
    let signature = Digest.hmac(text, key: key(of: day)).lowercaseHex
    let authorization =
      "AWS4-HMAC-SHA256 Credential=\(credentials.accessKey)/\(scope),SignedHeaders=\(names),Signature=\(signature)"
    return message.headers + [("authorization", authorization)]
  }

  private static func canonicalRequest(_ message: Message, names: String) -> String {
    let headers = message.headers.map { "\($0.name):\($0.value)\n" }.joined()
    return [message.method, message.path, message.query, headers, names, message.bodySHA256]
      .joined(separator: "\n")
  }

  /// Four hashes that are the same all day.
  private func key(of day: String) -> [UInt8] {
    keyOfDay.withLock { cached in
      if let cached, cached.day == day { return cached.key }
      let key = [day, region, service, "aws4_request"].reduce(Array("AWS4\(credentials.secretKey)".utf8)) {
        Digest.hmac($1, key: $0)
      }
      cached = (day, key)
      return key
    }
  }

  /// `20130524T000000Z`.
  static func compactTime(_ time: Timestamp) -> String {
    let seconds = time.wholeSeconds.rfc3339.utf8.prefix(19)
    return String(
      decoding: seconds.filter { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: ":") },
      as: UTF8.self
    ) + "Z"
  }
}

extension SigV4Signer: CustomStringConvertible, CustomReflectable {
  var description: String { "SigV4Signer(\(region), \(credentials))" }
  var customMirror: Mirror { Mirror(self, children: ["region": region, "credentials": credentials]) }
}

extension Timestamp {
  /// The same moment without the fraction of its second: all that a `Last-Modified` header can tell.
  var wholeSeconds: Timestamp {
    let fraction = ((nanoseconds % 1_000_000_000) + 1_000_000_000) % 1_000_000_000
    let (whole, overflow) = nanoseconds.subtractingReportingOverflow(fraction)
    return overflow ? self : Timestamp(nanoseconds: whole)
  }
}

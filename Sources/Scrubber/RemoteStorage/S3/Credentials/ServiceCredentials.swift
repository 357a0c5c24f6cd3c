import IndexFormat

/// Credentials as services and programs say them in JSON.
///
/// | member | of | meaning |
/// |---|---|---|
/// | `Code`, `Message` | instances | `Success`, or why there are none |
/// | `Version` | programs | must be 1 |
/// | `AccessKeyId`, `SecretAccessKey` | all | needed |
/// | `Token` | containers, instances | needed |
/// | `SessionToken` | programs | if there is one |
/// | `Expiration` | all | RFC 3339; if they expire |
struct ServiceCredentials {
  /// What errors call it.
  var source: String
  var tokenName = "Token"
  var versionNeeded: Int64?

  func parse(_ bytes: [UInt8]) throws(S3ConfigurationError) -> S3Credentials {
    let json: JSONScalars
    do throws(FormatError) {
      json = try JSONScalars(parsing: bytes)
    } catch {
      // What was found there is not told: it may be part of a secret.
      throw S3ConfigurationError(message: "\(source) gave something else than JSON (byte \(error.offset))")
    }
    if let versionNeeded, json.integer("Version") != versionNeeded {
      let found = json.integer("Version").map { "\($0)" } ?? "none"
      throw S3ConfigurationError(message: "\(source) gave version \(found), expected \(versionNeeded)")
    }
    if let code = json.text("Code"), code != "Success" {
      // A word such as AssumeRoleUnauthorizedAccess; anything else may be a secret.
      let isWord =
        code.utf8.count <= 60 && code.unicodeScalars.allSatisfy { $0.isASCII && $0.properties.isAlphabetic }
      throw S3ConfigurationError(message: "\(source) gave no credentials: \(isWord ? code : "…")")
    }
    guard let accessKey = json.text("AccessKeyId"), let secretKey = json.text("SecretAccessKey") else {
      throw S3ConfigurationError(message: "\(source) gave no AccessKeyId or no SecretAccessKey")
    }
    var credentials = S3Credentials(
      accessKey: accessKey,
      secretKey: secretKey,
      sessionToken: json.text(tokenName)
    )
    if let expiration = json.text("Expiration") {
      guard let time = Timestamp(expiration: expiration) else {
        throw S3ConfigurationError(message: "\(source) gave an Expiration that is no time of RFC 3339")
      }
      credentials.expires = time
    }
    return try credentials.checked(source)
  }
}

extension S3Credentials {
  /// The same, if they can be sent in a header: what holds a line break would be read as a header of its own.
  func checked(_ source: String) throws(S3ConfigurationError) -> S3Credentials {
    func check(_ text: String, _ name: String, _ limit: Int) throws(S3ConfigurationError) {
      guard !text.isEmpty, text.utf8.count <= limit, text.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
      else {
        throw S3ConfigurationError(
          message: "\(source): the \(name) is empty, too long, or has characters that none has"
        )
      }
    }
    try check(accessKey, "access key", 256)
    try check(secretKey, "secret key", 4096)
    if let sessionToken { try check(sessionToken, "session token", 64 << 10) }
    return self
  }
}

extension Timestamp {
  /// Reads RFC 3339 with `Z` or an offset such as `+01:00`, and the form with `UTC` that older AWS tools write.
  init?(expiration text: String) {
    if let time = Timestamp(rfc3339: text) {
      self = time
      return
    }
    if text.hasSuffix("UTC"), let time = Timestamp(rfc3339: "\(text.dropLast(3))Z") {
      self = time
      return
    }
    let offset = Array(text.utf8.suffix(6))
    guard offset.count == 6, offset[3] == UInt8(ascii: ":"),
      offset[0] == UInt8(ascii: "+") || offset[0] == UInt8(ascii: "-"),
      let time = Timestamp(rfc3339: "\(text.dropLast(6))Z")
    else { return nil }
    let digits = [1, 2, 4, 5].map { Int64(offset[$0]) - 0x30 }
    guard digits.allSatisfy({ (0...9).contains($0) }) else { return nil }
    let (hours, minutes) = (digits[0] * 10 + digits[1], digits[2] * 10 + digits[3])
    guard hours < 24, minutes < 60 else { return nil }
    let seconds = (hours * 3600 + minutes * 60) * (offset[0] == UInt8(ascii: "+") ? -1 : 1)
    self = time.adding(seconds: seconds)
  }

  /// Clamped to what a timestamp holds.
  func adding(seconds: Int64) -> Timestamp {
    let (difference, isTooLong) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, overflow) = nanoseconds.addingReportingOverflow(difference)
    return isTooLong || overflow
      ? Timestamp(nanoseconds: seconds < 0 ? .min : .max) : Timestamp(nanoseconds: sum)
  }
}

/// Whom to sign requests for. Its descriptions never show a secret.
struct S3Credentials: Sendable, Equatable {
  var accessKey: String
  var secretKey: String
  var sessionToken: String?
  /// Nil if they do not expire, or nobody says when.
  var expires: Timestamp? = nil
}

extension S3Credentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  var description: String { "S3Credentials(\(accessKey), …)" }
  var debugDescription: String { description }
  /// `dump` and failed expectations print members by reflection.
  var customMirror: Mirror { Mirror(self, children: ["accessKey": accessKey]) }
}

extension S3Credentials {
  /// A text of somebody else's, such as a server's error, without the secrets that it may repeat.
  func redact(_ text: String) -> String {
    var text = text
    for secret in [secretKey, sessionToken ?? ""] where !secret.isEmpty && text.contains(secret) {
      text = text.replacing(secret, with: "…")
    }
    return text
  }
}

/// Credentials are not found, or what says them cannot be read.
struct S3ConfigurationError: Error, Sendable, Equatable {
  var message: String
  var hint: String?
}

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

/// Finds credentials as the AWS tools do, in this order:
///
/// | source | used when |
/// |---|---|
/// | none: requests are not signed | `AWS_NO_SIGN_REQUEST` is `YES`, `true` or `1` |
/// | `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN` | both keys are set, and no profile is named |
/// | credentials file: `AWS_SHARED_CREDENTIALS_FILE`, else `~/.aws/credentials` | it has the profile |
/// | configuration file: `AWS_CONFIG_FILE`, else `~/.aws/config` | it has the profile |
///
/// The profile is that of `AWS_PROFILE`, else `default`.
struct S3CredentialSources {
  var environment: Environment
  var files: SharedConfiguration

  /// What there is now, kept for all requests. The same places are asked again when a server calls it expired: the
  /// files may have been rewritten by then.
  func provider() throws(S3ConfigurationError) -> any S3CredentialsProvider {
    CachedCredentials(try find(), Again(environment: environment))
  }

  private struct Again: S3CredentialsSource {
    var environment: Environment

    func fetch() throws(S3ConfigurationError) -> S3Credentials? {
      let files = try SharedConfiguration(environment: environment)
      return try S3CredentialSources(environment: environment, files: files).find()
    }
  }

  /// Nil for requests without a signature.
  func find() throws(S3ConfigurationError) -> S3Credentials? {
    if ["YES", "TRUE", "1"].contains(environment["AWS_NO_SIGN_REQUEST"]?.uppercased()) { return nil }
    if environment["AWS_PROFILE"] == nil, let found = try fromEnvironment() { return found }
    for (place, section) in [("credentials", files.credentials), ("configuration", files.configuration)] {
      guard let accessKey = section["aws_access_key_id"] else { continue }
      guard let secretKey = section["aws_secret_access_key"] else {
        throw S3ConfigurationError(
          message:
            "profile \(files.profile) of the \(place) file has aws_access_key_id but no aws_secret_access_key"
        )
      }
      return S3Credentials(
        accessKey: accessKey,
        secretKey: secretKey,
        sessionToken: section["aws_session_token"]
      )
    }
    throw S3ConfigurationError(
      message: "no credentials for S3: tried AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
        + "\(files.credentialsPath) and \(files.configurationPath) (profile \(files.profile))",
      hint: "Set them, or AWS_NO_SIGN_REQUEST=YES for a bucket that anyone may read. "
        + "SSO, web identities and instance metadata are not supported yet."
    )
  }

  private func fromEnvironment() throws(S3ConfigurationError) -> S3Credentials? {
    switch (environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"]) {
    case (nil, nil): return nil
    case (let accessKey?, let secretKey?):
      return S3Credentials(
        accessKey: accessKey,
        secretKey: secretKey,
        sessionToken: environment["AWS_SESSION_TOKEN"]
      )
    case (.some, nil):
      throw S3ConfigurationError(message: "AWS_ACCESS_KEY_ID is set but AWS_SECRET_ACCESS_KEY is not")
    case (nil, .some):
      throw S3ConfigurationError(message: "AWS_SECRET_ACCESS_KEY is set but AWS_ACCESS_KEY_ID is not")
    }
  }
}

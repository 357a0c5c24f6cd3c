import Glibc
import IndexFormat

/// What `aws sso login` leaves behind: `~/.aws/sso/cache/HASH.json`, HASH being the SHA-1 of the session's name, or
/// of the start URL where a profile names no session.
///
/// | member | meaning |
/// |---|---|
/// | `accessToken`, `expiresAt` | the token, and until when it holds |
/// | `refreshToken`, `clientId`, `clientSecret` | by these another is got without a browser |
/// | `registrationExpiresAt` | until when that works |
/// | `startUrl`, `region` | where the login was |
struct SingleSignOnToken: Sendable {
  var accessToken: String
  var expires: Timestamp
  var refresh: Refresh?
  var startURL: String
  var region: String

  struct Refresh: Sendable {
    var token: String
    var clientID: String
    var clientSecret: String
    var registrationExpires: String
  }

  static func path(ofSession name: String, home: String) -> String {
    "\(home)/.aws/sso/cache/\(Digest.sha1(Array(name.utf8)).lowercaseHex).json"
  }

  /// Nil if there is no such file.
  static func read(_ path: String) throws(S3ConfigurationError) -> SingleSignOnToken? {
    guard let bytes = try SmallFile.read(path, limit: 256 << 10) else { return nil }
    let json: JSONScalars
    do throws(FormatError) {
      json = try JSONScalars(parsing: bytes)
    } catch {
      throw S3ConfigurationError(message: "\(path): the file is not JSON (byte \(error.offset))")
    }
    guard let token = json.text("accessToken"), token.utf8.allSatisfy({ (0x21...0x7e).contains($0) }),
      let expires = json.text("expiresAt").flatMap(Timestamp.init(expiration:))
    else {
      throw S3ConfigurationError(message: "\(path): there is no accessToken, or no expiresAt of RFC 3339")
    }
    var result = SingleSignOnToken(
      accessToken: token,
      expires: expires,
      startURL: json.text("startUrl") ?? "",
      region: json.text("region") ?? ""
    )
    if let token = json.text("refreshToken"), let id = json.text("clientId"),
      let secret = json.text("clientSecret"), let end = json.text("registrationExpiresAt")
    {
      result.refresh = Refresh(token: token, clientID: id, clientSecret: secret, registrationExpires: end)
    }
    return result
  }

  /// Puts the token where the AWS tools find it: a refresh may have made the old one worthless to them.
  func write(_ path: String) throws(SystemCallError) {
    var json = JSONWriter()
    json.object { json in
      json.member("startUrl", startURL)
      json.member("region", region)
      json.member("accessToken", accessToken)
      json.member("expiresAt", expires.wholeSeconds.rfc3339)
      json.member("clientId", ifPresent: refresh?.clientID)
      json.member("clientSecret", ifPresent: refresh?.clientSecret)
      json.member("registrationExpiresAt", ifPresent: refresh?.registrationExpires)
      json.member("refreshToken", ifPresent: refresh?.token)
    }
    let draft = "\(path).scrubber-\(getpid())"
    let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW
    let file = FileDescriptor(
      number: try SystemCallError.check("make the file") { open(draft, flags, 0o600) }
    )
    do throws(SystemCallError) {
      try file.write(json.bytes)
      _ = try SystemCallError.check("rename the file") { rename(draft, path) }
    } catch {
      unlink(draft)
      throw error
    }
  }
}

/// It is all secret.
extension SingleSignOnToken: CustomStringConvertible, CustomReflectable {
  var description: String { "SingleSignOnToken(until \(expires.rfc3339))" }
  var customMirror: Mirror { Mirror(self, children: ["expires": expires]) }
}

extension SingleSignOnToken.Refresh: CustomStringConvertible, CustomReflectable {
  var description: String { "Refresh(…)" }
  var customMirror: Mirror { Mirror(self, children: []) }
}

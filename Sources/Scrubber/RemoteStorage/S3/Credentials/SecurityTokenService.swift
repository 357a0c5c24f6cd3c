/// AWS's STS: keys that last for some hours, for a role.
///
/// | action | who asks | signed |
/// |---|---|---|
/// | `AssumeRole` | somebody with keys | yes |
/// | `AssumeRoleWithWebIdentity` | somebody with a token of an identity provider | no |
///
/// A form is sent, XML comes back: `ACTIONResponse/ACTIONResult/Credentials/…`, or `ErrorResponse/Error/…`. Source:
/// AWS's reference of the STS API, version 2011-06-15.
struct SecurityTokenService {
  var transport: CredentialsTransport
  var address: ServiceAddress
  /// What signatures name.
  var region: String
  var now: @Sendable () -> Timestamp

  struct Role: Sendable, Equatable {
    var arn: String
    var sessionName: String
    var externalID: String?
    /// As long as the service likes, if nil.
    var durationSeconds: Int?
  }

  func assume(_ role: Role, by credentials: S3Credentials) async throws(S3ConfigurationError) -> S3Credentials
  {
    try await send("AssumeRole", role, [], signedBy: credentials)
  }

  func assume(_ role: Role, webIdentity token: String) async throws(S3ConfigurationError) -> S3Credentials {
    try await send("AssumeRoleWithWebIdentity", role, [("WebIdentityToken", token)], signedBy: nil)
  }

  private func send(
    _ action: String,
    _ role: Role,
    _ more: [(name: String, value: String)],
    signedBy credentials: S3Credentials?
  ) async throws(S3ConfigurationError) -> S3Credentials {
    var form = [
      ("Action", action), ("Version", "2011-06-15"), ("RoleArn", role.arn),
      ("RoleSessionName", role.sessionName),
    ]
    form += more.map { ($0.name, $0.value) }
    if let externalID = role.externalID { form.append(("ExternalId", externalID)) }
    if let duration = role.durationSeconds { form.append(("DurationSeconds", "\(duration)")) }
    let body = Array(PercentEncoding.query(form.map { (name: $0.0, value: $0.1) }).utf8)
    var request = CredentialsTransport.request(.post, "\(address.origin)/", body: body)
    request.headers = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")]
    if let credentials {
      let message = SigV4Signer.Message(
        method: "POST",
        path: "/",
        query: "",
        headers: [("host", address.hostHeader)],
        bodySHA256: Digest.sha256(body).lowercaseHex
      )
      request.headers += SigV4Signer(credentials: credentials, region: region, service: "sts").sign(
        message,
        at: now()
      )
    }
    let service = "\(action) of STS at \(address.origin) for \(SafeText.line(role.arn))"
    let response = try await transport.send(request, to: service)
    let secrets = [credentials?.secretKey, credentials?.sessionToken, role.externalID] + more.map(\.value)
    return try Self.read(response, action, service, hiding: secrets)
  }

  private static func read(
    _ response: HTTPResponse,
    _ action: String,
    _ service: String,
    hiding secrets: [String?]
  ) throws(S3ConfigurationError) -> S3Credentials {
    // Whatever is no such XML is told by its status.
    let answer = (try? XMLReader.read(response.body, by: Answer())) ?? Answer()
    guard response.isSuccess else {
      var message = "\(service): HTTP status \(response.status)"
      if let code = answer["ErrorResponse/Error/Code"] {
        message += " \(SafeText.line(code, hiding: secrets))"
      }
      if let text = answer["ErrorResponse/Error/Message"] {
        message += ": \(SafeText.line(text, hiding: secrets, limit: 500))"
      }
      throw S3ConfigurationError(message: message)
    }
    let place = "\(action)Response/\(action)Result/Credentials"
    guard let accessKey = answer["\(place)/AccessKeyId"], let secretKey = answer["\(place)/SecretAccessKey"],
      let token = answer["\(place)/SessionToken"],
      let expires = answer["\(place)/Expiration"].flatMap(Timestamp.init(expiration:))
    else {
      throw S3ConfigurationError(message: "\(service): the answer has no keys, no token or no time of expiry")
    }
    return try S3Credentials(
      accessKey: accessKey,
      secretKey: secretKey,
      sessionToken: token,
      expires: expires
    ).checked(service)
  }

  /// The texts of an answer by the way to their elements. Of several the first counts.
  private struct Answer: XMLVisitor {
    private var path: [String] = []
    private var texts: [String: String] = [:]

    subscript(_ path: String) -> String? { texts[path] }

    mutating func begin(_ element: XMLName) { path.append(element.text) }

    mutating func end(_ element: XMLName, text: Span<UInt8>) {
      let name = path.joined(separator: "/")
      path.removeLast()
      if texts[name] == nil { texts[name] = String(decoding: text.indices.map { text[$0] }, as: UTF8.self) }
    }
  }
}

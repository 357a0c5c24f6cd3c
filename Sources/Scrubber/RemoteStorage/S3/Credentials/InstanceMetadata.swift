/// Credentials that a virtual machine of EC2 gets from its host, by version 2 of the metadata service.
///
/// | request | answer |
/// |---|---|
/// | `PUT /latest/api/token` | a token for the next two |
/// | `GET /latest/meta-data/iam/security-credentials/` | the name of the machine's role |
/// | `GET /latest/meta-data/iam/security-credentials/ROLE` | its credentials, as JSON |
///
/// | setting | meaning |
/// |---|---|
/// | `AWS_EC2_METADATA_DISABLED` | `true`: not asked |
/// | `AWS_EC2_METADATA_SERVICE_ENDPOINT`, `ec2_metadata_service_endpoint` | its address |
/// | `AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE`, `ec2_metadata_service_endpoint_mode` | `IPv6`: the other usual address |
/// | `AWS_METADATA_SERVICE_TIMEOUT` | seconds for a request, 1 unless set |
/// | `AWS_METADATA_SERVICE_NUM_ATTEMPTS` | tries, 1 unless set |
///
/// Elsewhere nobody answers at that address; that takes a second. Version 1, without a token, is not used.
struct InstanceMetadata {
  var environment: Environment
  var profile: [String: String]
  var transport: CredentialsTransport
  var now: @Sendable () -> Timestamp

  /// The service may go on giving what has expired when it cannot get others; servers accept that meanwhile.
  private static let extensionSeconds: Int64 = 900

  /// Credentials, or why there are none here.
  enum Outcome {
    case found(S3Credentials)
    case none(String)
  }

  func fetch() async throws(S3ConfigurationError) -> Outcome {
    if environment["AWS_EC2_METADATA_DISABLED"]?.lowercased() == "true" {
      return .none("AWS_EC2_METADATA_DISABLED is set")
    }
    let base = try base()
    let token: String
    switch await tokenOutcome(base) {
    case .success(let found): token = found
    case .failure(let error): return .none(error.message)
    }
    let folder = "\(base)/latest/meta-data/iam/security-credentials/"
    let list = try await send(.get, folder, token: token)
    if list.status == 404 { return .none("the machine has no role") }
    guard list.status == 200 else { throw failure("the list of roles", list) }
    let names = String(decoding: list.body, as: UTF8.self).split(whereSeparator: \.isNewline)
    guard let role = names.first, role.utf8.count <= 128, role.utf8.allSatisfy(Self.isOfRoleNames) else {
      throw S3ConfigurationError(message: "the instance metadata service names no role")
    }
    let answer = try await send(.get, folder + role, token: token)
    guard answer.status == 200 else { throw failure("role \(role)", answer) }
    var found = try ServiceCredentials(source: "the instance metadata service").parse(answer.body)
    if let expires = found.expires, expires <= now() {
      found.expires = now().adding(seconds: Self.extensionSeconds)
    }
    return .found(found)
  }

  private func base() throws(S3ConfigurationError) -> String {
    let mode =
      environment["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"] ?? profile["ec2_metadata_service_endpoint_mode"]
    let usual = mode?.lowercased() == "ipv6" ? "http://[fd00:ec2::254]" : "http://169.254.169.254"
    let text =
      environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"] ?? profile["ec2_metadata_service_endpoint"] ?? usual
    guard let address = ServiceAddress(text), !address.target.contains("?") else {
      throw S3ConfigurationError(
        message: "AWS_EC2_METADATA_SERVICE_ENDPOINT is not an address of http or https"
      )
    }
    return address.origin
      + (address.target.hasSuffix("/") ? String(address.target.dropLast()) : address.target)
  }

  /// That nobody answers means that this is no machine of EC2.
  private func tokenOutcome(_ base: String) async -> Result<String, S3ConfigurationError> {
    do throws(S3ConfigurationError) {
      let response = try await send(.put, "\(base)/latest/api/token", token: nil)
      let token = String(decoding: response.body, as: UTF8.self)
      let isToken =
        (1...4096).contains(token.utf8.count) && token.utf8.allSatisfy { (0x21...0x7e).contains($0) }
      guard response.status == 200, isToken else { return .failure(failure("the token", response)) }
      return .success(token)
    } catch {
      return .failure(error)
    }
  }

  private func send(
    _ method: HTTPRequest.Method,
    _ url: String,
    token: String?
  ) async throws(S3ConfigurationError) -> HTTPResponse {
    let seconds = environment["AWS_METADATA_SERVICE_TIMEOUT"].flatMap(Int64.init) ?? 1
    let tries = environment["AWS_METADATA_SERVICE_NUM_ATTEMPTS"].flatMap(Int.init) ?? 1
    var request = CredentialsTransport.request(method, url, seconds: min(max(seconds, 1), 60))
    request.bypassesProxy = true
    request.headers = [
      token.map { ("x-aws-ec2-metadata-token", $0) } ?? ("x-aws-ec2-metadata-token-ttl-seconds", "21600")
    ]
    return try await transport.send(
      request,
      to: "the instance metadata service",
      tries: min(max(tries, 1), 10)
    )
  }

  private func failure(_ what: String, _ response: HTTPResponse) -> S3ConfigurationError {
    S3ConfigurationError(message: "the instance metadata service: \(what): HTTP status \(response.status)")
  }

  private static func isOfRoleNames(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
    default: "+=,.@-_".utf8.contains(byte)
    }
  }
}

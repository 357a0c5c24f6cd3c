/// Credentials that the host of a container gives: ECS, EKS Pod Identity and programs that do as they do.
///
/// | variable | meaning |
/// |---|---|
/// | `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` | a path at `http://169.254.170.2` |
/// | `AWS_CONTAINER_CREDENTIALS_FULL_URI` | an address; without encryption only loopback, `169.254.170.2`, `169.254.170.23` and `fd00:ec2::23` |
/// | `AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE`, `AWS_CONTAINER_AUTHORIZATION_TOKEN` | what to send as `Authorization`; the file is read each time |
struct ContainerCredentials {
  var environment: Environment
  var transport: CredentialsTransport

  /// Nil if no variable names an address.
  func fetch() async throws(S3ConfigurationError) -> S3Credentials? {
    let (variable, text): (String, String)
    if let path = environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] {
      // Anything else than a path would go on with the host's name.
      (variable, text) = (
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", path.hasPrefix("/") ? "http://169.254.170.2\(path)" : ""
      )
    } else if let address = environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] {
      (variable, text) = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", address)
    } else {
      return nil
    }
    guard let address = ServiceAddress(text) else {
      throw S3ConfigurationError(message: "\(variable) is not an address of http or https")
    }
    guard address.isEncrypted || address.isTrustedWithoutEncryption else {
      throw S3ConfigurationError(
        message: "\(variable) names \(address.origin), which may not be asked without encryption",
        hint: "Over http only this machine, 169.254.170.2, 169.254.170.23 and fd00:ec2::23 may be asked."
      )
    }
    return try await fetch(from: address)
  }

  private func fetch(from address: ServiceAddress) async throws(S3ConfigurationError) -> S3Credentials {
    let target = address.target.isEmpty ? "/" : address.target
    var request = CredentialsTransport.request(.get, address.origin + target, seconds: 2)
    request.bypassesProxy = !address.isEncrypted
    request.headers = [("accept", "application/json")]
    if let token = try authorization() { request.headers.append(("authorization", token)) }
    let service = "the container's host at \(address.origin)"
    let response = try await transport.send(request, to: service)
    guard response.status == 200 else {
      throw S3ConfigurationError(message: "\(service): HTTP status \(response.status)")
    }
    return try ServiceCredentials(source: service).parse(response.body)
  }

  private func authorization() throws(S3ConfigurationError) -> String? {
    let token: String?
    if let path = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] {
      token = try SmallFile.readToken(path)
    } else {
      token = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
    }
    guard let token else { return nil }
    guard token.utf8.allSatisfy({ (0x20...0x7e).contains($0) }) else {
      throw S3ConfigurationError(
        message:
          "the token of AWS_CONTAINER_AUTHORIZATION_TOKEN or its file has characters that no header has"
      )
    }
    return token
  }
}

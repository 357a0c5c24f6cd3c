/// The services of AWS that give credentials, and where they are.
///
/// | | host | its own variable | in `[services …]` |
/// |---|---|---|---|
/// | STS | `sts.REGION` | `AWS_ENDPOINT_URL_STS` | `sts` |
/// | SSO | `portal.sso.REGION` | `AWS_ENDPOINT_URL_SSO` | `sso` |
/// | SSO tokens | `oidc.REGION` | `AWS_ENDPOINT_URL_SSO_OIDC` | `sso_oidc` |
///
/// Asked in this order: its own variable, `AWS_ENDPOINT_URL`, `endpoint_url` of the service in the section that the
/// profile's `services` names, the profile's `endpoint_url`, the host of AWS. `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS`
/// leaves only the last.
enum AWSService: String, Sendable, CaseIterable {
  case sts
  case sso
  case singleSignOnTokens = "sso_oidc"

  private var hostPrefix: String {
    switch self {
    case .sts: "sts"
    case .sso: "portal.sso"
    case .singleSignOnTokens: "oidc"
    }
  }

  /// The name that errors have.
  var name: String {
    switch self {
    case .sts: "STS"
    case .sso: "SSO"
    case .singleSignOnTokens: "the token service of SSO"
    }
  }

  func address(
    region: String,
    environment: Environment,
    files: SharedConfiguration
  ) throws(S3ConfigurationError) -> ServiceAddress {
    let isRegion = region.utf8.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "-"): true
      default: false
      }
    }
    guard isRegion, !region.isEmpty else {
      throw S3ConfigurationError(
        message: "the region of \(name) has other characters than letters, digits and dashes"
      )
    }
    let text =
      configured(environment, files)
      ?? "https://\(hostPrefix).\(region.lowercased()).\(Self.domain(of: region))"
    guard let address = ServiceAddress(text), address.target.isEmpty || address.target == "/" else {
      // The text is not repeated: it may hold a password.
      throw S3ConfigurationError(
        message: "the endpoint of \(name) is not of the form https://HOST or http://HOST:PORT"
      )
    }
    return address
  }

  private func configured(_ environment: Environment, _ files: SharedConfiguration) -> String? {
    let profile = files.configuration
    let ignores =
      environment["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] ?? profile["ignore_configured_endpoint_urls"]
    if ignores?.lowercased() == "true" { return nil }
    let services = profile["services"].flatMap { files.section("services", $0) }
    return environment["AWS_ENDPOINT_URL_\(rawValue.uppercased())"] ?? environment["AWS_ENDPOINT_URL"]
      ?? services?["\(rawValue).endpoint_url"] ?? profile["endpoint_url"]
  }

  /// What hosts of AWS in a region end with. Source: the partitions in the AWS tools' data.
  private static func domain(of region: String) -> String {
    let domains = [
      ("cn-", "amazonaws.com.cn"), ("eusc-", "amazonaws.eu"), ("us-iso-", "c2s.ic.gov"),
      ("us-isob-", "sc2s.sgov.gov"), ("eu-isoe-", "cloud.adc-e.uk"), ("us-isof-", "csp.hci.ic.gov"),
    ]
    return domains.first { region.lowercased().hasPrefix($0.0) }?.1 ?? "amazonaws.com"
  }
}

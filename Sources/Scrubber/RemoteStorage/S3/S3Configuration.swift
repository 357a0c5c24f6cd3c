/// Where a bucket is and whom to be there.
struct S3Configuration: Sendable {
  var bucket: String
  /// Where it is, as far as is known before the first request.
  var site: S3Site
  /// Whether it is AWS itself, no endpoint being given.
  var isAWS: Bool
  var credentials: any S3CredentialsProvider
  /// A file of certificates to trust instead of the system's.
  var authorities: String?

  /// From the address, then the environment, then the configuration file.
  ///
  /// | | address | environment | file | else |
  /// |---|---|---|---|---|
  /// | region | yes | `AWS_REGION`, `AWS_DEFAULT_REGION`, `REGION` | `region` | `us-east-1` |
  /// | server | yes | `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL` | `endpoint_url` | that of AWS |
  /// | authorities | | `AWS_CA_BUNDLE`, or behind the file `SSL_CERT_FILE` | `ca_bundle` | those of the system |
  ///
  /// The bucket stands in the path where the server is given, or where its name has a dot, which no certificate of AWS
  /// covers; else in the host.
  init(_ address: S3Address, environment: Environment) throws(S3ConfigurationError) {
    let files = try SharedConfiguration(environment: environment)
    bucket = address.bucket
    let regionVariable =
      environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"] ?? environment["REGION"]
    let region =
      address.region ?? regionVariable ?? files.configuration["region"] ?? "us-east-1"
    guard S3Site.isRegion(region) else {
      throw S3ConfigurationError(
        message: "the region \(region) has other characters than letters, digits and dashes"
      )
    }
    let endpointVariable = environment["AWS_ENDPOINT_URL_S3"] ?? environment["AWS_ENDPOINT_URL"]
    let endpoint = address.endpoint ?? endpointVariable ?? files.configuration["endpoint_url"]
    isAWS = endpoint == nil
    if let endpoint {
      let (origin, host) = try Self.split(endpoint)
      site = S3Site(region: region, origin: origin, host: host, basePath: "/\(address.bucket)")
    } else {
      site = .aws(bucket: address.bucket, region: region)
    }
    credentials = CachedCredentials(CredentialChain(environment: environment))
    authorities =
      environment["AWS_CA_BUNDLE"] ?? files.configuration["ca_bundle"] ?? environment["SSL_CERT_FILE"]
  }

  /// The origin and the `Host` header of an endpoint, which must not have a path, a query or a password.
  private static func split(_ endpoint: String) throws(S3ConfigurationError) -> (String, String) {
    let text = endpoint.hasSuffix("/") ? String(endpoint.dropLast()) : endpoint
    for (scheme, port) in [("https://", ":443"), ("http://", ":80")] where text.lowercased().hasPrefix(scheme)
    {
      let host = text.dropFirst(scheme.count).lowercased()
      let isPlain = host.utf8.allSatisfy {
        $0.isLetterDigitOrDash || ".:[]_".utf8.contains($0)
      }
      guard !host.isEmpty, isPlain else { break }
      // The port that goes without saying is not in the header, so neither in what is signed.
      let short = host.hasSuffix(port) ? String(host.dropLast(port.count)) : host
      return (scheme + short, short)
    }
    // The text is not repeated: it may hold a password.
    throw S3ConfigurationError(
      message: "the endpoint of S3 is not of the form https://HOST or http://HOST:PORT"
    )
  }
}

/// What to make of an answer that says that a bucket is elsewhere.
///
/// | answer | says the region in |
/// |---|---|
/// | 301 `PermanentRedirect`, 307 `TemporaryRedirect` | `x-amz-bucket-region`, or the host of AWS in `Location` and `Endpoint` |
/// | 400 `AuthorizationHeaderMalformed` | `Region` of the body |
/// | 400 `IllegalLocationConstraintException`, 403 | `x-amz-bucket-region` |
///
/// Only the region is taken from the answer, never the host: a signature and a session token would be shown to
/// whomever it names. In AWS the host follows from the region; of an endpoint that was given the host stays.
enum S3Redirect: Equatable {
  /// Ask again there.
  case follow(S3Site)
  /// Give up, for this reason.
  case refuse(String)
  /// The answer is about something else.
  case none

  private static let statuses: Set = [301, 302, 303, 307, 308]

  init(
    _ response: HTTPResponse,
    _ answer: S3ErrorAnswer,
    from site: S3Site,
    of configuration: S3Configuration
  ) {
    let isRedirect = Self.statuses.contains(response.status)
    guard isRedirect || response.status == 400 || response.status == 403 else {
      self = .none
      return
    }
    let elsewhere = Self.host(response.headers["location"]) ?? Self.host(answer.endpoint)
    let told = response.headers["x-amz-bucket-region"] ?? (answer.region.isEmpty ? nil : answer.region)
    let region = (told ?? (isRedirect && configuration.isAWS ? Self.region(ofHost: elsewhere) : nil))
      .flatMap { S3Site.isRegion($0) && $0 != site.region ? $0 : nil }
    if configuration.isAWS, let region {
      self = .follow(.aws(bucket: configuration.bucket, region: region))
    } else if let elsewhere, isRedirect, elsewhere != site.host {
      self = .refuse(
        "the server names another host, \(elsewhere), which is not given a signature; "
          + "if it is right, set AWS_ENDPOINT_URL and AWS_REGION"
      )
    } else if let region {
      var site = site
      site.region = region
      self = .follow(site)
    } else {
      self =
        isRedirect ? .refuse("the server says that the bucket is elsewhere, but not in which region") : .none
    }
  }

  /// The host and port of a URL or of what stands in its place.
  private static func host(_ text: String?) -> String? {
    guard let text, !text.isEmpty else { return nil }
    let bytes = Array(text.prefix(2000).utf8)
    let separator = Array("//".utf8)
    let start = bytes.indices.first { bytes[$0...].starts(with: separator) }.map { $0 + separator.count } ?? 0
    let host = bytes[start...].prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
    // A path alone names no host. Whatever stands before an `@` is not repeated: it may be a secret.
    guard !host.isEmpty, !host.contains(UInt8(ascii: "@")) else { return nil }
    return String(decoding: host.prefix(253), as: UTF8.self).lowercased()
  }

  /// `eu-west-1` of `bucket.s3.eu-west-1.amazonaws.com` and `s3-eu-west-1.amazonaws.com`.
  private static func region(ofHost host: String?) -> String? {
    guard let host, host.hasSuffix(".amazonaws.com") || host.hasSuffix(".amazonaws.com.cn") else {
      return nil
    }
    let labels = host.split(separator: ".")
    guard let service = labels.lastIndex(where: { $0 == "s3" || $0.hasPrefix("s3-") }) else { return nil }
    if labels[service] != "s3" { return String(labels[service].dropFirst(3)) }
    return service + 1 < labels.count && labels[service + 1] != "amazonaws"
      ? String(labels[service + 1]) : nil
  }
}

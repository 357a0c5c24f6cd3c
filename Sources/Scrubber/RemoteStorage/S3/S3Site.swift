/// Where requests of a bucket go, and the region they are signed for.
struct S3Site: Sendable, Equatable {
  var region: String
  /// `https://` or `http://`, the host, and a port if it is not the usual one.
  var origin: String
  /// The host as the `Host` header says it.
  var host: String
  /// What the path of every request begins with: `/bucket`, or nothing where the host names the bucket.
  var basePath: String

  /// A region of AWS. The bucket stands in the host, unless it has a dot, which no certificate of AWS covers.
  static func aws(bucket: String, region: String) -> S3Site {
    let domain = region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
    let isInHost = !bucket.contains(".") && !bucket.contains("_")
    let host = "\(isInHost ? "\(bucket)." : "")s3.\(region).\(domain)"
    return S3Site(
      region: region,
      origin: "https://\(host)",
      host: host,
      basePath: isInHost ? "" : "/\(bucket)"
    )
  }

  /// Letters, digits and dashes, as in `eu-central-1`. What has other characters could lead to another host.
  static func isRegion(_ text: some StringProtocol) -> Bool {
    (1...64).contains(text.utf8.count)
      && text.utf8.allSatisfy(\.isLetterDigitOrDash)
  }
}

extension UInt8 {
  var isLetterDigitOrDash: Bool {
    switch self {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "-"): true
    default: false
    }
  }
}

/// Where the data is.
///
/// | `--bucket` | meaning |
/// |---|---|
/// | `s3://name/prefix` | a bucket, and where in it the data begins |
/// | `file:///path` | a folder; `%XX` stands for a byte |
/// | anything without `://` | a folder |
///
/// Without the option: `REGION` and `BUCKET` (with `BUCKET_PREFIX`) if both are set, else
/// `REMOTE_STORAGE_CONFIG`, the order that Neon's scrubber has.
enum BucketAddress: Sendable, Equatable {
  case folder(path: String)
  case s3(S3Address)
}

/// A bucket of S3 or of something that speaks like it.
struct S3Address: Sendable, Equatable {
  var bucket: String
  /// Where in the bucket the data begins, without slashes at its ends; nil if not said, then it is
  /// `pageserver/v1`, or `wal` for safekeepers.
  var prefix: String? = nil
  var region: String? = nil
  /// The server, if it is not the provider's.
  var endpoint: String? = nil
}

extension BucketAddress {
  static let allowedForms = "s3://NAME/PREFIX, file:///PATH or a folder"

  /// The address that the option gives, or else the environment.
  static func resolve(
    option: String?,
    environment: Environment
  ) throws(UsageError) -> BucketAddress {
    if let option { return try BucketAddress(option: option) }
    let endpoint = environment["AWS_ENDPOINT_URL"]
    if let bucket = environment["BUCKET"], let region = environment["REGION"] {
      let prefix = environment["BUCKET_PREFIX"].map(trimSlashes)
      return .s3(S3Address(bucket: bucket, prefix: prefix, region: region, endpoint: endpoint))
    }
    if let configuration = environment["REMOTE_STORAGE_CONFIG"] {
      return try BucketAddress(storageConfiguration: configuration)
    }
    throw missing(environment)
  }

  private static func missing(_ environment: Environment) -> UsageError {
    let hint = "Give --bucket (\(allowedForms)), or set BUCKET and REGION, or REMOTE_STORAGE_CONFIG."
    for (set, unset) in [("BUCKET", "REGION"), ("REGION", "BUCKET")] where environment[set] != nil {
      return UsageError("\(set) is set but \(unset) is not", hint: hint)
    }
    return UsageError("no bucket is given", hint: hint)
  }

  /// Reads the value of `--bucket`.
  init(option text: String) throws(UsageError) {
    let parts = Self.splitScheme(text)
    switch parts?.scheme {
    case nil:
      guard !text.isEmpty, !text.contains("\0") else { throw Self.refuse(text) }
      self = .folder(path: text)
    case "file":
      guard let path = Self.path(ofFileURL: parts?.rest ?? "") else {
        throw Self.refuse(text, hint: "A file URL has three slashes: file:///srv/copy.")
      }
      self = .folder(path: path)
    case "s3":
      let rest = (parts?.rest ?? "").split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = rest.first.map(String.init), Self.isBucketName(name) else {
        throw Self.refuse(
          text,
          hint: "A bucket's name has 3 to 63 letters, digits, dots, dashes and underscores."
        )
      }
      let prefix = rest.count > 1 ? Self.trimSlashes(String(rest[1])) : ""
      self = .s3(S3Address(bucket: name, prefix: prefix.isEmpty ? nil : prefix))
    default:
      throw Self.refuse(text)
    }
  }

  private static func refuse(_ text: String, hint: String? = nil) -> UsageError {
    UsageError(option: "--bucket", given: text, allowed: allowedForms, hint: hint)
  }

  // MARK: Parts

  /// `scheme://rest`, the scheme in lower case.
  private static func splitScheme(_ text: String) -> (scheme: String, rest: Substring)? {
    let bytes = Array(text.utf8)
    let separator = Array("://".utf8)
    guard bytes.count >= separator.count,
      let start = (0...bytes.count - separator.count).first(where: { bytes[$0...].starts(with: separator) }),
      start > 0, !bytes[..<start].contains(UInt8(ascii: "/"))
    else { return nil }
    let index = text.utf8.index(text.utf8.startIndex, offsetBy: start)
    return (text[..<index].lowercased(), text[text.utf8.index(index, offsetBy: separator.count)...])
  }

  /// The path behind `file://`, its `%XX` decoded; nil if it names another host, is relative or is not UTF-8.
  private static func path(ofFileURL rest: Substring) -> String? {
    let path = rest.hasPrefix("localhost/") ? rest.dropFirst("localhost".count) : rest
    guard path.hasPrefix("/") else { return nil }
    var bytes: [UInt8] = []
    var left = Array(path.utf8)[...]
    while let byte = left.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      let digits = left.prefix(2)
      guard digits.count == 2, digits.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }),
        let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16), value != 0
      else { return nil }
      bytes.append(value)
      left = left.dropFirst(2)
    }
    return String(validating: bytes, as: UTF8.self)
  }

  private static func isBucketName(_ name: String) -> Bool {
    (3...63).contains(name.utf8.count)
      && name.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"): true
        default: false
        }
      }
  }

  static func trimSlashes(_ text: String) -> String {
    var text = text[...]
    while text.hasPrefix("/") { text = text.dropFirst() }
    while text.hasSuffix("/") { text = text.dropLast() }
    return String(text)
  }
}

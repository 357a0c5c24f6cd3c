import IndexFormat

/// The checksums that an answer with a whole object carries.
///
/// | header | of what | in |
/// |---|---|---|
/// | `x-amz-checksum-crc64nvme`, `-crc32c`, `-crc32`, `-sha1`, `-sha256` | the object, unless `x-amz-checksum-type` is `COMPOSITE` or the value ends in `-N`: then of its parts' checksums | base64 |
/// | `ETag` | MD5 of the object, if it is 32 hex digits, not of an object encrypted with a key of KMS or of the customer, and not of a server that makes its own (`ETagTrust`) | hex |
///
/// All that are there and are of the whole object must agree. They are sent with `x-amz-checksum-mode: ENABLED`; the
/// parts of an object that ranges ask for have none.
struct S3Checksums: Sendable {
  enum Verdict: Equatable {
    /// A checksum says that the bytes are the object's.
    case proved
    /// There was nothing to compare with.
    case unknown
    case mismatch(String)
  }

  private var claims: [(name: String, value: String)] = []
  private var isEncrypted = false

  init(_ headers: HTTPHeaders) {
    let encryption = headers["x-amz-server-side-encryption"] ?? "AES256"
    let customer = headers["x-amz-server-side-encryption-customer-algorithm"]
    isEncrypted = customer != nil || encryption != "AES256"
    guard headers["x-amz-checksum-type"]?.uppercased() != "COMPOSITE" else { return }
    claim("crc64nvme", headers["x-amz-checksum-crc64nvme"])
    claim("crc32c", headers["x-amz-checksum-crc32c"])
    claim("crc32", headers["x-amz-checksum-crc32"])
    claim("sha256", headers["x-amz-checksum-sha256"])
    claim("sha1", headers["x-amz-checksum-sha1"])
  }

  private mutating func claim(_ name: String, _ value: String?) {
    if let value, !value.isEmpty, !value.contains("-") { claims.append((name, value)) }
  }

  /// - Parameter mayDoubt: Whether the same object can be asked for again, to find out a server's own ETags.
  func judge(_ bytes: [UInt8], etag: String, _ etags: ETagTrust, mayDoubt: Bool = true) -> Verdict {
    for claim in claims {
      let found = Self.compute(claim.name, bytes)
      guard found == claim.value else {
        return .mismatch(
          "the bytes that came have the \(claim.name) \(found), the server says \(claim.value.prefix(100))"
        )
      }
    }
    if !claims.isEmpty { return .proved }
    guard !isEncrypted, let digest = Self.md5(etag) else { return .unknown }
    let found = Digest.md5(bytes).lowercaseHex
    switch etags.compare(digest, with: found, mayDoubt: mayDoubt) {
    case .proved: return .proved
    case .unknown: return .unknown
    case .mismatch: return .mismatch("the bytes that came have the MD5 \(found), by the ETag it is \(digest)")
    }
  }

  private static func compute(_ name: String, _ bytes: [UInt8]) -> String {
    switch name {
    case "crc64nvme": CRC64NVME.checksum(bytes).bigEndianBytes.base64
    case "crc32c": CRC32C.checksum(bytes.span.bytes).bigEndianBytes.base64
    case "crc32": CRC32.checksum(bytes).bigEndianBytes.base64
    case "sha1": Digest.sha1(bytes).base64
    default: Digest.sha256(bytes).base64
    }
  }

  private static func md5(_ etag: String) -> String? {
    let isHex = etag.utf8.allSatisfy { 0x30...0x39 ~= $0 || 0x61...0x66 ~= $0 || 0x41...0x46 ~= $0 }
    return etag.utf8.count == 32 && isHex ? etag.lowercased() : nil
  }
}

extension FixedWidthInteger {
  fileprivate var bigEndianBytes: [UInt8] {
    stride(from: Self.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: self >> Self($0)) }
  }
}

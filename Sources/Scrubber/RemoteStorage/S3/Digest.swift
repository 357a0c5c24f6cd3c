import CCrypto

/// Hashes by libcrypto.
enum Digest {
  static let sha256OfNothing = sha256([]).lowercaseHex

  static func sha256(_ bytes: [UInt8]) -> [UInt8] { digest(bytes, EVP_sha256(), byteCount: 32) }

  /// Only where the protocol asks for it: `Content-MD5`.
  static func md5(_ bytes: [UInt8]) -> [UInt8] { digest(bytes, EVP_md5(), byteCount: 16) }

  /// Only to check what a server says of an object, and where files are named by it.
  static func sha1(_ bytes: [UInt8]) -> [UInt8] { digest(bytes, EVP_sha1(), byteCount: 20) }

  /// HMAC with SHA-256.
  static func hmac(_ text: String, key: [UInt8]) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: 32)
    var count: CUnsignedInt = 0
    let bytes = Array(text.utf8)
    let answer = HMAC(EVP_sha256(), key, CInt(key.count), bytes, bytes.count, &result, &count)
    precondition(answer != nil && count == 32, "libcrypto cannot do HMAC with SHA-256")
    return result
  }

  private static func digest(_ bytes: [UInt8], _ algorithm: OpaquePointer?, byteCount: Int) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: byteCount)
    var count: CUnsignedInt = 0
    let isDone = EVP_Digest(bytes, bytes.count, &result, &count, algorithm, nil) == 1
    // A system set up without MD5 for policy cannot delete objects in batches; it must not sign wrongly.
    precondition(isDone && Int(count) == byteCount, "libcrypto lacks the hash")
    return result
  }
}

/// A SHA-256 under way: bytes go in as they come.
struct SHA256Stream: ~Copyable {
  private let context: OpaquePointer

  init() {
    guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
      preconditionFailure("libcrypto cannot do SHA-256")
    }
    self.context = context
  }

  deinit { EVP_MD_CTX_free(context) }

  mutating func update(_ bytes: UnsafeRawBufferPointer) {
    precondition(
      EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1,
      "libcrypto cannot do SHA-256"
    )
  }

  /// The 32 bytes of the hash.
  consuming func finish() -> [UInt8] {
    var result = [UInt8](repeating: 0, count: 32)
    var count: CUnsignedInt = 0
    precondition(
      EVP_DigestFinal_ex(context, &result, &count) == 1 && count == 32,
      "libcrypto cannot do SHA-256"
    )
    return result
  }
}

extension [UInt8] {
  /// Nil if the text is not made of pairs of hex digits.
  init?(hex text: String) {
    let digits = text.utf8.compactMap { byte -> UInt8? in
      switch byte {
      case 0x30...0x39: byte - 0x30
      case 0x41...0x46: byte - 0x41 + 10
      case 0x61...0x66: byte - 0x61 + 10
      default: nil
      }
    }
    guard digits.count == text.utf8.count, digits.count.isMultiple(of: 2) else { return nil }
    self = stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }

  var lowercaseHex: String {
    String(unsafeUninitializedCapacity: count * 2) { text in
      func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x61 + value - 10 }
      var end = 0
      for byte in self {
        text[end] = digit(byte >> 4)
        text[end + 1] = digit(byte & 15)
        end += 2
      }
      return end
    }
  }

  var base64: String {
    let digits = Array<UInt8>("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var text: [UInt8] = []
    for start in stride(from: 0, to: count, by: 3) {
      let group = self[start..<Swift.min(start + 3, count)]
      let bits = (group + [0, 0]).prefix(3).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      for place in 0..<4 {
        let digit = digits[Int(bits >> UInt32(18 - 6 * place) & 63)]
        text.append(place <= group.count ? digit : UInt8(ascii: "="))
      }
    }
    return String(decoding: text, as: UTF8.self)
  }
}

import CCrypto

/// Hashes by libcrypto.
enum Digest {
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

extension [UInt8] {
  var lowercaseHex: String {
    let digits = Array<UInt8>("0123456789abcdef".utf8)
    return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
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

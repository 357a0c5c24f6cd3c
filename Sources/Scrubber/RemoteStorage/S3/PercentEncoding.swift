/// The one way in which paths and queries are written, for the address and for the signature alike: all bytes but
/// `A-Z a-z 0-9 - _ . ~` as `%XX` with upper-case digits, a `/` kept in paths only.
///
/// A server computes the signature from its own idea of this form; any other spelling of the same text is refused.
enum PercentEncoding {
  private static let upperDigits = Array("0123456789ABCDEF".utf8)

  static func path(_ text: String) -> String { encode(text, keepsSlash: true) }

  static func queryPart(_ text: String) -> String { encode(text, keepsSlash: false) }

  /// `a=1&b=`: every pair has its `=`, and pairs are sorted by their encoded bytes.
  static func query(_ pairs: [(name: String, value: String)]) -> String {
    let encoded = pairs.map { (queryPart($0.name), queryPart($0.value)) }
    let sorted = encoded.sorted { left, right in
      left.0 == right.0
        ? left.1.utf8.lexicographicallyPrecedes(right.1.utf8)
        : left.0.utf8.lexicographicallyPrecedes(right.0.utf8)
    }
    return sorted.map { "\($0.0)=\($0.1)" }.joined(separator: "&")
  }

  private static func encode(_ text: String, keepsSlash: Bool) -> String {
    var result: [UInt8] = []
    result.reserveCapacity(text.utf8.count)
    for byte in text.utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
        UInt8(ascii: "~"):
        result.append(byte)
      case UInt8(ascii: "/") where keepsSlash: result.append(byte)
      default:
        result.append(UInt8(ascii: "%"))
        result.append(upperDigits[Int(byte >> 4)])
        result.append(upperDigits[Int(byte & 15)])
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  /// Decodes what servers send with `encoding-type=url`: some write a space as `+`, some as `%20`, all a plus as `%2B`.
  /// Nil if a `%` is not followed by two hex digits.
  static func decode(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var left = bytes
    while let byte = left.popFirst() {
      switch byte {
      case UInt8(ascii: "+"): result.append(0x20)
      case UInt8(ascii: "%"):
        guard let high = left.popFirst().flatMap(hexDigit), let low = left.popFirst().flatMap(hexDigit) else {
          return nil
        }
        result.append(high << 4 | low)
      default: result.append(byte)
      }
    }
    return result
  }

  /// Whether there is anything that decoding changes.
  static func needsDecoding(_ bytes: [UInt8]) -> Bool {
    bytes.contains { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }
  }

  private static func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x41 + 10
    case 0x61...0x66: byte - 0x61 + 10
    default: nil
    }
  }
}

/// A request as it goes over the wire: everything is signed and encoded already.
struct HTTPRequest: Sendable {
  enum Method: String, Sendable {
    case get = "GET"
    case head = "HEAD"
    case put = "PUT"
    case post = "POST"
  }

  var method: Method
  var url: String
  var headers: [(name: String, value: String)] = []
  /// Sent with `put` and `post`.
  var body: [UInt8] = []
  /// The most bytes of an answer with a status of success to accept; one more is a failure.
  var bodyLimit: Int
  /// The bytes that are asked for by a `Range` header. Where a server answers with the whole object all the same
  /// (status 200, no `Content-Range`), only these are kept.
  var range: Range<UInt64>? = nil
  var timeouts = Timeouts()
  /// Sent straight to its host, whatever the variables for proxies say: the host is this machine or its neighbour.
  var bypassesProxy = false

  struct Timeouts: Sendable {
    var connect = Duration.seconds(10)
    /// From the start to the last byte.
    var total = Duration.seconds(300)
    /// Without a single byte.
    var stall = Duration.seconds(30)
  }
}

struct HTTPResponse: Sendable {
  var status: Int
  var headers: HTTPHeaders
  var body: [UInt8]
  /// The server sent the whole object though a part was asked for; the body is that part.
  var isCutFromWhole = false

  var isSuccess: Bool { (200..<300).contains(status) }
}

/// Names are in lower case. Of a header that comes twice, the last one counts.
struct HTTPHeaders: Sendable {
  private var values: [String: String] = [:]
  private var byteCount = 0

  /// The most bytes of all headers of an answer together.
  private static let maxByteCount = 256 << 10

  subscript(_ name: String) -> String? { values[name] }

  /// Adds a line `Name: value`. False when there is too much of it.
  mutating func add(line: some Sequence<UInt8>) -> Bool {
    let bytes = Array(line)
    byteCount += bytes.count
    guard byteCount <= Self.maxByteCount else { return false }
    guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else { return true }
    let name = String(decoding: bytes[..<colon], as: UTF8.self).lowercased()
    let isSpace: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 || $0 == 0x0d || $0 == 0x0a }
    var value = bytes[(colon + 1)...].drop(while: isSpace)
    while let last = value.last, isSpace(last) { value.removeLast() }
    values[name] = String(decoding: value, as: UTF8.self)
    return true
  }
}

/// Why a request got no whole answer.
struct HTTPFailure: Error, Sendable, Equatable {
  enum Kind: Sendable {
    case timedOut
    /// The connection could not be made, or broke.
    case connection
    /// The answer ended before the announced length.
    case short
    /// More bytes came than the limit allows.
    case tooLarge
    /// The server is not who it claims to be.
    case untrusted
    case cancelled
    /// Anything else; asking again would not help.
    case other
  }

  var kind: Kind
  var detail: String

  var isWorthRetrying: Bool { kind == .timedOut || kind == .connection || kind == .short }
}

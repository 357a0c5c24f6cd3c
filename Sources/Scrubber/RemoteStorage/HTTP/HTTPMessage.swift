/// A request as it goes over the wire: everything is signed and encoded already.
struct HTTPRequest: Sendable {
  enum Method: String, Sendable {
    case get = "GET"
    case head = "HEAD"
    case put = "PUT"
    case post = "POST"
    case delete = "DELETE"
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
  /// Takes the body of an answer of success, which then is not part of the response.
  var sink: (any HTTPBodySink)? = nil
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
  var isHTTP2 = false

  var isSuccess: Bool { (200..<300).contains(status) }
}

/// The headers of an answer as they came, one behind the other: of a dozen only a few are ever looked at.
struct HTTPHeaders: Sendable {
  private var bytes: [UInt8] = []

  /// The most bytes of all headers of an answer together.
  private static let maxByteCount = 256 << 10

  /// Adds a line `Name: value`, with the line break that ends it. False when there is too much of it.
  mutating func add(line: UnsafeRawBufferPointer) -> Bool {
    guard line.count <= Self.maxByteCount - bytes.count else { return false }
    if bytes.isEmpty { bytes.reserveCapacity(1024) }
    bytes.append(contentsOf: line)
    return true
  }

  /// The value of the header of this name, which is given in lower case. Of one that comes twice, the last counts.
  subscript(_ name: StaticString) -> String? {
    name.withUTF8Buffer { name in
      var found: ArraySlice<UInt8>?
      var rest = bytes[...]
      while !rest.isEmpty {
        let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.endIndex
        let line = rest[..<end]
        rest = rest[min(end + 1, rest.endIndex)...]
        guard line.count > name.count, line[line.startIndex + name.count] == UInt8(ascii: ":"),
          zip(line, name).allSatisfy({ $0 == $1 || ($0 | 0x20 == $1 && 0x41...0x5a ~= $0) })
        else { continue }
        found = line[(line.startIndex + name.count + 1)...]
      }
      return found.map(Self.text)
    }
  }

  private static func text(_ value: ArraySlice<UInt8>) -> String {
    let isSpace: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 || $0 == 0x0d }
    var value = value.drop(while: isSpace)
    while let last = value.last, isSpace(last) { value.removeLast() }
    return String(decoding: value, as: UTF8.self)
  }
}

extension HTTPRequest: CustomStringConvertible, CustomReflectable {
  var description: String { "\(method.rawValue) \(url)" }
  /// Without headers, which hold the signature and the session token.
  var customMirror: Mirror { Mirror(self, children: ["method": method, "url": url]) }
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

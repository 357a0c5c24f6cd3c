/// A request or an answer of HTTP/1.1 as bytes came, with its body unpacked from chunks.
struct RawHTTP: Sendable {
  var firstLine: String
  var headers: [(name: String, value: String)]
  var body: [UInt8] = []

  /// The value of the last header of this name, in any case.
  subscript(_ name: String) -> String? {
    get { headers.last { $0.name.lowercased() == name.lowercased() }?.value }
    set {
      headers.removeAll { $0.name.lowercased() == name.lowercased() }
      if let newValue { headers.append((name, newValue)) }
    }
  }

  var method: String { firstLine.split(separator: " ").first.map(String.init) ?? "" }
  var target: String { firstLine.split(separator: " ").dropFirst().first.map(String.init) ?? "" }

  var head: [UInt8] {
    let lines = [firstLine] + headers.map { "\($0.name): \($0.value)" }
    return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
  }

  /// An answer with a body of its length.
  static func answer(
    _ status: String,
    _ headers: [(name: String, value: String)] = [],
    body: String = ""
  ) -> RawHTTP {
    var answer = RawHTTP(firstLine: "HTTP/1.1 \(status)", headers: headers, body: Array(body.utf8))
    answer["Content-Length"] = "\(answer.body.count)"
    return answer
  }

  /// Reads the next one from a connection; nil if the other side goes first.
  ///
  /// - Parameter isBodyless: An answer to HEAD announces a body that does not come.
  static func read(from file: Int32, isBodyless: Bool = false) -> RawHTTP? {
    var bytes: [UInt8] = []
    let separator = Array("\r\n\r\n".utf8)
    var headEnd: Int?
    while headEnd == nil {
      guard let more = LoopbackSocket.receive(from: file) else { return nil }
      bytes += more
      headEnd = bytes.indices.first { bytes[$0...].starts(with: separator) }
    }
    guard let headEnd else { return nil }
    let lines = String(decoding: bytes[..<headEnd], as: UTF8.self).split(separator: "\r\n").map(String.init)
    guard let firstLine = lines.first else { return nil }
    let headers = lines.dropFirst().compactMap { line -> (name: String, value: String)? in
      guard let colon = line.firstIndex(of: ":") else { return nil }
      return (String(line[..<colon]), String(line[line.index(after: colon)...].drop { $0 == " " }))
    }
    var message = RawHTTP(firstLine: firstLine, headers: headers)
    var rest = Array(bytes[(headEnd + 4)...])
    if isBodyless { return message }
    if message["Transfer-Encoding"]?.lowercased() == "chunked" {
      while !rest.suffix(5).elementsEqual("0\r\n\r\n".utf8) {
        guard let more = LoopbackSocket.receive(from: file) else { return nil }
        rest += more
      }
      message.body = unchunk(rest)
      message["Transfer-Encoding"] = nil
    } else {
      let length = message["Content-Length"].flatMap { Int($0) } ?? 0
      while rest.count < length {
        guard let more = LoopbackSocket.receive(from: file) else { return nil }
        rest += more
      }
      message.body = Array(rest.prefix(length))
    }
    return message
  }

  private static func unchunk(_ bytes: [UInt8]) -> [UInt8] {
    var (body, rest) = ([UInt8](), bytes[...])
    while let end = rest.firstIndex(of: 0x0d),
      let size = Int(String(decoding: rest[..<end], as: UTF8.self), radix: 16), size > 0
    {
      rest = rest[(end + 2)...]
      body += rest.prefix(size)
      rest = rest.dropFirst(size + 2)
    }
    return body
  }
}

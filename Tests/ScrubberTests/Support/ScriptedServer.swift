import Foundation
import Synchronization

/// A server on the loopback interface that answers each connection with the next of some texts, byte for byte, and
/// closes it. After the last text it goes on with that. Or it answers by what is asked.
final class ScriptedServer: Sendable {
  enum Answer: Sendable {
    case text(String)
    /// Reads the request and says nothing until the client goes.
    case silence
  }

  let port: UInt16
  private let socketFile: Int32
  private let requests = Mutex<[String]>([])

  /// The first line and the headers of each request.
  var received: [String] { requests.withLock { $0 } }

  convenience init(_ answers: [Answer]) throws {
    try self.init { number, _ in answers.dropFirst(number).first ?? answers.last }
  }

  /// - Parameter answer: What to say to the nth request, counted from 0; nil ends the server.
  init(_ answer: @escaping @Sendable (_ number: Int, _ request: String) -> Answer?) throws {
    (socketFile, port) = try LoopbackSocket.listen()
    Thread.detachNewThread { [self] in serve(answer) }
  }

  func stop() { shutdown(socketFile, Int32(SHUT_RDWR)) }

  private func serve(_ answer: @escaping @Sendable (Int, String) -> Answer?) {
    for number in 0... {
      let connection = accept(socketFile, nil, nil)
      guard connection >= 0 else { break }
      Thread.detachNewThread { [self] in
        reply(to: connection) { answer(number, $0) }
        close(connection)
      }
    }
    close(socketFile)
  }

  private func reply(to connection: Int32, _ answer: (String) -> Answer?) {
    var request: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while !String(decoding: request, as: UTF8.self).contains("\r\n\r\n") {
      let count = recv(connection, &chunk, chunk.count, 0)
      guard count > 0 else { return }
      request += chunk[..<count]
    }
    let text = String(decoding: request, as: UTF8.self)
    requests.withLock { $0.append(text) }
    switch answer(text) {
    case nil: stop()
    case .text(let text)?:
      LoopbackSocket.send(Array(text.utf8), to: connection)
    case .silence?: while recv(connection, &chunk, chunk.count, 0) > 0 {}
    }
  }
}

extension ScriptedServer.Answer {
  /// An answer with a body, behind which the connection is closed.
  static func http(_ status: String, _ headers: [String] = [], body: String = "", length: Int? = nil) -> Self
  {
    let lines =
      ["HTTP/1.1 \(status)", "Content-Length: \(length ?? body.utf8.count)", "Connection: close"] + headers
    return .text((lines + ["", body]).joined(separator: "\r\n"))
  }
}

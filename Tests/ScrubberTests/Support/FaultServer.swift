import Glibc
import Synchronization

/// Stands between a client and a server that others wrote, passes requests and answers on, and does one thing wrong.
///
/// Each connection has a thread, each request a connection of its own to the server behind.
final class FaultServer: Sendable {
  struct Plan: Sendable {
    var fault: HTTPFault?
    /// The number of the first request it befalls, from 1.
    var first = 1
    /// Whether it befalls those behind, too.
    var isLasting = false

    func applies(to number: Int) -> Bool { isLasting ? number >= first : number == first }
  }

  private struct State {
    var requests: [String] = []
    var strikes = 0
    var connections: Set<Int32> = []
    var connectionCount = 0
    var isStopped = false
  }

  let port: UInt16
  private let file: Int32
  private let upstream: UInt16
  private let plan: Plan
  private let trap: UInt16
  private let state = Mutex(State())

  /// - Parameter trap: A port that no request must ever come to.
  init(upstream: UInt16, _ plan: Plan, trap: UInt16 = 9) throws {
    (file, port) = try LoopbackSocket.listen()
    self.upstream = upstream
    self.plan = plan
    self.trap = trap
    LoopbackSocket.startThread { [self] in acceptAll() }
  }

  /// The first line of each request.
  var requests: [String] { state.withLock { $0.requests } }
  /// How often something was done wrong.
  var strikes: Int { state.withLock { $0.strikes } }

  /// How many connections there were.
  var connectionCount: Int { state.withLock { $0.connectionCount } }

  func stop() {
    state.withLock { state in
      state.isStopped = true
      for connection in state.connections { shutdown(connection, Int32(SHUT_RDWR)) }
    }
    shutdown(file, Int32(SHUT_RDWR))
  }

  private func acceptAll() {
    while true {
      let connection = accept(file, nil, nil)
      guard connection >= 0 else { break }
      let isWelcome = state.withLock { state in
        if !state.isStopped {
          state.connections.insert(connection)
          state.connectionCount += 1
        }
        return !state.isStopped
      }
      guard isWelcome else {
        close(connection)
        continue
      }
      LoopbackSocket.startThread { [self] in serve(connection) }
    }
    close(file)
  }

  private enum End {
    case goOn
    case close
    case reset
  }

  private func serve(_ connection: Int32) {
    var end = End.goOn
    while end == .goOn, let request = RawHTTP.read(from: connection) {
      let fault = state.withLock { state -> HTTPFault? in
        state.requests.append(request.firstLine)
        guard let fault = plan.fault, plan.applies(to: state.requests.count) else { return nil }
        state.strikes += 1
        return fault
      }
      end = answer(request, fault, connection)
    }
    // Forgotten before it is closed: its number may come again at once.
    state.withLock { _ = $0.connections.remove(connection) }
    if end == .reset { LoopbackSocket.reset(connection) } else { close(connection) }
  }

  private func answer(_ request: RawHTTP, _ fault: HTTPFault?, _ connection: Int32) -> End {
    guard let fault else {
      guard let answer = forward(request) else { return .reset }
      return LoopbackSocket.send(answer.head + answer.body, to: connection) ? .goOn : .close
    }
    if let own = fault.ownAnswer(to: request, trap: trap) {
      // An answer to HEAD has no body.
      let body = request.method == "HEAD" ? [] : own.body
      return LoopbackSocket.send(own.head + body, to: connection) ? .goOn : .close
    }
    switch fault {
    case .resetBeforeAnswer: return .reset
    case .closedBeforeAnswer: return .close
    case .stallBeforeAnswer: return waitForGoodbye(connection)
    case .notHTTP:
      LoopbackSocket.send(Array("hello\n<html>nobody here speaks HTTP\n".utf8), to: connection)
      return .close
    case .giantBody: return sendEndlessBody(connection)
    default: break
    }
    var changed = request
    fault.change(request: &changed)
    guard var answer = forward(changed) else { return .reset }
    fault.change(answer: &answer, to: request)
    return send(answer, to: request, fault, connection)
  }

  private func forward(_ request: RawHTTP) -> RawHTTP? {
    // A server that cannot be reached shows as a broken connection.
    guard let connection = try? LoopbackSocket.connect(to: upstream) else { return nil }
    defer { close(connection) }
    var request = request
    request["Connection"] = "close"
    LoopbackSocket.send(request.head + request.body, to: connection)
    var answer = RawHTTP.read(from: connection, isBodyless: request.method == "HEAD")
    answer?["Connection"] = nil
    if request.method != "HEAD", answer?.firstLine.contains(" 204") == false {
      let length = answer?.body.count ?? 0
      answer?["Content-Length"] = "\(length)"
    }
    return answer
  }

  private func send(_ answer: RawHTTP, to request: RawHTTP, _ fault: HTTPFault, _ connection: Int32) -> End {
    var answer = answer
    func pass(_ end: End = .goOn) -> End {
      LoopbackSocket.send(answer.head + answer.body, to: connection) ? end : .close
    }
    let half = answer.body.count / 2
    let length = answer["Content-Length"].flatMap { Int($0) } ?? 0
    switch fault {
    case .errorAfterWork:
      let error = RawHTTP.answer("500 Internal Server Error")
      return LoopbackSocket.send(error.head, to: connection) ? .goOn : .close
    case .resetAfterWork: return .reset
    case .resetInHeaders:
      LoopbackSocket.send(Array(answer.head.prefix(30)), to: connection)
      return .reset
    case .resetInBody where half > 0, .cutBody where half > 0:
      LoopbackSocket.send(answer.head + answer.body[..<half], to: connection)
      return fault == .cutBody ? .close : .reset
    case .stallInBody where half > 0:
      LoopbackSocket.send(answer.head + answer.body[..<half], to: connection)
      return waitForGoodbye(connection)
    case .trickle:
      let bytes = answer.head + answer.body
      let step = bytes.count / 20 + 1
      for start in stride(from: 0, to: bytes.count, by: step) {
        guard LoopbackSocket.send(Array(bytes[start..<min(start + step, bytes.count)]), to: connection) else {
          return .close
        }
        usleep(10_000)
      }
      return .goOn
    case .closedBehindAnswer: return pass(.close)
    case .surplusBody:
      answer.body += Array("and more, that nobody announced".utf8)
      return pass(.close)
    case .lengthTooSmall:
      if length > 0 { answer["Content-Length"] = "\(length - 1)" }
      return pass(.close)
    case .lengthTooLarge:
      answer["Content-Length"] = "\(length + 10)"
      return pass(.close)
    case .lengthGarbled:
      answer["Content-Length"] = "ten"
      return pass(.close)
    case .cutChunks:
      answer["Content-Length"] = nil
      answer["Transfer-Encoding"] = "chunked"
      let size = String(max(1, answer.body.count), radix: 16)
      answer.body = request.method == "HEAD" ? [] : Array("\(size)\r\n".utf8) + answer.body
      return pass(.close)
    default: return pass()
    }
  }

  private func waitForGoodbye(_ connection: Int32) -> End {
    while LoopbackSocket.receive(from: connection) != nil {}
    return .close
  }

  private func sendEndlessBody(_ connection: Int32) -> End {
    LoopbackSocket.send(Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".utf8), to: connection)
    let chunk = Array("10000\r\n".utf8) + [UInt8](repeating: 0x78, count: 1 << 16) + Array("\r\n".utf8)
    while LoopbackSocket.send(chunk, to: connection) {}
    return .close
  }
}

/// A port that nobody must come to.
final class Trap: Sendable {
  let port: UInt16
  private let file: Int32
  private let count = Atomic(0)

  var visits: Int { count.load(ordering: .relaxed) }

  init() throws {
    (file, port) = try LoopbackSocket.listen()
    LoopbackSocket.startThread { [self] in
      while true {
        let connection = accept(file, nil, nil)
        guard connection >= 0 else { break }
        count.add(1, ordering: .relaxed)
        close(connection)
      }
      close(file)
    }
  }

  func stop() { shutdown(file, Int32(SHUT_RDWR)) }
}

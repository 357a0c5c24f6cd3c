import Glibc

@testable import Scrubber

/// Sockets of the loopback interface, for servers of tests that do what no library would let them do.
enum LoopbackSocket {
  struct Failure: Error {
    var code: Int32
  }

  /// A socket that listens, and its port.
  static func listen() throws -> (file: Int32, port: UInt16) {
    let file = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(file, $0, size) == 0 && Glibc.listen(file, 256) == 0 && getsockname(file, $0, &size) == 0
      }
    }
    guard isBound else { throw Failure(code: errno) }
    return (file, UInt16(bigEndian: address.sin_port))
  }

  static func connect(to port: UInt16) throws -> Int32 {
    let file = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isConnected = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(file, $0, size) == 0 }
    }
    guard isConnected else {
      let code = errno
      close(file)
      throw Failure(code: code)
    }
    return file
  }

  /// False when the other side is gone.
  @discardableResult
  static func send(_ bytes: [UInt8], to file: Int32) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        Glibc.send(
          file,
          buffer.baseAddress.map { $0 + sent },
          bytes.count - sent,
          Int32(MSG_NOSIGNAL)
        )
      }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }

  /// Nil when there is no more.
  static func receive(from file: Int32) -> [UInt8]? {
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    let count = recv(file, &chunk, chunk.count, 0)
    return count > 0 ? Array(chunk[..<count]) : nil
  }

  /// Closes without goodbye: the other side sees a reset.
  static func reset(_ file: Int32) {
    var option = linger(l_onoff: 1, l_linger: 0)
    setsockopt(file, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    close(file)
  }

  static func startThread(_ work: @escaping @Sendable () -> Void) {
    precondition(SystemThread.start(work), "no thread for a server of the tests")
  }
}

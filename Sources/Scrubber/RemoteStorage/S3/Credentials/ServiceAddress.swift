import Glibc

/// Where a service is that gives credentials: `http://` or `https://`, a host, perhaps a port, and a path.
///
/// Read strictly: no user or password, no fragment, and of the host only what names and addresses are made of, so that
/// nobody after us reads another host out of it.
struct ServiceAddress: Sendable, Equatable {
  let isEncrypted: Bool
  /// In lower case; an address of IPv6 without its brackets.
  let host: String
  let port: UInt16?
  /// Path and query; empty, or begins with `/`.
  let target: String

  init?(_ text: String) {
    let lower = text.lowercased()
    guard let scheme = ["https://", "http://"].first(where: { lower.hasPrefix($0) }),
      text.utf8.allSatisfy({ (0x21...0x7e).contains($0) && !"#\\\"<>^`{|}".utf8.contains($0) })
    else { return nil }
    isEncrypted = scheme == "https://"
    let rest = text.dropFirst(scheme.count)
    let authority = rest.prefix { $0 != "/" && $0 != "?" }
    let path = String(rest.dropFirst(authority.count))
    target = path.hasPrefix("?") ? "/" + path : path
    guard let (host, port) = Self.split(authority.lowercased()) else { return nil }
    self.host = host
    self.port = port
  }

  /// `https://host:port`.
  var origin: String { "\(isEncrypted ? "https" : "http")://\(hostHeader)" }

  /// As the `Host` header has it: without the port that goes without saying.
  var hostHeader: String {
    let name = host.contains(":") ? "[\(host)]" : host
    guard let port, port != (isEncrypted ? 443 : 80) else { return name }
    return "\(name):\(port)"
  }

  /// Whether it is this machine, or one of the addresses at which hosts of containers give credentials. Only these may
  /// be asked for secrets without encryption.
  var isTrustedWithoutEncryption: Bool {
    if host == "localhost" { return true }
    var four = in_addr()
    if inet_pton(AF_INET, host, &four) == 1 {
      let address = UInt32(bigEndian: four.s_addr)
      return address >> 24 == 127 || address == 0xa9fe_aa02 || address == 0xa9fe_aa17
    }
    var six = in6_addr()
    guard inet_pton(AF_INET6, host, &six) == 1 else { return false }
    let bytes = withUnsafeBytes(of: &six) { [UInt8]($0) }
    let loopback = [UInt8](repeating: 0, count: 15) + [1]
    // fd00:ec2::23
    let container = [0xfd, 0, 0x0e, 0xc2] + [UInt8](repeating: 0, count: 11) + [0x23]
    return bytes == loopback || bytes == container
  }

  private static func split(_ authority: String) -> (String, UInt16?)? {
    var host = authority[...]
    var port: UInt16?
    if let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") {
      let digits = authority[authority.index(after: colon)...]
      guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = UInt16(digits), number > 0
      else { return nil }
      host = authority[..<colon]
      port = number
    }
    if host.hasPrefix("["), host.hasSuffix("]") {
      let inner = host.dropFirst().dropLast()
      var address = in6_addr()
      return inet_pton(AF_INET6, String(inner), &address) == 1 ? (String(inner), port) : nil
    }
    let isName = host.utf8.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x61...0x7a: true
      default: ".-_".utf8.contains(byte)
      }
    }
    return isName && !host.isEmpty ? (String(host), port) : nil
  }
}

import Glibc

/// A call of the system that failed.
public struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The name of the call.
  public var call: String
  public var path: String
  /// `errno` after the call.
  public var code: Int32

  /// Takes `errno` as it stands now.
  init(_ call: String, _ path: String) {
    self.call = call
    self.path = path
    code = errno
  }

  /// What the system calls an error.
  static func text(_ code: Int32) -> String { String(cString: strerror(code)) }

  public var description: String { "\(call) \(path): \(Self.text(code))" }
}

/// Why a base backup cannot be used. One pointer in size, as it crosses many an `await`.
public final class BaseBackupError: Error, CustomStringConvertible {
  public enum Kind: Sendable {
    /// A call of the system failed.
    case system
    /// Bytes that are no archive, or no file of a cluster.
    case damaged
    /// What is there is in order, and is no base backup that values can be made of.
    case refused
    /// What was made of it cannot be written.
    case write
    case cancelled
  }

  public let kind: Kind
  /// The archive, or a file in it.
  public let path: String
  public let found: String
  public let expected: String

  init(_ kind: Kind, _ path: String, found: String, expected: String) {
    self.kind = kind
    self.path = path
    self.found = found
    self.expected = expected
  }

  convenience init(_ error: SystemError) {
    let reason = SystemError.text(error.code)
    self.init(.system, error.path, found: "\(error.call): \(reason)", expected: "a file that can be read")
  }

  public var description: String {
    kind == .cancelled ? "cancelled" : "\(path): found \(found), expected \(expected)"
  }
}

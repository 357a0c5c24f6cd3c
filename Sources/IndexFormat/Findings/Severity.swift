/// How much a finding matters. A code has one severity, always the same.
public enum Severity: String, Sendable, CaseIterable, Comparable {
  /// Data is lost or cannot be read.
  case error
  /// Something is wrong, but nothing is lost.
  case warning
  /// Nobody needs it: it costs space only.
  case garbage
  /// Worth knowing; nothing is wrong.
  case info

  /// 0 for the worst.
  public var rank: Int {
    switch self {
    case .error: 0
    case .warning: 1
    case .garbage: 2
    case .info: 3
    }
  }

  /// Less is milder: `info < garbage < warning < error`.
  public static func < (left: Severity, right: Severity) -> Bool { left.rank > right.rank }
}

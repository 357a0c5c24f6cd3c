/// One file of an SLRU: 32 pages.
public struct SLRUSegment: Hashable, Sendable {
  public let kind: SLRUKind
  public let number: UInt32

  public init(_ kind: SLRUKind, number: UInt32) {
    self.kind = kind
    self.number = number
  }

  /// The file's name: at least four upper-case hex digits.
  public var fileName: String {
    let digits = String(number, radix: 16, uppercase: true)
    return String(repeating: "0", count: Swift.max(0, 4 - digits.utf8.count)) + digits
  }
}

extension SLRUSegment: CustomStringConvertible {
  public var description: String { "\(kind.folder) segment \(fileName)" }
}

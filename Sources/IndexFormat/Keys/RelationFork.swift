/// A relation's fork: field5 of its keys. Only four have a name, but a key may hold any number.
public struct RelationFork: Hashable, Comparable, Sendable {
  public let number: UInt8

  public static let main = RelationFork(0)
  public static let freeSpaceMap = RelationFork(1)
  public static let visibilityMap = RelationFork(2)
  public static let initial = RelationFork(3)

  public init(_ number: UInt8) { self.number = number }

  public var isKnown: Bool { number <= 3 }

  /// Behind the relation's number in names of files: nothing for main, `_fsm`, `_vm`, `_init`, else `.N`.
  public var suffix: String {
    switch number {
    case 0: ""
    case 1: "_fsm"
    case 2: "_vm"
    case 3: "_init"
    default: ".\(number)"
    }
  }

  /// Reads `fsm`, `vm` or `init`.
  init?(name bytes: RawSpan) {
    if bytes.equals("fsm") {
      self = .freeSpaceMap
    } else if bytes.equals("vm") {
      self = .visibilityMap
    } else if bytes.equals("init") {
      self = .initial
    } else {
      return nil
    }
  }

  /// Reads a name or a number.
  init?(text bytes: RawSpan) {
    if let named = RelationFork(name: bytes) {
      self = named
    } else {
      guard let number = DecimalDigits.decode(bytes).flatMap({ UInt8(exactly: $0) }) else { return nil }
      self.init(number)
    }
  }

  public static func < (left: RelationFork, right: RelationFork) -> Bool { left.number < right.number }
}

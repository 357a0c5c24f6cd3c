/// Which attachment of a tenant wrote an object. None: written before generations existed.
///
/// | form | content |
/// |---|---|
/// | key suffix | empty for none, else `-` and 8 lower-case hex digits |
/// | JSON | the number; none is an absent field |
///
/// None is older than every number. Source: `libs/utils/src/generation.rs`.
public enum Generation: Hashable, Comparable, Sendable {
  case none
  case valid(UInt32)

  /// As a number, none as -1: the order of generations.
  @inlinable
  public var ordinal: Int64 {
    switch self {
    case .none: -1
    case .valid(let value): Int64(value)
    }
  }

  /// Reads what stands behind the `-` of an object key: hex digits of either case, any number of them that
  /// fits.
  public init?(suffix bytes: RawSpan) {
    guard let value = HexDigits.decodeNumber(bytes), let generation = UInt32(exactly: value) else {
      return nil
    }
    self = .valid(generation)
  }

  public var keySuffix: String {
    switch self {
    case .none: ""
    case .valid(let value): "-" + HexDigits.string(UInt64(value), count: 8, uppercase: false)
    }
  }

  /// The attachment before this one: none before 0 and before none.
  public var previous: Generation {
    switch self {
    case .none, .valid(0): .none
    case .valid(let value): .valid(value - 1)
    }
  }

  /// The attachment after this one: 1 after none. Nil when there is no number left.
  public var next: Generation? {
    switch self {
    case .none: .valid(1)
    case .valid(.max): nil
    case .valid(let value): .valid(value + 1)
    }
  }

  @inlinable
  public static func < (left: Generation, right: Generation) -> Bool { left.ordinal < right.ordinal }
}

extension Generation: CustomStringConvertible {
  /// 8 hex digits, as in keys, or `none`.
  public var description: String {
    switch self {
    case .none: "none"
    case .valid(let value): HexDigits.string(UInt64(value), count: 8, uppercase: false)
    }
  }
}

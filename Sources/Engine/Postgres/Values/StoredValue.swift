import IndexFormat

/// What a key is worth, read from its whole value and written as one.
public protocol StoredValue: Equatable, Sendable {
  init(parsing bytes: RawSpan) throws(FormatError)

  func encode(into bytes: inout [UInt8])
}

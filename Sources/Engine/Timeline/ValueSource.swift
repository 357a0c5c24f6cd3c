import IndexFormat

/// What keys are worth at an LSN: a timeline, or values kept in memory. What the values mean is told from it.
///
/// All calls may run at the same time.
public protocol ValueSource: Sendable {
  /// The values of keys, in ascending order of the keys. A key without a value is left out, a tombstone too.
  ///
  /// That a dense key has no value is an error of `value(of:at:)`, and of the caller's here: only the caller knows
  /// whether it must have one.
  func values(of keys: KeySpace, at lsn: Lsn) async throws(ReadError) -> [KeyedValue]

  /// The value of a key that must have one; else `ReadError.missingKey`.
  func value(of key: Key, at lsn: Lsn) async throws(ReadError) -> [UInt8]
}

/// The whole value of a key at the LSN that was asked for.
public struct KeyedValue: Equatable, Sendable {
  public var key: Key
  public var bytes: [UInt8]

  public init(key: Key, bytes: [UInt8]) {
    self.key = key
    self.bytes = bytes
  }
}

/// Something wrong in the bytes of the WAL.
public struct WALProblem: Hashable, Sendable {
  public enum Kind: Hashable, Sendable {
    /// The header of a page.
    case page
    /// A record, or the chain of records.
    case record
    /// Zeros where more records must be.
    case end
  }

  public var kind: Kind
  public var lsn: Lsn
  /// What is wrong, in one line, beginning with a lower-case letter and without a full stop.
  public var message: String
  public var seen: String
  public var expected: String

  public init(_ kind: Kind, _ lsn: Lsn, _ message: String, seen: String, expected: String) {
    self.kind = kind
    self.lsn = lsn
    self.message = message
    self.seen = seen
    self.expected = expected
  }
}

import IndexFormat

/// Where WAL is read from: objects of safekeepers, a folder, memory. One timeline's WAL, as one row of bytes that are
/// named by their LSNs.
public protocol WALSource: Sendable {
  var segmentSize: WALSegmentSize { get }

  /// WAL from an LSN on: at least one byte and at most `limit`, or none where the WAL ends. That a segment in between
  /// is not there is an error of kind `.missing`.
  func read(from lsn: Lsn, limit: Int) async throws(WALSourceError) -> [UInt8]

  /// The object that holds the byte at an LSN, or would; nil if the source has no names.
  func name(at lsn: Lsn) -> String?
}

/// WAL that could not be read.
public struct WALSourceError: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Kind: String, Sendable, CaseIterable {
    /// It is not there, although there is some behind it.
    case missing
    /// There was no answer: says nothing of the data.
    case failed
    case cancelled
  }

  public var kind: Kind
  public var lsn: Lsn
  /// The object that was asked for.
  public var name: String?
  public var detail: String

  public init(_ kind: Kind, at lsn: Lsn, name: String? = nil, detail: String) {
    self.kind = kind
    self.lsn = lsn
    self.name = name
    self.detail = detail
  }

  public var description: String { "WAL at \(lsn): \(name.map { "\($0): " } ?? "")\(detail)" }
}

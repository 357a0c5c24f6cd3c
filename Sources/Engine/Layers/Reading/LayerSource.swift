/// Where layers are read from: a folder, a bucket, memory. Objects are named by their keys, and read by ranges.
///
/// All calls may run at the same time.
public protocol LayerSource: Sendable {
  func byteCount(of key: String) async throws(LayerSourceError) -> UInt64

  /// Exactly these bytes of an object. Fewer are an error.
  func read(_ key: String, _ range: Range<UInt64>) async throws(LayerSourceError) -> LayerBytes
}

/// A request to a source that did not give an answer. Never a statement about the data, but for `notFound`.
public struct LayerSourceError: Error, Equatable, Sendable {
  public enum Kind: String, Sendable, CaseIterable {
    case notFound = "not-found"
    /// The object ends before the range does: it is shorter than it was said to be, or was cut meanwhile.
    case shortRead = "short-read"
    /// The key or the range cannot be asked for.
    case badRequest = "bad-request"
    case accessDenied = "access-denied"
    /// It is another object than at an earlier read.
    case changed
    case cancelled
    case failed
  }

  public var kind: Kind
  public var key: String
  /// What happened, in words of the source.
  public var detail: String

  public init(_ kind: Kind, key: String, detail: String) {
    self.kind = kind
    self.key = key
    self.detail = detail
  }
}

extension LayerSourceError: CustomStringConvertible {
  public var description: String { "\(key): \(detail) (\(kind.rawValue))" }
}

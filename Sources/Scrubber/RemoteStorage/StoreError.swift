/// A request to an object store that did not give an answer. Never a statement about the data.
struct StoreError: Error, Sendable, Equatable {
  enum Kind: String, Sendable, CaseIterable {
    /// There is no such object or version. The only kind that says something about the bucket.
    case notFound = "not-found"
    case accessDenied = "access-denied"
    /// The key, range or version cannot be asked for.
    case badRequest = "bad-request"
    /// The object is not the one any more that was asked for (HTTP status 412).
    case changed
    /// The object is larger than the reader's limit.
    case tooLarge = "too-large"
    /// The store ended before the announced number of bytes, or sent others than announced.
    case shortRead = "short-read"
    case timedOut = "timed-out"
    /// An error of the system, the network or the store.
    case failed
    /// The store cannot do this at all.
    case unsupported
    case cancelled
  }

  enum Operation: String, Sendable, CaseIterable {
    case list, listVersions = "list-versions", read, head, put, delete
  }

  var kind: Kind
  var operation: Operation
  /// The object, or the prefix of a listing.
  var key: String
  /// What happened, in words of the store or the system.
  var detail: String
  /// Whether this error was put in by a test's fault wrapper.
  var isInjected = false

  init(_ kind: Kind, _ operation: Operation, key: String, detail: String, isInjected: Bool = false) {
    self.kind = kind
    self.operation = operation
    self.key = key
    self.detail = detail
    self.isInjected = isInjected
  }
}

extension StoreError: CustomStringConvertible {
  var description: String { "\(operation.rawValue) \(key.isEmpty ? "/" : key): \(detail) (\(kind.rawValue))" }
}

import Glibc

/// A call to the operating system that failed. Prints as `cannot open the folder: Permission denied (error
/// 13)`.
struct SystemCallError: Error, Sendable, Equatable {
  /// What was tried, as the words behind "cannot".
  var attempt: String
  /// The C library's `errno`.
  var code: CInt

  /// Does `body` until it is not interrupted by a signal, and gives what it gave, unless that is negative.
  static func check<Result: SignedInteger>(
    _ attempt: @autoclosure () -> String,
    _ body: () -> Result
  ) throws(SystemCallError) -> Result {
    while true {
      let result = body()
      if result >= 0 { return result }
      let code = errno
      if code != EINTR { throw SystemCallError(attempt: attempt(), code: code) }
    }
  }

  /// The kind for errors that mean the same whatever was asked for. What "no such file" means depends on
  /// that, so it counts as a failure here.
  var kind: StoreError.Kind {
    switch code {
    // ELOOP is what a symbolic link gives that must not be followed.
    case EACCES, EPERM, EROFS, ELOOP: .accessDenied
    case ENAMETOOLONG, EILSEQ: .badRequest
    default: .failed
    }
  }

  func storeError(
    _ operation: StoreError.Operation,
    key: String,
    kind: StoreError.Kind? = nil
  ) -> StoreError {
    StoreError(kind ?? self.kind, operation, key: key, detail: description)
  }
}

extension SystemCallError: CustomStringConvertible {
  var description: String {
    let text = strerror(code).map { String(cString: $0) } ?? "unknown error"
    return "cannot \(attempt): \(text) (error \(code))"
  }
}

import Synchronization

/// Whether the ETags of a server are MD5 hashes of its objects. S3 says so of most; some servers make up others that
/// look the same.
///
/// | what was seen | ETags are |
/// |---|---|
/// | one that agrees | MD5s from now on: one that disagrees is an error, however often it comes |
/// | none that agrees, and the same bytes twice for the same ETag that disagrees | the server's own: nothing follows from them |
/// | none that agrees, one that disagrees | not known: the object is read again |
///
/// Of AWS itself it is known from the start.
final class ETagTrust: Sendable {
  enum Verdict {
    case proved
    case unknown
    case mismatch
  }

  private struct State {
    var isProved = false
    var isRefuted = false
    var doubts: [String: String] = [:]
  }

  private let state: Mutex<State>

  init(isProved: Bool = false) { state = Mutex(State(isProved: isProved)) }

  /// So many objects may be read at the same time before the first answer is judged.
  private static let maxDoubts = 1024

  /// - Parameter mayDoubt: False of bytes that were written, which get another ETag each time.
  func compare(_ etag: String, with md5: String, mayDoubt: Bool = true) -> Verdict {
    state.withLock { state in
      if etag == md5 {
        state.isProved = true
        state.doubts = [:]
        return .proved
      }
      if state.isProved { return .mismatch }
      if state.isRefuted || !mayDoubt { return .unknown }
      if state.doubts[etag] == md5 {
        state.isRefuted = true
        state.doubts = [:]
        return .unknown
      }
      if state.doubts.count < Self.maxDoubts { state.doubts[etag] = md5 }
      return .mismatch
    }
  }
}

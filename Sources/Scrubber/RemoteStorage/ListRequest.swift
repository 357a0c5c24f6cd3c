/// Which objects to list.
struct ListRequest: Sendable, Equatable {
  /// Text that all keys begin with; need not end at a `/`.
  var prefix: String = ""
  /// List only keys behind this one.
  var startAfter: String? = nil
  /// List only keys before this one.
  var endBefore: String? = nil
  /// Objects a page at the most; a store may send fewer.
  var pageLimit: Int = 1000

  /// Whether the request asks for `key`, in a store that sorts so.
  func matches(_ key: String, order: KeyOrder = .bytes) -> Bool {
    // Strings compare by canonical equivalence; keys compare by bytes.
    guard key.utf8.starts(with: prefix.utf8) else { return false }
    if let startAfter, !order.precedes(startAfter.utf8.span, key.utf8.span) { return false }
    if let endBefore, !order.precedes(key.utf8.span, endBefore.utf8.span) { return false }
    return true
  }
}

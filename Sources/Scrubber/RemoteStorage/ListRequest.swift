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

  /// Whether the request asks for `key`.
  func matches(_ key: String) -> Bool {
    // Strings compare by canonical equivalence; keys compare by bytes.
    let bytes = key.utf8
    guard bytes.starts(with: prefix.utf8) else { return false }
    if let startAfter, !startAfter.utf8.lexicographicallyPrecedes(bytes) { return false }
    if let endBefore, !bytes.lexicographicallyPrecedes(endBefore.utf8) { return false }
    return true
  }
}

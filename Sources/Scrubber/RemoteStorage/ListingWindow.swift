/// The part of a listing that is asked for, in bytes, seen from a folder: what the names in that folder must
/// be.
///
/// Works on names as they stand in keys: a folder's name ends in `/`. Names sorted by bytes then give keys
/// sorted by bytes, as `a-2/x` comes before `a/x`.
struct ListingWindow: Sendable, Equatable {
  /// What the name begins with, or begins.
  var prefix: [UInt8]
  /// Keys below this folder come behind this. Nil if they do so anyway.
  var startAfter: [UInt8]?
  /// Keys below this folder come before this. Nil if they do so anyway.
  var endBefore: [UInt8]?

  init(prefix: [UInt8] = [], startAfter: [UInt8]? = nil, endBefore: [UInt8]? = nil) {
    self.prefix = prefix
    self.startAfter = startAfter
    self.endBefore = endBefore
  }

  init(_ request: ListRequest) {
    self.init(
      prefix: Array(request.prefix.utf8),
      startAfter: request.startAfter.map { Array($0.utf8) },
      endBefore: request.endBefore.map { Array($0.utf8) }
    )
  }

  /// Whether every name is asked for.
  var isUnbounded: Bool { prefix.isEmpty && startAfter == nil && endBefore == nil }

  /// Whether the object of this name is asked for.
  func holds(object name: some Collection<UInt8>) -> Bool {
    guard name.starts(with: prefix) else { return false }
    if let startAfter, !startAfter.lexicographicallyPrecedes(name) { return false }
    if let endBefore, !name.lexicographicallyPrecedes(endBefore) { return false }
    return true
  }

  /// Whether an object below the folder of this name can be asked for. The name ends in `/`.
  func reaches(folder name: some Collection<UInt8>) -> Bool {
    guard name.starts(with: prefix) || prefix.starts(with: name) else { return false }
    if let startAfter, !startAfter.lexicographicallyPrecedes(name), !startAfter.starts(with: name) {
      return false
    }
    if let endBefore, !name.lexicographicallyPrecedes(endBefore) { return false }
    return true
  }

  /// Whether a name is asked for that may stand for an object or, behind a link, for a folder.
  func mayHold(_ name: some Collection<UInt8>) -> Bool {
    holds(object: name) || reaches(folder: Array(name) + [UInt8(ascii: "/")])
  }

  /// The window as seen from a folder that it reaches. The name ends in `/`.
  func inside(folder name: some Collection<UInt8>) -> ListingWindow {
    let behind = startAfter.flatMap { rest(of: $0, behind: name) }
    return ListingWindow(
      prefix: Array(prefix.dropFirst(name.count)),
      startAfter: behind == [] ? nil : behind,
      endBefore: endBefore.flatMap { rest(of: $0, behind: name) }
    )
  }

  /// What is left of a border inside a folder; nil if it lies outside.
  private func rest(of border: [UInt8], behind name: some Collection<UInt8>) -> [UInt8]? {
    border.starts(with: name) ? Array(border.dropFirst(name.count)) : nil
  }
}

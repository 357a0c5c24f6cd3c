/// Where a tuple stands in its page.
///
/// | bits | field |
/// |---|---|
/// | 0-14 | offset in the page; of a redirection the number of the other line pointer |
/// | 15-16 | state |
/// | 17-31 | length |
///
/// Numbers of line pointers begin with 1. Source: PostgreSQL, `storage/itemid.h`.
struct LinePointer {
  var raw: UInt32

  enum State {
    static let unused: UInt32 = 0
    static let normal: UInt32 = 1
    static let redirect: UInt32 = 2
    static let dead: UInt32 = 3
  }

  init(raw: UInt32) { self.raw = raw }

  /// What does not fit is cut; the caller has compared both with the page.
  init(_ offset: Int, _ state: UInt32, _ length: Int) {
    raw =
      UInt32(truncatingIfNeeded: offset & 0x7fff) | state << 15
      | UInt32(truncatingIfNeeded: length & 0x7fff) << 17
  }

  static let unused = LinePointer(raw: 0)
  static let dead = LinePointer(0, State.dead, 0)

  static func redirect(to number: Int) -> LinePointer { LinePointer(number, State.redirect, 0) }

  var offset: Int { Int(raw & 0x7fff) }
  var state: UInt32 { raw >> 15 & 3 }
  var length: Int { Int(raw >> 17) }
  var isUsed: Bool { state != State.unused }
  var isNormal: Bool { state == State.normal }
  var hasStorage: Bool { length != 0 }

  func with(offset: Int) -> LinePointer { LinePointer(offset, state, length) }
}

/// A tuple that stays when a page is tidied up.
struct TuplePlace {
  /// Its line pointer, from 0.
  var index: Int
  var offset: Int
  var alignedLength: Int
}

/// Where to cut what is left of a listing, so that both parts have something to do.
///
/// Nobody knows how many keys there are; the last page shows how they are spread. Say it went from `…/27f…` to
/// `…/4a0…`: its keys differ first in a digit that went from 2 to 4, so about five such pages are left up to `f`,
/// and the cut is halfway, at `…/a`. If nothing much is left at that digit, the one before it is taken.
enum ListingCut {
  /// The digits of identifiers, and those of the keys and LSNs in layers' names.
  private static let lowerDigits = Array("0123456789abcdef".utf8)
  private static let upperDigits = Array("0123456789ABCDEF".utf8)
  /// How much more than the page itself must be left before the cut for it to be worth a request.
  private static let minSpreads = 3

  /// The beginning of keys between the last key of a page and the end.
  ///
  /// - Parameters:
  ///   - first: The first key of the last page.
  ///   - last: The last key of the last page.
  ///   - prefix: How many bytes are the same in all keys of the listing.
  ///   - end: What all keys come before; nil if only the listing's prefix ends it.
  static func cut(first: [UInt8], last: [UInt8], prefix: Int, end: [UInt8]?) -> [UInt8]? {
    let varying = commonLength(first, last)
    guard varying < last.count, varying < first.count else { return nil }
    let digits = isInLayerName(last, varying) ? upperDigits : lowerDigits
    let spread = digits.count { $0 > first[varying] && $0 <= last[varying] }
    // The digits before `fixed` are the same in all keys that are left.
    let shared = end.map { commonLength(last, $0) } ?? 0
    let fixed = max(prefix, shared)
    for position in stride(from: varying, through: fixed, by: -1) {
      let limit = end.flatMap { position == shared && position < $0.count ? $0[position] : nil }
      let digits = isInLayerName(last, position) ? upperDigits : lowerDigits
      guard digits.contains(last[position]) else { continue }
      let left = digits.filter { $0 > last[position] && $0 < limit ?? .max }
      let needed = position == varying ? spread * minSpreads : 0
      if !left.isEmpty, left.count / 2 >= needed { return last[..<position] + [left[left.count / 2]] }
    }
    return nil
  }

  /// Whether what lies between the slashes around a position has digits in upper case.
  private static func isInLayerName(_ key: [UInt8], _ position: Int) -> Bool {
    let slash = UInt8(ascii: "/")
    let start = key[..<position].lastIndex(of: slash).map { $0 + 1 } ?? 0
    let end = key[position...].firstIndex(of: slash) ?? key.count
    return key[start..<end].contains { (UInt8(ascii: "A")...UInt8(ascii: "F")).contains($0) }
  }

  private static func commonLength(_ left: [UInt8], _ right: [UInt8]) -> Int {
    zip(left, right).prefix { $0 == $1 }.count
  }
}

/// Tells two contents of an object apart that a listing shows with one size and one time: a hash of its etag and, where
/// there are versions, of the version's name. The same in every run of the program.
///
/// A hash, as a listing of millions has no room for the texts. Two looks at a bucket that show the same marks have seen
/// the same objects, as far as the store tells.
struct ContentMark: Sendable, Hashable {
  let value: UInt64

  /// Of an object of which the store tells no more than size and time.
  static let none = ContentMark(value: 0)

  private init(value: UInt64) { self.value = value }

  init(etag: String, version: String? = nil) {
    guard !etag.isEmpty || version != nil else {
      self = .none
      return
    }
    var mark = Self.add(etag.utf8, to: 0xcbf2_9ce4_8422_2325)
    if let version { mark = Self.add(version.utf8, to: (mark ^ 0xff) &* 0x0100_0000_01b3) }
    value = max(1, mark)
  }

  /// Of an etag as it stands in a listing, in quotes or without.
  init(quotedETag text: Span<UInt8>) {
    let quote = UInt8(ascii: "\"")
    let isQuoted = text.count >= 2 && text[0] == quote && text[text.count - 1] == quote
    let etag = isQuoted ? text.extracting(1..<text.count - 1) : text
    value = etag.withUnsafeBufferPointer { $0.isEmpty ? 0 : max(1, Self.add($0, to: 0xcbf2_9ce4_8422_2325)) }
  }

  /// FNV-1a with 64 bits.
  private static func add(_ bytes: some Sequence<UInt8>, to state: UInt64) -> UInt64 {
    bytes.reduce(state) { ($0 ^ UInt64($1)) &* 0x0100_0000_01b3 }
  }
}

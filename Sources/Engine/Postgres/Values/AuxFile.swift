import IndexFormat

/// The path of an aux file below the data directory: valid UTF-8.
///
/// Compared by bytes. Strings that look alike may be other files, which `String` does not tell apart.
public struct AuxFilePath: Hashable, Comparable, Sendable, CustomStringConvertible {
  public let utf8: [UInt8]

  public init(_ text: String) { utf8 = Array(text.utf8) }

  /// Nil if the bytes are no UTF-8.
  public init?(validating utf8: [UInt8]) {
    guard String(validating: utf8, as: UTF8.self) != nil else { return nil }
    self.utf8 = utf8
  }

  /// Reads `range`, which stands behind a length at `start`.
  init(_ bytes: RawSpan, _ range: Range<Int>, lengthAt start: Int) throws(FormatError) {
    guard let path = AuxFilePath(validating: bytes.copy(range)) else {
      throw FormatError(
        .badValue,
        offset: range.lowerBound,
        field: "path",
        found: "bytes that are no UTF-8",
        expected: "text of \(range.count) bytes, as the length at byte \(start) says"
      )
    }
    self = path
  }

  public var description: String { String(decoding: utf8, as: UTF8.self) }

  /// The key of the file in the second layout.
  public var key: AuxFileKey { AuxFileKey(path: description) }

  public static func < (left: AuxFilePath, right: AuxFilePath) -> Bool {
    left.utf8.lexicographicallyPrecedes(right.utf8)
  }
}

/// A small file that a compute keeps with the page server: of replication slots, logical decoding, statistics.
///
/// It comes as a logical message with the prefix `neon-file:` and its path, and the content as body. An empty body
/// deletes it, so there are no empty ones.
public struct AuxFile: Equatable, Sendable {
  public var path: AuxFilePath
  public var content: [UInt8]

  public init(_ path: AuxFilePath, content: [UInt8]) {
    self.path = path
    self.content = content
  }
}

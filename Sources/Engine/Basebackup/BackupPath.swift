import IndexFormat

/// Where a file or a folder lies below a data directory: components with single slashes between them.
///
/// | not allowed | why |
/// |---|---|
/// | an empty component, so also a slash at either end | it would be an absolute path, or another name of the same file |
/// | `.` and `..` | they lead elsewhere |
/// | bytes below 0x20, and 0x7F | none of PostgreSQL's names has them, and terminals obey them |
/// | more than 255 bytes, a component of more than 100 | so that any path fits into the header of an archive |
public struct BackupPath: Hashable, Sendable, CustomStringConvertible {
  public let text: String

  static let byteLimit = 255
  static let componentByteLimit = 100

  /// Takes what values say.
  public init(validating text: String) throws(FormatError) {
    let utf8 = Array(text.utf8)
    let components = utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    let isPlain = utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f } && utf8.count <= Self.byteLimit
    let areNames = components.allSatisfy { component in
      !component.isEmpty && component.count <= Self.componentByteLimit && !component.elementsEqual(".".utf8)
        && !component.elementsEqual("..".utf8)
    }
    guard isPlain, areNames, TarHeader.split(utf8) != nil else {
      throw FormatError(
        .badValue,
        field: "path",
        found: "\"\(text)\"",
        expected: "a path below the data directory that fits into an archive"
      )
    }
    self.text = text
  }

  /// Takes a path that is made here, of names and numbers.
  init(_ text: String) { self.text = text }

  public var description: String { text }

  /// The folder that it lies in; nil at the top.
  var parent: BackupPath? { text.lastIndex(of: "/").map { BackupPath(String(text[..<$0])) } }
}

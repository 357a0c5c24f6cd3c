/// The name of one file of a relation in a data directory: `16384`, `16384_fsm`, `16384.1`, `16384_init.12`.
///
/// Source: `libs/postgres_ffi/src/relfile_utils.rs`.
public struct RelationFileName: Hashable, Sendable {
  /// Blocks in all files of a relation but the last: 1 GiB.
  public static let blocksPerSegment: UInt32 = 131_072

  public let relation: UInt32
  public let fork: RelationFork
  public let segment: UInt32

  public init(relation: UInt32, fork: RelationFork, segment: UInt32) {
    self.relation = relation
    self.fork = fork
    self.segment = segment
  }

  /// Reads a name: digits, then perhaps `_` and a fork's name, then perhaps `.` and digits.
  public init(parsing text: String) throws(FormatError) {
    let bytes = text.utf8Span.span.bytes
    let dot = bytes.firstOffset(of: UInt8(ascii: ".")) ?? bytes.byteCount
    let underscore = bytes.firstOffset(of: UInt8(ascii: "_")).map { Swift.min($0, dot) } ?? dot
    guard let relation = RelationFileName.number(bytes.extracting(0..<underscore)),
      let segment = dot == bytes.byteCount
        ? 0 : RelationFileName.number(bytes.extracting((dot + 1)..<bytes.byteCount))
    else {
      throw FormatError(
        .syntax,
        field: "relation file name",
        found: "\"\(text)\"",
        expected: "a 32-bit number, perhaps _FORK, perhaps .SEGMENT"
      )
    }
    var fork = RelationFork.main
    if underscore < dot {
      guard let named = RelationFork(name: bytes.extracting((underscore + 1)..<dot)) else {
        throw FormatError(
          .badValue,
          offset: underscore + 1,
          field: "relation file name",
          found: "\"\(text)\"",
          expected: "fsm, vm or init behind the underscore"
        )
      }
      fork = named
    }
    self.init(relation: relation, fork: fork, segment: segment)
  }

  private static func number(_ bytes: RawSpan) -> UInt32? {
    DecimalDigits.decode(bytes).flatMap { UInt32(exactly: $0) }
  }
}

extension RelationFileName: CustomStringConvertible {
  public var description: String {
    segment == 0 ? "\(relation)\(fork.suffix)" : "\(relation)\(fork.suffix).\(segment)"
  }
}

import IndexFormat

/// What a page server says to the process that replays records for it. All numbers are big-endian.
///
/// | bytes | field |
/// |---|---|
/// | 1 | kind |
/// | 4 | length: of itself and the payload, not of the kind |
/// | length − 4 | payload |
///
/// | kind | means | payload | answer |
/// |---|---|---|---|
/// | `B` | what follows is about this block | tag | |
/// | `P` | the page that records are replayed on | tag, 8192 bytes | |
/// | `A` | replay this record | 8 bytes where the record ends, the record | |
/// | `G` | give the page | tag | 8192 bytes |
/// | `H` | are you there? | | 8192 zeros |
///
/// A tag has 17 bytes: fork (1), tablespace, database, relation, block (4 each). Answers have no header, and come in the
/// order of the requests. There is no answer that tells an error: the process ends instead.
///
/// Source: `pageserver/src/walredo/process/protocol.rs`, `pgxn/neon_walredo/walredoproc.c`.
public struct RedoMessage: ~Escapable {
  public enum Kind: UInt8, Sendable {
    case begin = 0x42
    case page = 0x50
    case record = 0x41
    case get = 0x47
    case ping = 0x48
  }

  public let kind: Kind
  public let payload: RawSpan

  public static let headerByteCount = 5
  static let tagByteCount = 17
  static let lsnByteCount = 8
  /// Longer records PostgreSQL does not write.
  public static let maximumRecordByteCount = 1020 << 20

  /// The kind of a message and the number of all its bytes, by its header; nil while that has not come.
  ///
  /// Lengths that cannot be are refused before anything is kept for them.
  public static func header(of bytes: RawSpan) throws(RedoRequestError) -> (kind: Kind, byteCount: Int)? {
    guard bytes.byteCount > 0 else { return nil }
    let code = bytes.unsafeLoad(fromByteOffset: 0, as: UInt8.self)
    guard let kind = Kind(rawValue: code) else { throw .unknownMessage(code) }
    guard bytes.byteCount >= headerByteCount else { return nil }
    let length = Int(bytes.unsafeLoadUnaligned(fromByteOffset: 1, as: UInt32.self).bigEndian)
    guard kind.lengths.contains(length) else { throw .badLength(kind, found: length, expected: kind.lengths) }
    return (kind, length + 1)
  }

  /// - Parameter bytes: all of the message, as `header` counted them.
  @_lifetime(copy bytes)
  public init(_ kind: Kind, _ bytes: RawSpan) {
    self.kind = kind
    payload = bytes.extracting(droppingFirst: Self.headerByteCount)
  }
}

extension RedoMessage.Kind {
  /// What the length of such a message may be.
  var lengths: ClosedRange<Int> {
    let tag = 4 + RedoMessage.tagByteCount
    return switch self {
    case .begin, .get: tag...tag
    case .page: tag + RedoPage.byteCount...tag + RedoPage.byteCount
    case .record:
      4 + RedoMessage.lsnByteCount...4 + RedoMessage.lsnByteCount + RedoMessage.maximumRecordByteCount
    case .ping: 4...4
    }
  }
}

/// The block that a request is about.
public struct RedoBlock: Hashable, Sendable {
  public var tag: RelationTag
  public var block: BlockNumber

  public init(_ tag: RelationTag, _ block: BlockNumber) {
    (self.tag, self.block) = (tag, block)
  }

  /// - Parameter bytes: 17 or more.
  init(_ bytes: RawSpan) {
    func number(_ offset: Int) -> UInt32 {
      bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self).bigEndian
    }
    tag = RelationTag(
      tablespace: number(1),
      database: number(5),
      relation: number(9),
      fork: RelationFork(bytes.unsafeLoad(fromByteOffset: 0, as: UInt8.self))
    )
    block = BlockNumber(number(13))
  }

  func append(to bytes: inout [UInt8]) {
    bytes.append(tag.fork.number)
    for number in [tag.database.tablespace, tag.database.database, tag.relation, block.value] {
      withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }
  }
}

extension RedoBlock: CustomStringConvertible {
  public var description: String { "\(tag) block \(block)" }
}

/// Why a conversation with a page server cannot go on.
public enum RedoRequestError: Error, Equatable, Sendable {
  case unknownMessage(UInt8)
  case badLength(RedoMessage.Kind, found: Int, expected: ClosedRange<Int>)
  /// A page or a request for one names another block than the beginning did, or there was none.
  case wrongBlock(found: RedoBlock, expected: RedoBlock?)
  /// A record came before any block was named.
  case noBlock
  case redo(RedoError)
}

extension RedoRequestError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unknownMessage(let code): "message: found kind \(code), expected one of B, P, A, G, H"
    case .badLength(let kind, let found, let expected):
      "message \(kind): found length \(found), expected "
        + (expected.count == 1
          ? "\(expected.lowerBound)" : "\(expected.lowerBound) to \(expected.upperBound)")
    case .wrongBlock(let found, let expected):
      "message: found \(found), expected \(expected.map { "\($0)" } ?? "the beginning of a request")"
    case .noBlock: "message: found a record, expected the beginning of a request"
    case .redo(let error): "\(error)"
    }
  }
}

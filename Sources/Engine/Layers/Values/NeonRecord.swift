import IndexFormat

/// A change of a value: a record of PostgreSQL's WAL, or one that the page server made of such a record.
///
/// | offset | size | content |
/// |---|---|---|
/// | 0 | 4 | tag |
/// | 4 | | fields of the tag, in this order |
///
/// | tag | record | fields |
/// |---|---|---|
/// | 0 | postgres | will_init: bool; record: count, bytes |
/// | 1 | clear visibility map flags | new heap block: optional u32; old heap block: optional u32; flags: u8 |
/// | 2 | clog set committed | transactions: count, u32 each; timestamp: i64, microseconds since 2000 |
/// | 3 | clog set aborted | transactions: count, u32 each |
/// | 4 | multixact offset create | multixact: u32; offset: u32 |
/// | 5 | multixact members create | offset: u32; members: count, transaction u32 and status u32 each |
/// | 6 | aux file | path: count, UTF-8; content: optional count, bytes |
/// | 7 | truncate visibility map | byte: u64; bit offset: u64. Since 2024-11-14 |
/// | 8 | test | append: count, UTF-8; clear: bool; will_init: bool; only_if: optional count, UTF-8 |
///
/// Numbers as in `ByteReader`. Tag 8 is written by test builds only, between 2024-06-13 and 2024-11-14 as tag 7 and
/// until 2025-04-08 without `only_if`; these two forms are not read.
///
/// Sources: `libs/wal_decoder/src/models/record.rs`; 2024: `pageserver/src/walrecord.rs`.
public enum NeonRecord: Equatable, Sendable {
  /// - record: a whole record with its header, without headers of WAL pages.
  case postgres(willInit: Bool, record: [UInt8])
  case clearVisibilityMapFlags(newHeapBlock: UInt32?, oldHeapBlock: UInt32?, flags: UInt8)
  case clogSetCommitted(transactions: [UInt32], timestamp: Int64)
  case clogSetAborted(transactions: [UInt32])
  case multixactOffsetCreate(multixact: UInt32, offset: UInt32)
  case multixactMembersCreate(offset: UInt32, members: [MultixactMember])
  case auxFile(path: String, content: [UInt8]?)
  case truncateVisibilityMap(byte: UInt64, bitOffset: UInt64)
  case test(append: String, clear: Bool, willInit: Bool, onlyIf: String?)

  public struct MultixactMember: Equatable, Sendable {
    public var transaction: UInt32
    public var status: UInt32

    public init(transaction: UInt32, status: UInt32) {
      self.transaction = transaction
      self.status = status
    }
  }

  /// The numbers that stand before each kind.
  public enum Tag: UInt32, Sendable, CaseIterable {
    case postgres = 0
    case clearVisibilityMapFlags
    case clogSetCommitted
    case clogSetAborted
    case multixactOffsetCreate
    case multixactMembersCreate
    case auxFile
    case truncateVisibilityMap
    case test
  }

  /// Whether the record needs no value from before.
  public var willInit: Bool {
    switch self {
    case .postgres(let willInit, _), .test(_, _, let willInit, _): willInit
    default: false
    }
  }

  public init(parsing input: inout ByteReader) throws(FormatError) {
    let start = input.offset
    let number = try input.uint32("record tag")
    guard let tag = Tag(rawValue: number) else {
      throw FormatError(.badValue, offset: start, field: "record tag", found: "\(number)", expected: "0 to 8")
    }
    switch tag {
    case .postgres:
      let willInit = try input.bool("will_init")
      self = .postgres(willInit: willInit, record: input.bytes.copy(try input.counted("rec")))
    case .clearVisibilityMapFlags:
      self = .clearVisibilityMapFlags(
        newHeapBlock: try input.bool("new_heap_blkno") ? try input.uint32("new_heap_blkno") : nil,
        oldHeapBlock: try input.bool("old_heap_blkno") ? try input.uint32("old_heap_blkno") : nil,
        flags: try input.uint8("flags")
      )
    case .clogSetCommitted:
      self = .clogSetCommitted(
        transactions: try Self.transactions(&input),
        timestamp: Int64(bitPattern: try input.uint64("timestamp"))
      )
    case .clogSetAborted: self = .clogSetAborted(transactions: try Self.transactions(&input))
    case .multixactOffsetCreate:
      self = .multixactOffsetCreate(multixact: try input.uint32("mid"), offset: try input.uint32("moff"))
    case .multixactMembersCreate:
      self = .multixactMembersCreate(offset: try input.uint32("moff"), members: try Self.members(&input))
    case .auxFile:
      let path = try Self.text(&input, "file_path")
      let isPresent = try input.bool("content")
      self = .auxFile(path: path, content: isPresent ? input.bytes.copy(try input.counted("content")) : nil)
    case .truncateVisibilityMap:
      self = .truncateVisibilityMap(
        byte: try input.uint64("trunc_byte"),
        bitOffset: try input.uint64("trunc_offs")
      )
    case .test:
      self = .test(
        append: try Self.text(&input, "append"),
        clear: try input.bool("clear"),
        willInit: try input.bool("will_init"),
        onlyIf: try input.bool("only_if") ? try Self.text(&input, "only_if") : nil
      )
    }
  }

  private static func transactions(_ input: inout ByteReader) throws(FormatError) -> [UInt32] {
    let count = try input.count("xids", elementByteCount: 4)
    var transactions: [UInt32] = []
    transactions.reserveCapacity(count)
    for _ in 0..<count { transactions.append(try input.uint32("xids")) }
    return transactions
  }

  private static func members(_ input: inout ByteReader) throws(FormatError) -> [MultixactMember] {
    let count = try input.count("members", elementByteCount: 8)
    var members: [MultixactMember] = []
    members.reserveCapacity(count)
    for _ in 0..<count {
      members.append(
        MultixactMember(
          transaction: try input.uint32("members.xid"),
          status: try input.uint32("members.status")
        )
      )
    }
    return members
  }

  private static func text(_ input: inout ByteReader, _ field: String) throws(FormatError) -> String {
    let start = input.offset
    let range = try input.counted(field)
    guard let text = String(validating: input.bytes.copy(range), as: UTF8.self) else {
      throw FormatError(
        .badValue,
        offset: start,
        field: field,
        found: "bytes that are no UTF-8",
        expected: "text"
      )
    }
    return text
  }
}

extension NeonRecord {
  public var tag: Tag {
    switch self {
    case .postgres: .postgres
    case .clearVisibilityMapFlags: .clearVisibilityMapFlags
    case .clogSetCommitted: .clogSetCommitted
    case .clogSetAborted: .clogSetAborted
    case .multixactOffsetCreate: .multixactOffsetCreate
    case .multixactMembersCreate: .multixactMembersCreate
    case .auxFile: .auxFile
    case .truncateVisibilityMap: .truncateVisibilityMap
    case .test: .test
    }
  }

  public func encode(into bytes: inout [UInt8]) {
    bytes.appendBigEndian(tag.rawValue)
    switch self {
    case .postgres(let willInit, let record):
      bytes.append(willInit)
      bytes.append(counted: record)
    case .clearVisibilityMapFlags(let newHeapBlock, let oldHeapBlock, let flags):
      for block in [newHeapBlock, oldHeapBlock] {
        bytes.append(block != nil)
        if let block { bytes.appendBigEndian(block) }
      }
      bytes.append(flags)
    case .clogSetCommitted(let transactions, let timestamp):
      Self.encode(transactions, into: &bytes)
      bytes.appendBigEndian(timestamp)
    case .clogSetAborted(let transactions): Self.encode(transactions, into: &bytes)
    case .multixactOffsetCreate(let multixact, let offset):
      bytes.appendBigEndian(multixact)
      bytes.appendBigEndian(offset)
    case .multixactMembersCreate(let offset, let members):
      bytes.appendBigEndian(offset)
      bytes.appendBigEndian(UInt64(members.count))
      for member in members {
        bytes.appendBigEndian(member.transaction)
        bytes.appendBigEndian(member.status)
      }
    case .auxFile(let path, let content):
      bytes.append(counted: Array(path.utf8))
      bytes.append(content != nil)
      if let content { bytes.append(counted: content) }
    case .truncateVisibilityMap(let byte, let bitOffset):
      bytes.appendBigEndian(byte)
      bytes.appendBigEndian(bitOffset)
    case .test(let append, let clear, let willInit, let onlyIf):
      bytes.append(counted: Array(append.utf8))
      bytes.append(clear)
      bytes.append(willInit)
      bytes.append(onlyIf != nil)
      if let onlyIf { bytes.append(counted: Array(onlyIf.utf8)) }
    }
  }

  private static func encode(_ transactions: [UInt32], into bytes: inout [UInt8]) {
    bytes.appendBigEndian(UInt64(transactions.count))
    for transaction in transactions { bytes.appendBigEndian(transaction) }
  }
}

import IndexFormat

/// `pg_filenode.map`: the files of the catalogs that cannot be looked up in pg_class. The value of a
/// `Key.relationMap`.
///
/// | offset | size | field | check |
/// |---|---|---|---|
/// | 0 | 4 | magic | 0x592717 |
/// | 4 | 4 | number of mappings | 0 to 62 (PostgreSQL 14, 15) or 64 (16, 17) |
/// | 8 | 8 each | relation's OID u32, relation's file number u32; unused places are zero | |
/// | 504 or 520 | 4 | CRC-32C of all before | |
/// | 508 | 4 | 14, 15 only: padding | |
///
/// 512 bytes up to PostgreSQL 15, 524 from 16 on; little-endian. Page servers look at the length alone, and only when
/// they make a base backup.
///
/// Source: PostgreSQL `src/backend/utils/cache/relmapper.c`.
public struct RelationMap: StoredValue {
  public struct Mapping: Equatable, Sendable {
    /// The catalog's OID.
    public var relation: UInt32
    /// The number in its keys and names of files.
    public var fileNumber: UInt32

    public init(relation: UInt32, fileNumber: UInt32) {
      self.relation = relation
      self.fileNumber = fileNumber
    }
  }

  public private(set) var mappings: [Mapping]
  public let layout: Layout

  public static let magic: UInt32 = 0x0059_2717

  public enum Layout: Int, Sendable {
    /// PostgreSQL 14 and 15: 62 places.
    case upTo15 = 512
    /// PostgreSQL 16 and 17: 64 places.
    case since16 = 524

    public var byteCount: Int { rawValue }
    public var maximumMappingCount: Int { self == .upTo15 ? 62 : 64 }
    var checksumOffset: Int { 8 + 8 * maximumMappingCount }

    public init(pgVersion: UInt32) { self = pgVersion >= 16 ? .since16 : .upTo15 }
  }

  /// Nil if there are more mappings than places.
  public init?(_ mappings: [Mapping], layout: Layout) {
    guard mappings.count <= layout.maximumMappingCount else { return nil }
    self.mappings = mappings
    self.layout = layout
  }

  public init(parsing bytes: RawSpan) throws(FormatError) { try self.init(parsing: bytes, pgVersion: nil) }

  /// - pgVersion: the timeline's major version, which decides the length; nil takes either.
  public init(parsing bytes: RawSpan, pgVersion: UInt32?) throws(FormatError) {
    guard let layout = Layout(rawValue: bytes.byteCount),
      pgVersion.map({ Layout(pgVersion: $0) == layout }) ?? true
    else {
      throw FormatError(
        .badValue,
        field: "relation map",
        found: "\(bytes.byteCount) bytes",
        expected: pgVersion.map { "\(Layout(pgVersion: $0).byteCount) bytes" } ?? "512 or 524 bytes"
      )
    }
    guard bytes.littleEndian32(0) == RelationMap.magic else {
      throw FormatError(
        .badValue,
        field: "magic",
        found: String(bytes.littleEndian32(0), radix: 16),
        expected: String(RelationMap.magic, radix: 16)
      )
    }
    let count = bytes.littleEndian32(4)
    guard count <= UInt32(layout.maximumMappingCount) else {
      throw FormatError(
        .badValue,
        offset: 4,
        field: "num_mappings",
        found: "\(count)",
        expected: "at most \(layout.maximumMappingCount)"
      )
    }
    let stored = bytes.littleEndian32(layout.checksumOffset)
    let computed = CRC32C.checksum(bytes.extracting(0..<layout.checksumOffset))
    guard stored == computed else {
      throw FormatError(
        .checksumMismatch,
        offset: layout.checksumOffset,
        field: "crc",
        found: String(stored, radix: 16, uppercase: true),
        expected: String(computed, radix: 16, uppercase: true)
      )
    }
    self.layout = layout
    mappings = []
    for index in 0..<Int(count) {
      let offset = 8 + 8 * index
      mappings.append(
        Mapping(relation: bytes.littleEndian32(offset), fileNumber: bytes.littleEndian32(offset + 4))
      )
    }
  }

  public func encode(into target: inout [UInt8]) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(layout.byteCount)
    bytes.appendLittleEndian(RelationMap.magic)
    bytes.appendLittleEndian(UInt32(truncatingIfNeeded: mappings.count))
    for mapping in mappings.prefix(layout.maximumMappingCount) {
      bytes.appendLittleEndian(mapping.relation)
      bytes.appendLittleEndian(mapping.fileNumber)
    }
    bytes += [UInt8](repeating: 0, count: layout.checksumOffset - bytes.count)
    bytes.appendLittleEndian(CRC32C.checksum(bytes.span.bytes))
    bytes += [UInt8](repeating: 0, count: layout.byteCount - bytes.count)
    target += bytes
  }
}

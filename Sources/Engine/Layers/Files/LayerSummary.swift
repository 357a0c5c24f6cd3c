import IndexFormat

/// The start of a layer file: which layer it is, and where its index lies. The rest of the first block is zero.
///
/// | offset | size | field | check |
/// |---|---|---|---|
/// | 0 | 2 | magic: `5a 60` image, `5a 61` delta | as in the name |
/// | 2 | 2 | format version | 3 |
/// | 4 | 16 | tenant | as in the path |
/// | 20 | 16 | timeline | may differ from the path: layers are handed on when an ancestor is detached |
/// | 36 | 18 | first key | as in the name |
/// | 54 | 18 | key behind the last | as in the name |
/// | 72 | 8 | LSN of an image, first LSN of a delta | as in the name |
/// | 80 | 8 | delta only: LSN behind the last | as in the name |
/// | 80 or 88 | 4 | first block of the index | 2 or more |
/// | 84 or 92 | 4 | root of the index, counted from that block | is the file's last block |
/// | 88 or 96 | | zeros, to 8192 | zero |
///
/// Numbers are big-endian. There is neither shard nor generation: after a split, shards share a file. Version 3 came
/// in April 2022 and still is the only one; older files have another index and are refused.
///
/// Source: `storage_layer/{image_layer,delta_layer}.rs`.
public struct LayerSummary: Equatable, Sendable {
  public var magic: UInt16
  public var formatVersion: UInt16
  public var tenant: TenantID
  public var timeline: TimelineID
  /// What the name of the file says, too.
  public var layer: LayerName
  public var indexStartBlock: UInt32
  public var indexRootBlock: UInt32

  public static let knownFormatVersion: UInt16 = 3

  public init(
    layer: LayerName,
    tenant: TenantID,
    timeline: TimelineID,
    indexStartBlock: UInt32,
    indexRootBlock: UInt32
  ) {
    magic = Self.magic(of: layer.kind)
    formatVersion = Self.knownFormatVersion
    self.tenant = tenant
    self.timeline = timeline
    self.layer = layer
    self.indexStartBlock = indexStartBlock
    self.indexRootBlock = indexRootBlock
  }

  public static func magic(of kind: LayerName.Kind) -> UInt16 { kind == .image ? 0x5a60 : 0x5a61 }
  public static func byteCount(of kind: LayerName.Kind) -> Int { kind == .image ? 88 : 96 }

  /// Which kind of layer the first two bytes announce.
  public static func kind(of bytes: RawSpan) -> LayerName.Kind? {
    guard bytes.byteCount >= 2 else { return nil }
    switch bytes.uint16(0) {
    case magic(of: .image): return .image
    case magic(of: .delta): return .delta
    default: return nil
    }
  }

  /// Reads the fields of a layer of this kind at the start of `bytes`. Whether their values are right is not looked
  /// at: `differences` does.
  public init(parsing bytes: RawSpan, as kind: LayerName.Kind) throws(FormatError) {
    var reader = ByteReader(bytes)
    magic = try reader.uint16("magic")
    formatVersion = try reader.uint16("format_version")
    tenant = TenantID(high: try reader.uint64("tenant_id"), low: try reader.uint64("tenant_id"))
    timeline = TimelineID(high: try reader.uint64("timeline_id"), low: try reader.uint64("timeline_id"))
    let keys = KeyRange(start: try reader.key("key_range.start"), end: try reader.key("key_range.end"))
    switch kind {
    case .image: layer = LayerName(image: keys, at: try reader.lsn("lsn"))
    case .delta:
      layer = LayerName(
        delta: keys,
        from: try reader.lsn("lsn_range.start"),
        to: try reader.lsn("lsn_range.end")
      )
    }
    indexStartBlock = try reader.uint32("index_start_blk")
    indexRootBlock = try reader.uint32("index_root_blk")
  }

  /// Without the zeros behind.
  public func encode(into bytes: inout [UInt8]) {
    bytes.appendBigEndian(magic)
    bytes.appendBigEndian(formatVersion)
    bytes.append(tenant)
    bytes.append(timeline)
    bytes.append(layer.keys.start)
    bytes.append(layer.keys.end)
    bytes.appendBigEndian(layer.startLsn.value)
    if layer.isDelta { bytes.appendBigEndian(layer.endLsn.value) }
    bytes.appendBigEndian(indexStartBlock)
    bytes.appendBigEndian(indexRootBlock)
  }

  public var byteCount: Int { Self.byteCount(of: layer.kind) }

  /// Bytes of keys in the index.
  public var keyByteCount: Int { layer.isDelta ? TreeKey.deltaByteCount : TreeKey.imageByteCount }

  /// Where in the file the index begins.
  public var indexStart: UInt64 { UInt64(indexStartBlock) * UInt64(TreeNode.blockByteCount) }
}

extension LayerSummary {
  /// A field that is not what the name or the path of the file says.
  public struct Difference: Equatable, Sendable {
    public var field: String
    public var offset: Int
    public var found: String
    public var expected: String
  }

  /// All fields that page servers compare and that differ. The timeline is not among them.
  public func differences(from name: LayerName, tenant expectedTenant: TenantID) -> [Difference] {
    var found: [Difference] = []
    func compare<Value: Equatable>(_ field: String, _ offset: Int, _ value: Value, _ expected: Value) {
      guard value != expected else { return }
      found.append(Difference(field: field, offset: offset, found: "\(value)", expected: "\(expected)"))
    }
    compare("magic", 0, hex(magic), hex(Self.magic(of: name.kind)))
    compare("format_version", 2, formatVersion, Self.knownFormatVersion)
    compare("tenant_id", 4, tenant, expectedTenant)
    compare("key_range.start", 36, layer.keys.start, name.keys.start)
    compare("key_range.end", 54, layer.keys.end, name.keys.end)
    switch name.kind {
    case .image: compare("lsn", 72, layer.startLsn, name.startLsn)
    case .delta:
      compare("lsn_range.start", 72, layer.startLsn, name.startLsn)
      compare("lsn_range.end", 80, layer.endLsn, name.endLsn)
    }
    return found
  }

  private func hex(_ magic: UInt16) -> String { String(magic, radix: 16) }
}

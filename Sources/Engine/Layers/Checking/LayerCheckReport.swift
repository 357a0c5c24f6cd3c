import IndexFormat

/// How far a check looks into a layer.
public enum LayerCheckDepth: String, Sendable, CaseIterable {
  /// Summary and index: few bytes of a large layer of pages.
  case tree
  /// Also every blob: its length, its decompression, the form of its value.
  case blobs
  /// Also what values hold: pages, WAL records, images of a known length. See `ContentRules`.
  case values
}

/// Which bytes of a layer were looked at, and how closely. Together they are the file.
///
/// | part | what a change of one byte leads to |
/// |---|---|
/// | compared | a finding: the byte is compared with the name, with another part of the file, a checksum, or with zero |
/// | ordered | the rest of keys in the index, and LSNs: a finding only if the order or a range is broken |
/// | decompressed | compressed values: a finding only if they no longer decompress; frames have no checksum |
/// | opaque | values stored as they are: no finding, but for headers of pages and lengths at depth `values` |
/// | unread | nothing: not read, for the depth asked for or for damage before |
public struct LayerCoverage: Sendable, Equatable {
  public var compared: UInt64 = 0
  public var ordered: UInt64 = 0
  public var decompressed: UInt64 = 0
  public var opaque: UInt64 = 0
  public var unread: UInt64 = 0

  public init() {}

  /// What was looked at in any way.
  public var read: UInt64 { compared + ordered + decompressed + opaque }
  public var total: UInt64 { read + unread }
}

/// What came of checking a layer.
public struct LayerCheckReport: Sendable, Equatable {
  public var findings: [Finding]
  /// Findings beyond the limit, which were only counted.
  public var omittedFindingCount: Int
  /// Nil if the first block cannot be read as one.
  public var summary: LayerSummary?
  public var coverage: LayerCoverage
  public var indexBlockCount: Int
  /// Entries of the index, damaged ones not counted.
  public var entryCount: Int
  /// Blobs whose value was decoded.
  public var valueCount: Int
  /// Bytes of those values.
  public var valueByteCount: UInt64
  /// At depth `values`.
  public var contents: LayerContents
}

/// What the values of a layer were found to be.
public struct LayerContents: Sendable, Equatable {
  /// Pages of relations.
  public var pageCount = 0
  /// WAL records of PostgreSQL.
  public var walRecordCount = 0
  /// What a control file in the layer says about checksums of pages; nil if there is none. Findings of wrong checksums
  /// only count where this is true: else the field holds what was there at some earlier time.
  public var hasPageChecksums: Bool?

  public init() {}
}

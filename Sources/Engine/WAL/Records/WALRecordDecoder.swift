import IndexFormat

/// Takes records of the WAL apart. Keeps room for the block references of one record: the `WALRecord` that it returns
/// lasts until the next one is decoded. One decoder for each task.
///
///     var decoder = WALRecordDecoder(version: .v17)
///     let record = try decoder.decode(bytes)
///     for index in record.blocks.indices { … record.data(of: record.blocks[index]) … }
///
/// Everything is checked that places and lengths follow from; the checksum is not (`WALRecord.hasValidChecksum`).
public struct WALRecordDecoder: ~Copyable, @unchecked Sendable {
  public let version: PostgresVersion
  private let storage: UnsafeMutablePointer<WALBlockReference>

  private static let capacity = Int(WALBlockReference.maximumID) + 1

  public init(version: PostgresVersion) {
    self.version = version
    storage = .allocate(capacity: Self.capacity)
  }

  deinit { storage.deallocate() }

  /// Takes apart the record that all of `bytes` are.
  @_lifetime(&self, copy bytes)
  public mutating func decode(_ bytes: RawSpan) throws(WALRecordError) -> WALRecord {
    guard let header = WALRecordHeader(bytes) else {
      throw WALRecordError(
        .truncatedHeader,
        offset: 0,
        found: UInt64(bytes.byteCount),
        limit: UInt64(WALRecordHeader.byteCount)
      )
    }
    guard UInt64(header.totalLength) == UInt64(bytes.byteCount) else {
      throw WALRecordError(
        .badLength,
        offset: 0,
        found: UInt64(header.totalLength),
        limit: UInt64(bytes.byteCount)
      )
    }
    guard ResourceManager.isValid(header.resourceManager, version) else {
      throw WALRecordError(.badResourceManager, offset: 17, found: UInt64(header.resourceManager))
    }
    var walk = WALPartWalk(bytes, version, storage)
    try walk.run()
    let blocks = Span(_unsafeStart: storage, count: walk.blockCount)
    return WALRecord(
      bytes: bytes,
      header: header,
      version: version,
      blocks: _overrideLifetime(blocks, mutating: &self),
      mainDataRange: bytes.byteCount &- walk.mainLength..<bytes.byteCount,
      origin: walk.origin,
      topLevelTransaction: walk.topLevelTransaction
    )
  }
}

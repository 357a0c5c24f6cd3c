import IndexFormat

/// Counts of records and bytes by what the records do, as `pg_waldump --stats=record` has them.
public struct WALStatistics: Sendable {
  public struct Count: Equatable, Sendable {
    public var records: UInt64 = 0
    /// Bytes of records without images.
    public var recordBytes: UInt64 = 0
    /// Bytes of images, as they are stored.
    public var imageBytes: UInt64 = 0
    public var images: UInt64 = 0

    public init() {}

    @inline(__always)
    public mutating func add(_ other: Count) {
      records &+= other.records
      recordBytes &+= other.recordBytes
      imageBytes &+= other.imageBytes
      images &+= other.images
    }
  }

  /// One for each resource manager and the high 4 bits of `xl_info`.
  private var counts = [Count](repeating: Count(), count: 256 * 16)

  public init() {}

  public mutating func add(_ record: borrowing WALRecord) {
    var count = Count()
    count.records = 1
    for index in record.blocks.indices {
      guard let image = record.blocks[index].image else { continue }
      count.imageBytes &+= UInt64(truncatingIfNeeded: image.stored.count)
      count.images &+= 1
    }
    count.recordBytes = UInt64(truncatingIfNeeded: record.bytes.byteCount) &- count.imageBytes
    counts[Int(record.header.resourceManager) << 4 | Int(record.header.info >> 4)].add(count)
  }

  /// What there was any of, in the order of resource managers.
  public var byOperation: [(operation: WALOperation, count: Count)] {
    var found: [WALOperation: Count] = [:]
    for index in counts.indices where counts[index].records > 0 {
      let operation = WALOperation(
        resourceManager: UInt8(truncatingIfNeeded: index >> 4),
        info: UInt8(truncatingIfNeeded: index << 4)
      )
      found[operation, default: Count()].add(counts[index])
    }
    return found.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  public var total: Count {
    var total = Count()
    for count in counts { total.add(count) }
    return total
  }
}

import CChecksums
import IndexFormat

/// The checksum of a record: CRC-32C of all of it but the checksum itself, first what follows the header.
///
/// Nearly all the time of reading WAL goes into this, so the processor's instruction is used where it has one.
enum RecordChecksum {
  private static let hasInstruction = checksums_has_crc32c()
  /// How many bytes of the header the checksum covers.
  private static let headerByteCount = 20

  /// 0 if the bytes are too few for a header.
  static func value(of record: RawSpan) -> UInt32 {
    guard hasInstruction else { return WALRecordHeader.checksum(of: record) }
    guard record.byteCount >= WALRecordHeader.byteCount else { return 0 }
    return record.withUnsafeBytes { bytes in
      // The span has bytes, so it has an address.
      guard let start = bytes.baseAddress else { return 0 }
      let skipped = WALRecordHeader.byteCount &- headerByteCount
      return checksums_crc32c_swapped(start, headerByteCount, skipped, bytes.count)
    }
  }
}

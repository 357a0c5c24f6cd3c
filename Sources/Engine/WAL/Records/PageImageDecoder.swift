import IndexFormat

/// Restores pages from the images in records. Keeps the decompressor that zstd needs; one for each task.
public struct PageImageDecoder: ~Copyable, Sendable {
  /// Made when the first image asks for it.
  private var zstd: ZstdDecompressor?

  public init() {}

  /// Writes the page whose image `record` has for `block` to `page`, which has room for exactly one page. After an
  /// error the page's bytes mean nothing.
  ///
  /// Whether replay may use the image at all is another question: `WALPageImage.isApplied`. The page has the LSN that
  /// it had when it was copied; who replays sets that of the record's end.
  public mutating func restore(
    _ block: WALBlockReference,
    of record: borrowing WALRecord,
    into page: inout MutableRawSpan
  ) throws(WALRecordError) {
    guard let image = block.image else {
      throw WALRecordError(.noImage, offset: 0, found: UInt64(block.id))
    }
    guard page.byteCount == WALPageImage.pageByteCount else {
      let limit = UInt64(WALPageImage.pageByteCount)
      throw WALRecordError(.badPageBuffer, offset: 0, found: UInt64(page.byteCount), limit: limit)
    }
    let stored = record.bytes.extracting(image.stored)
    let count = WALPageImage.pageByteCount &- image.hole.count
    let error = page.withUnsafeMutableBytes { page -> WALRecordError.Kind? in
      let content = UnsafeMutableRawBufferPointer(rebasing: page[0..<count])
      if let kind = fill(content, stored, image.compression) { return kind }
      Self.open(image.hole, in: page)
      return nil
    }
    if let error {
      throw WALRecordError(error, offset: image.stored.lowerBound, found: 0, limit: UInt64(count))
    }
  }

  /// Writes the page without its hole; what is wrong if that fails.
  private mutating func fill(
    _ content: UnsafeMutableRawBufferPointer,
    _ stored: RawSpan,
    _ compression: WALPageImage.Compression
  ) -> WALRecordError.Kind? {
    switch compression {
    case .none:
      guard stored.byteCount == content.count else { return .corruptImage }
      stored.withUnsafeBytes { content.copyMemory(from: $0) }
      return nil
    case .pglz: return PGLZ.decompress(stored, into: content) ? nil : .corruptImage
    case .lz4: return LZ4.decompress(stored, into: content) ? nil : .corruptImage
    case .zstd:
      if zstd == nil { zstd = ZstdDecompressor() }
      guard zstd != nil else { return .noMemory }
      // What the library says of damage adds nothing to the place of the image.
      let count = try? zstd?.decompress(stored, into: content)
      return count == content.count ? nil : .corruptImage
    }
  }

  /// Moves what stands behind the hole to its place, and fills the hole with zeros.
  private static func open(_ hole: Range<Int>, in page: UnsafeMutableRawBufferPointer) {
    guard !hole.isEmpty, let start = page.baseAddress else { return }
    // Both regions may overlap; this copies as if they did not.
    (start + hole.upperBound).copyMemory(
      from: start + hole.lowerBound,
      byteCount: page.count &- hole.upperBound
    )
    UnsafeMutableRawBufferPointer(rebasing: page[hole]).initializeMemory(as: UInt8.self, repeating: 0)
  }
}

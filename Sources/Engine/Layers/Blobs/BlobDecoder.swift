import IndexFormat

/// Gives the bytes of values as they were before they were stored. Keeps a decompressor and a buffer for use again.
public struct BlobDecoder: ~Copyable, Sendable {
  private let decompressor: ZstdDecompressor
  private var buffer: [UInt8] = []
  /// The longest value that is decompressed.
  private let limit: Int

  /// A buffer that one long value has made larger than this is not kept.
  private static let keptByteCount = 4 << 20
  /// Room for one block of a frame, which is more than most values need.
  private static let firstByteCount = ZstdFrame.maximumBlockByteCount

  /// - Parameter limit: how long a decompressed value may be; longer ones are refused before any memory is taken where
  ///   their frame tells, and else when they reach it. The default is what page servers can write.
  public init?(limit: Int = BlobHeader.maximumByteCount) {
    guard let decompressor = ZstdDecompressor() else { return nil }
    self.decompressor = decompressor
    self.limit = limit
  }

  /// Runs `body` on the value whose blob begins at the start of `bytes`; what stands behind the blob is not looked
  /// at.
  ///
  /// A value that is stored as it is is not copied. Offsets of errors count from the header.
  @inline(__always)
  public mutating func decode<Result, Failure: Error>(
    _ bytes: RawSpan,
    _ body: (BlobHeader, RawSpan) throws(Failure) -> Result
  ) throws(BlobError<Failure>) -> Result {
    let header: BlobHeader
    do throws(FormatError) {
      header = try BlobHeader(parsing: bytes)
      guard bytes.byteCount &- header.byteCount >= header.storedByteCount else {
        throw Self.truncated(header, bytes.byteCount)
      }
    } catch {
      throw .format(error)
    }
    let stored = bytes.extracting(header.byteCount..<header.totalByteCount)
    switch header.compression {
    case .none:
      do throws(Failure) { return try body(header, stored) } catch { throw .body(error) }
    case .zstd:
      let count: Int
      do throws(FormatError) {
        count = try decompress(stored)
      } catch {
        throw .format(error.within(field: "", at: header.byteCount))
      }
      do throws(Failure) {
        return try body(header, buffer.span.bytes.extracting(0..<count))
      } catch { throw .body(error) }
    }
  }

  /// Decompresses into the buffer, and returns how many bytes it holds then.
  private mutating func decompress(_ stored: RawSpan) throws(FormatError) -> Int {
    let frame = try ZstdFrame(parsing: stored, limit: limit)
    guard frame.byteCount == stored.byteCount else {
      throw FormatError(
        .trailingBytes,
        offset: frame.byteCount,
        field: "zstd frame",
        found: "\(stored.byteCount - frame.byteCount) more bytes",
        expected: "the end of the blob"
      )
    }
    let most = min(frame.maximumContentByteCount, limit)
    // A frame may claim far more than it holds: beyond what is usual, memory is taken as it turns out to be needed.
    var wanted = min(most, max(buffer.count, Self.firstByteCount))
    if buffer.count > Self.keptByteCount { buffer = [] }
    while true {
      if buffer.count < wanted { buffer = [UInt8](repeating: 0, count: wanted) }
      if let count = try decompress(stored, atMost: wanted) { return count }
      guard wanted < most else {
        throw FormatError(
          .limitExceeded,
          field: "zstd frame",
          found: "content of more than \(wanted) bytes",
          expected: "\(limit) or less"
        )
      }
      wanted = min(most, wanted &* 4)
    }
  }

  /// Nil if the content is longer.
  private mutating func decompress(_ stored: RawSpan, atMost byteCount: Int) throws(FormatError) -> Int? {
    var failure: FormatError?
    let count = buffer.withUnsafeMutableBytes { output -> Int? in
      do throws(FormatError) {
        let target = UnsafeMutableRawBufferPointer(rebasing: output.prefix(byteCount))
        return try decompressor.decompress(stored, into: target)
      } catch {
        failure = error
        return nil
      }
    }
    if let failure { throw failure }
    return count
  }

  private static func truncated(_ header: BlobHeader, _ found: Int) -> FormatError {
    FormatError(
      .truncated,
      offset: header.byteCount,
      field: "blob",
      found: "\(found - header.byteCount) bytes",
      expected: "\(header.storedByteCount) bytes"
    )
  }
}

/// Why a blob was not worked on: it cannot be read, or what was to be done with its value failed.
public enum BlobError<Failure: Error>: Error {
  case format(FormatError)
  case body(Failure)
}

extension BlobError where Failure == Never {
  /// The only thing that can have gone wrong.
  public var format: FormatError {
    switch self {
    case .format(let error): error
    }
  }
}

import CZstd
import IndexFormat

/// A decompressor that is used again and again. Not for two tasks at once: `BlobDecoderPool` lends one to each.
public struct ZstdDecompressor: ~Copyable, @unchecked Sendable {
  private let context: OpaquePointer

  /// Nil if there is no memory for it.
  public init?() {
    guard let context = ZSTD_createDCtx() else { return nil }
    self.context = context
  }

  deinit { ZSTD_freeDCtx(context) }

  /// Decompresses one frame, and returns the count of bytes that came out. Nil if `output` is too small for them.
  func decompress(
    _ frame: RawSpan,
    into output: UnsafeMutableRawBufferPointer
  ) throws(FormatError) -> Int? {
    let result = frame.withUnsafeBytes { input in
      ZSTD_decompressDCtx(context, output.baseAddress, output.count, input.baseAddress, input.count)
    }
    guard ZSTD_isError(result) != 0 else { return result }
    if ZSTD_getErrorCode(result) == ZSTD_error_dstSize_tooSmall { return nil }
    throw FormatError(
      .syntax,
      field: "zstd frame",
      found: String(cString: ZSTD_getErrorName(result)),
      expected: "a frame that decompresses"
    )
  }
}

/// Decompresses a stream of frames piece by piece, in bounded memory.
struct ZstdStream: ~Copyable, @unchecked Sendable {
  private let context: OpaquePointer
  /// Whether the input so far ends where a frame does.
  private(set) var isAtFrameEnd = false

  /// - Parameter windowLog: frames that look back over more than 2 to this power bytes are refused.
  /// Nil if there is no memory for it.
  init?(windowLog: Int) {
    guard let context = ZSTD_createDCtx() else { return nil }
    self.context = context
    ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Int32(windowLog))
  }

  deinit { ZSTD_freeDCtx(context) }

  /// Decompresses from `input`, from `position` on, and moves that. Returns the count of bytes that came out. When the
  /// input is used up, there may be more to come out until less than the room in `output` does.
  mutating func step(
    _ input: RawSpan,
    from position: inout Int,
    into output: UnsafeMutableRawBufferPointer
  ) throws(FormatError) -> Int {
    var target = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
    let context = context
    let start = position
    let (result, end) = input.withUnsafeBytes { bytes in
      var source = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: start)
      let result = ZSTD_decompressStream(context, &target, &source)
      return (result, source.pos)
    }
    // At the end of a frame a call without input changes nothing.
    if end > start || target.pos > 0 { isAtFrameEnd = result == 0 }
    position = end
    guard ZSTD_isError(result) != 0 else { return target.pos }
    throw FormatError(
      .syntax,
      offset: end,
      field: "zstd",
      found: String(cString: ZSTD_getErrorName(result)),
      expected: "a stream that decompresses"
    )
  }
}

/// A compressor that makes frames as page servers do: streamed, so that a frame does not tell the length of its
/// content.
public struct ZstdCompressor: ~Copyable, @unchecked Sendable {
  private let context: OpaquePointer

  public static var levels: ClosedRange<Int> { Int(ZSTD_minCLevel())...Int(ZSTD_maxCLevel()) }

  /// Nil if there is no memory for it. A level out of the library's range counts as the next one inside.
  public init?(level: Int) {
    guard let context = ZSTD_createCCtx() else { return nil }
    self.context = context
    let clamped = min(max(level, Self.levels.lowerBound), Self.levels.upperBound)
    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, Int32(clamped))
  }

  deinit { ZSTD_freeCCtx(context) }

  /// Writes the frame of `content` to the start of `output`, which grows as needed, and returns its length; nil if it
  /// is no shorter than the content.
  public func compress(_ content: RawSpan, into output: inout [UInt8]) -> Int? {
    let bound = ZSTD_compressBound(content.byteCount)
    if output.count < bound { output = [UInt8](repeating: 0, count: bound) }
    guard let count = Self.stream(context, content, into: &output), count < content.byteCount else {
      return nil
    }
    return count
  }

  /// The length of the frame; nil if the library fails, which for a lack of memory only it can.
  private static func stream(_ context: OpaquePointer, _ content: RawSpan, into output: inout [UInt8]) -> Int?
  {
    ZSTD_CCtx_reset(context, ZSTD_reset_session_only)
    return output.withUnsafeMutableBytes { target in
      content.withUnsafeBytes { source -> Int? in
        var input = ZSTD_inBuffer(src: source.baseAddress, size: source.count, pos: 0)
        var frame = ZSTD_outBuffer(dst: target.baseAddress, size: target.count, pos: 0)
        // All of the content first and the end apart: told both at once, the library writes the length into the
        // frame.
        while input.pos < input.size {
          guard ZSTD_isError(ZSTD_compressStream2(context, &frame, &input, ZSTD_e_continue)) == 0 else {
            return nil
          }
        }
        while true {
          let left = ZSTD_compressStream2(context, &frame, &input, ZSTD_e_end)
          if left == 0 { return frame.pos }
          // No room although the bound is there, or an error: both end here.
          guard ZSTD_isError(left) == 0, frame.pos < frame.size else { return nil }
        }
      }
    }
  }
}

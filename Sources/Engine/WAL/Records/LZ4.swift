import CLZ4

/// The LZ4 of PostgreSQL: one block without a frame.
enum LZ4 {
  /// Decompresses a block; false if it is damaged or does not fill all of `output`.
  static func decompress(_ block: RawSpan, into output: UnsafeMutableRawBufferPointer) -> Bool {
    guard let inputCount = Int32(exactly: block.byteCount), let outputCount = Int32(exactly: output.count),
      let target = output.baseAddress
    else { return false }
    return block.withUnsafeBytes { input in
      guard let source = input.baseAddress else { return false }
      return LZ4_decompress_safe(source, target, inputCount, outputCount) == outputCount
    }
  }
}

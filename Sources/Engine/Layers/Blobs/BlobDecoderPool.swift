import Synchronization

/// Lends decoders: making one costs memory for zstd's tables each time.
public final class BlobDecoderPool: Sendable {
  private struct Free: ~Copyable {
    var decoders: [Box] = []
  }

  /// Decoders cannot be copied, so arrays hold boxes of them.
  private final class Box: @unchecked Sendable {
    var decoder: BlobDecoder

    init(_ decoder: consuming BlobDecoder) { self.decoder = decoder }
  }

  private let free = Mutex(Free())
  private let limit: Int
  /// More than this many are not kept.
  private let keptCount: Int

  public init(limit: Int = BlobHeader.maximumByteCount, keptCount: Int = 64) {
    self.limit = limit
    self.keptCount = keptCount
  }

  /// Runs `body` with a decoder that nobody else has meanwhile; nil if there is no memory for one.
  public func withDecoder<Result, Failure: Error>(
    _ body: (inout BlobDecoder) throws(Failure) -> Result
  ) throws(Failure) -> Result? {
    var box = free.withLock { $0.decoders.popLast() }
    if box == nil, let decoder = BlobDecoder(limit: limit) { box = Box(decoder) }
    guard let box else { return nil }
    defer {
      free.withLock { free in
        if free.decoders.count < keptCount { free.decoders.append(box) }
      }
    }
    return try body(&box.decoder)
  }
}

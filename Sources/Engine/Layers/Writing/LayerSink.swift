import IndexFormat

/// Where a layer is written to: at the end, and once more at the start, because the summary comes last.
public protocol LayerSink: ~Copyable {
  mutating func append(_ bytes: RawSpan) throws(LayerWriteError)
  /// Replaces as many bytes at the start.
  mutating func replaceStart(_ bytes: RawSpan) throws(LayerWriteError)
}

/// A layer written into memory.
public struct MemoryLayerSink: LayerSink {
  public private(set) var bytes: [UInt8] = []

  public init() {}

  public mutating func append(_ bytes: RawSpan) throws(LayerWriteError) { self.bytes.append(bytes) }

  public mutating func replaceStart(_ bytes: RawSpan) throws(LayerWriteError) {
    precondition(bytes.byteCount <= self.bytes.count)
    for offset in 0..<bytes.byteCount { self.bytes[offset] = bytes.byte(offset) }
  }
}

/// What a writer has made.
@frozen
public struct WrittenLayer<Sink: LayerSink & ~Copyable>: ~Copyable {
  public let summary: LayerSummary
  /// Of the whole file.
  public let byteCount: UInt64
  public let entryCount: Int
  public var sink: Sink

  init(summary: LayerSummary, byteCount: UInt64, entryCount: Int, sink: consuming Sink) {
    self.summary = summary
    self.byteCount = byteCount
    self.entryCount = entryCount
    self.sink = sink
  }
}

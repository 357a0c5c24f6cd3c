import IndexFormat

/// Reads the blobs of entries in batches, a few reads ahead of what is asked for.
///
/// Batches are handed out, rather than values to a closure, so that decoding runs where the caller wants, without a
/// suspension in between. For one task at a time; what is still being read when the stream ends is cancelled.
public final class BlobStream {
  private let reader: LayerReader
  private let entries: [LayerEntry]
  private let reads: [ReadPlan.Read]
  private let concurrency: Int
  private let meter: ReadMeter?
  /// Reads under way: of `handedOut` and those behind it.
  private var running: [Task<Result<LayerBytes, LayerReadError>, Never>] = []
  private var handedOut = 0

  init(
    _ reader: LayerReader,
    _ entries: [LayerEntry],
    _ limits: ReadPlan.Limits,
    concurrency: Int,
    meter: ReadMeter?
  ) {
    self.reader = reader
    self.meter = meter
    self.entries = entries
    self.concurrency = max(1, concurrency)
    reads = ReadPlan(entries.map(\.blob), limits: limits).reads
  }

  deinit {
    for task in running { task.cancel() }
  }

  /// How many reads all batches together take.
  public var readCount: Int { reads.count }

  /// The next batch; nil behind the last.
  public func next() async throws(LayerReadError) -> BlobBatch? {
    let batch = await nextResult()
    if let failure = batch?.failure { throw failure }
    return batch
  }

  /// The next batch, which may be one that could not be read: others still can.
  public func nextResult() async -> BlobBatch? {
    guard handedOut < reads.count else { return nil }
    let read = reads[handedOut]
    while running.count < concurrency, handedOut + running.count < reads.count {
      start(reads[handedOut + running.count].range)
    }
    let result = await running.removeFirst().value
    handedOut += 1
    return BlobBatch(reader: reader, entries: entries[read.items], start: read.range.lowerBound, result)
  }

  private func start(_ range: Range<UInt64>) {
    let (reader, meter) = (reader, meter)
    running.append(Task { await reader.result(of: range, meter) })
  }
}

extension LayerReader {
  fileprivate func result(
    of range: Range<UInt64>,
    _ meter: ReadMeter?
  ) async -> Result<LayerBytes, LayerReadError> {
    do throws(LayerReadError) {
      return .success(try await fetch(range, meter))
    } catch {
      return .failure(error)
    }
  }

  /// The blobs of entries of this layer, which must be in the order of the index.
  ///
  /// - Parameter concurrency: reads that run at a time.
  public func blobs(
    of entries: [LayerEntry],
    limits: ReadPlan.Limits = ReadPlan.Limits(),
    concurrency: Int = 4,
    meter: ReadMeter? = nil
  ) -> BlobStream {
    BlobStream(self, entries, limits, concurrency: concurrency, meter: meter)
  }
}

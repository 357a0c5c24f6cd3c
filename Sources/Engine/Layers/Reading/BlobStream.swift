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
  /// Reads under way: of `handedOut` and those behind it.
  private var running: [Task<Result<LayerBytes, LayerReadError>, Never>] = []
  private var handedOut = 0

  init(_ reader: LayerReader, _ entries: [LayerEntry], _ limits: ReadPlan.Limits, concurrency: Int) {
    self.reader = reader
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
    guard handedOut < reads.count else { return nil }
    let read = reads[handedOut]
    let bytes: LayerBytes
    if reads.count == 1 {
      bytes = try await reader.fetch(read.range)
    } else {
      while running.count < concurrency, handedOut + running.count < reads.count {
        start(reads[handedOut + running.count].range)
      }
      bytes = try await running.removeFirst().value.get()
    }
    handedOut += 1
    return BlobBatch(
      reader: reader,
      entries: entries[read.items],
      start: read.range.lowerBound,
      bytes: bytes
    )
  }

  private func start(_ range: Range<UInt64>) {
    let reader = reader
    running.append(
      Task {
        do throws(LayerReadError) {
          return .success(try await reader.fetch(range))
        } catch {
          return .failure(error)
        }
      }
    )
  }
}

extension LayerReader {
  /// The blobs of entries of this layer, which must be in the order of the index.
  ///
  /// - Parameter concurrency: reads that run at a time.
  public func blobs(
    of entries: [LayerEntry],
    limits: ReadPlan.Limits = ReadPlan.Limits(),
    concurrency: Int = 4
  ) -> BlobStream {
    BlobStream(self, entries, limits, concurrency: concurrency)
  }
}

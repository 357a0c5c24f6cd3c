import Synchronization

/// Counts ranged reads and their bytes, for one purpose among those that share a reader.
public final class ReadMeter: Sendable {
  private let reads = Atomic<Int>(0)
  private let bytes = Atomic<Int>(0)

  public init() {}

  func add(byteCount: Int) {
    reads.wrappingAdd(1, ordering: .relaxed)
    bytes.wrappingAdd(byteCount, ordering: .relaxed)
  }

  public var readCount: Int { reads.load(ordering: .relaxed) }
  public var byteCount: Int { bytes.load(ordering: .relaxed) }
}

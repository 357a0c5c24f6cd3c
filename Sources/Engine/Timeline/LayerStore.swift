import IndexFormat
import Synchronization

/// Layers of a bucket, opened when they are needed and kept open for others: what all timelines of a tenant share.
///
/// A layer that several tasks want is opened once. Kept are as many as `limit` says; a hand goes round them ("clock")
/// and drops those that nobody asked for since it came by last.
public final class LayerStore: Sendable {
  private typealias Opening = Task<Result<LayerReader, LayerReadError>, Never>

  private enum Way {
    case isOpen(LayerReader)
    case opens(Opening)
  }

  private struct Slot {
    var key: String
    var reader: LayerReader
    var isMarked: Bool
  }

  private struct State {
    var table: [String: Int] = [:]
    var slots: [Slot] = []
    var hand = 0
    var openings: [String: Opening] = [:]

    mutating func get(_ key: String) -> LayerReader? {
      guard let index = table[key] else { return nil }
      slots[index].isMarked = true
      return slots[index].reader
    }

    mutating func put(_ key: String, _ reader: LayerReader, limit: Int) {
      guard table[key] == nil, limit > 0 else { return }
      if slots.count < limit {
        table[key] = slots.count
        slots.append(Slot(key: key, reader: reader, isMarked: false))
        return
      }
      while slots[hand].isMarked {
        slots[hand].isMarked = false
        hand = (hand + 1) % slots.count
      }
      table[slots[hand].key] = nil
      table[key] = hand
      slots[hand] = Slot(key: key, reader: reader, isMarked: false)
      hand = (hand + 1) % slots.count
    }
  }

  public let source: any LayerSource
  public let cache: BlockCache
  private let decoders: BlobDecoderPool
  private let limit: Int
  private let state = Mutex(State())

  public init(
    source: any LayerSource,
    cache: BlockCache,
    decoders: BlobDecoderPool = BlobDecoderPool(),
    limit: Int = 1024
  ) {
    self.source = source
    self.cache = cache
    self.decoders = decoders
    self.limit = limit
  }

  /// Layers that are open now.
  public var openCount: Int { state.withLock { $0.slots.count } }

  /// - Parameter byteCount: of the object, as the index says.
  public func open(
    _ object: LayerObject,
    byteCount: UInt64,
    meter: ReadMeter? = nil
  ) async throws(LayerReadError) -> LayerReader {
    let key = object.key
    let way = state.withLock { state -> Way in
      if let reader = state.get(key) { return .isOpen(reader) }
      if let opening = state.openings[key] { return .opens(opening) }
      let opening = Opening { [self] in await read(object, byteCount, meter) }
      state.openings[key] = opening
      return .opens(opening)
    }
    switch way {
    case .isOpen(let reader): return reader
    case .opens(let opening): return try await opening.value.get()
    }
  }

  private func read(
    _ object: LayerObject,
    _ byteCount: UInt64,
    _ meter: ReadMeter?
  ) async -> Result<LayerReader, LayerReadError> {
    let result: Result<LayerReader, LayerReadError>
    do throws(LayerReadError) {
      result = .success(
        try await LayerReader.open(
          object,
          byteCount: byteCount,
          in: source,
          cache: cache,
          decoders: decoders,
          meter: meter
        )
      )
    } catch {
      result = .failure(error)
    }
    state.withLock { state in
      state.openings[object.key] = nil
      if case .success(let reader) = result { state.put(object.key, reader, limit: limit) }
    }
    return result
  }
}

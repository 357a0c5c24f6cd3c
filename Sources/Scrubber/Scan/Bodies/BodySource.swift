import Engine
import IndexFormat
import Synchronization

/// The bytes of one object, read in parts that are all of the same object: of that which was listed, as far as size and
/// etag tell.
final class BodySource: LayerSource {
  private struct State {
    var etag = ""
    var bytesRead: UInt64 = 0
    var holdsLargeToken = false
  }

  let store: any ObjectStore
  let key: String
  let byteCount: UInt64
  private let desk: BodyDesk
  /// Called behind each read.
  private let progress: @Sendable () async -> Void
  private let state = Mutex(State())

  /// - Parameter byteCount: as listed.
  init(
    _ store: any ObjectStore,
    _ key: String,
    byteCount: UInt64,
    desk: BodyDesk,
    progress: @escaping @Sendable () async -> Void
  ) {
    self.store = store
    self.key = key
    self.byteCount = byteCount
    self.desk = desk
    self.progress = progress
  }

  deinit {
    if state.withLock(\.holdsLargeToken) { desk.largeReads.giveBack() }
  }

  var bytesRead: UInt64 { state.withLock(\.bytesRead) }

  func byteCount(of key: String) async throws(LayerSourceError) -> UInt64 { byteCount }

  func read(_ key: String, _ range: Range<UInt64>) async throws(LayerSourceError) -> LayerBytes {
    guard let count = Int(exactly: range.upperBound - range.lowerBound) else {
      throw LayerSourceError(.badRequest, key: key, detail: "range \(range) is too long")
    }
    if count > BodyDesk.largeByteCount { await takeLargeToken() }
    let etag = state.withLock(\.etag)
    let content: ObjectContent
    do throws(StoreError) {
      content = try await store.read(
        ReadRequest(key, range: range, ifMatch: etag.isEmpty ? nil : etag, limit: count)
      )
    } catch {
      throw LayerSourceError(error)
    }
    guard content.metadata.size == byteCount else {
      let detail = "it has \(content.metadata.size) bytes, and was listed with \(byteCount)"
      throw LayerSourceError(.changed, key: key, detail: detail)
    }
    guard content.bytes.count == count else {
      let detail = "\(content.bytes.count) of \(count) bytes from \(range.lowerBound) on"
      throw LayerSourceError(.shortRead, key: key, detail: detail)
    }
    state.withLock { state in
      state.etag = content.metadata.etag
      state.bytesRead += UInt64(count)
    }
    desk.noteRead(UInt64(count))
    await progress()
    return LayerBytes(content.bytes)
  }

  /// Whether the object is still the one that was read; before damage is told of, this is asked.
  func isUnchanged() async throws(StoreError) -> Bool {
    guard let metadata = try await store.head(key) else { return false }
    let etag = state.withLock(\.etag)
    // Of an object that is too short to be a layer, nothing is read.
    return metadata.size == byteCount && (etag.isEmpty || metadata.etag == etag)
  }

  /// Held until this source is gone, as its reader may keep the bytes so long.
  private func takeLargeToken() async {
    let isNew = state.withLock { state in
      defer { state.holdsLargeToken = true }
      return !state.holdsLargeToken
    }
    if isNew { await desk.largeReads.take() }
  }
}

/// What the tasks that look into objects share: how many may do so at once, and how far they are.
final class BodyDesk: Sendable {
  /// One for each object that is looked into.
  let tokens: TokenBucket
  /// One for each object of which a long part is read at once: single values may have 256 MiB.
  let largeReads = TokenBucket(count: 2)
  private let objectsDone = Atomic<Int>(0)
  private let bytesRead = Atomic<UInt64>(0)

  static let largeByteCount = 4 << 20

  init(jobs: Int) { tokens = TokenBucket(count: jobs) }

  var progress: BodyProgress {
    BodyProgress(
      objectsDone: objectsDone.load(ordering: .relaxed),
      bytesRead: bytesRead.load(ordering: .relaxed)
    )
  }

  func noteRead(_ byteCount: UInt64) { bytesRead.wrappingAdd(byteCount, ordering: .relaxed) }
  func noteDone() { objectsDone.wrappingAdd(1, ordering: .relaxed) }
}

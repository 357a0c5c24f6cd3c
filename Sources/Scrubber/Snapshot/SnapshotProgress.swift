import Synchronization

/// How far a snapshot is; tells it now and then.
final class SnapshotProgress: Sendable {
  struct State: Sendable {
    var objects = 0
    var bytes: UInt64 = 0
    var objectTotal = 0
    var byteTotal: UInt64 = 0
    var elapsed = Duration.zero
    fileprivate var last = Duration.zero
  }

  private static let interval = Duration.milliseconds(100)

  private let state = Mutex(State())
  private let start = ContinuousClock.now
  private let tell: @Sendable (State) -> Void

  init(_ tell: @escaping @Sendable (State) -> Void = { _ in }) { self.tell = tell }

  /// Sets what there is to do, and how much of it is done already.
  func begin(objects: Int, bytes: UInt64, done: Int = 0, doneBytes: UInt64 = 0) {
    state.withLock { state in
      (state.objectTotal, state.byteTotal, state.objects, state.bytes) = (objects, bytes, done, doneBytes)
    }
  }

  func add(bytes: UInt64) { change { $0.bytes &+= bytes } }
  func addObject() { change { $0.objects += 1 } }

  /// Takes back what was counted for an object that must be fetched again.
  func takeBack(bytes: UInt64) { change { $0.bytes = $0.bytes >= bytes ? $0.bytes - bytes : 0 } }

  private func change(_ body: (inout State) -> Void) {
    let elapsed = ContinuousClock.now - start
    let due = state.withLock { state -> State? in
      body(&state)
      guard elapsed - state.last >= Self.interval else { return nil }
      state.last = elapsed
      state.elapsed = elapsed
      return state
    }
    if let due { tell(due) }
  }
}

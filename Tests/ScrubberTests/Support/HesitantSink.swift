import Dispatch
import Synchronization

@testable import Scrubber

/// Keeps bytes in memory, and says every now and then that it has no room, for a moment.
final class HesitantSink: ObjectSink {
  private struct State {
    var bytes: [UInt8] = []
    var isFull = false
    var mayTake = false
    var refusals = 0
    var listener: (@Sendable () -> Void)?
    var waiter: CheckedContinuation<Void, Never>?
  }

  private let state = Mutex(State())
  private let limit: Int

  /// - Parameter limit: with more bytes than these it fails.
  init(limit: Int = .max) { self.limit = limit }

  var bytes: [UInt8] { state.withLock { $0.bytes } }
  var refusals: Int { state.withLock { $0.refusals } }

  func take(_ bytes: UnsafeRawBufferPointer) -> SinkAnswer {
    let answer = state.withLock { state -> SinkAnswer in
      guard bytes.count <= limit - state.bytes.count else { return .failed }
      guard state.mayTake else {
        state.isFull = true
        state.refusals += 1
        return .full
      }
      state.mayTake = false
      state.bytes += bytes
      return .taken
    }
    if answer == .full {
      DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(2)) { self.makeRoom() }
    }
    return answer
  }

  private func makeRoom() {
    let (listener, waiter) = state.withLock { state in
      (state.isFull, state.mayTake) = (false, true)
      defer { state.waiter = nil }
      return (state.listener, state.waiter)
    }
    listener?()
    waiter?.resume()
  }

  var isReady: Bool { state.withLock { !$0.isFull } }

  func notify(_ listener: @escaping @Sendable () -> Void) { state.withLock { $0.listener = listener } }

  func put(_ bytes: [UInt8]) async -> Bool {
    while true {
      switch bytes.withUnsafeBytes({ take($0) }) {
      case .taken: return true
      case .failed: return false
      case .full:
        await withCheckedContinuation { continuation in
          let isReady = state.withLock { state in
            if !state.isFull { return true }
            state.waiter = continuation
            return false
          }
          if isReady { continuation.resume() }
        }
      }
    }
  }
}

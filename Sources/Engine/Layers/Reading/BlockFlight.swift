import Synchronization

/// A read that is under way, and those who wait for what comes of it.
final class BlockFlight: Sendable {
  typealias Outcome = Result<LayerBytes, LayerReadError>

  private enum State {
    case waiting([CheckedContinuation<Outcome, Never>])
    case finished(Outcome)
  }

  private let state = Mutex(State.waiting([]))

  func result() async -> Outcome {
    await withCheckedContinuation { continuation in
      let outcome = state.withLock { state -> Outcome? in
        switch state {
        case .finished(let outcome): return outcome
        case .waiting(let waiters):
          state = .waiting(waiters + [continuation])
          return nil
        }
      }
      if let outcome { continuation.resume(returning: outcome) }
    }
  }

  func finish(_ outcome: Outcome) {
    let waiters = state.withLock { state -> [CheckedContinuation<Outcome, Never>] in
      guard case .waiting(let waiters) = state else { return [] }
      state = .finished(outcome)
      return waiters
    }
    for waiter in waiters { waiter.resume(returning: outcome) }
  }
}

import Synchronization

/// What the listings of one scan may do beside each other: shared by them, so that there is one bound for all.
///
/// | bound | why |
/// |---|---|
/// | requests ahead | a server and its network serve only so many well |
/// | pages ahead | they wait in memory |
/// | cuts | each may cost a request whose page is not full |
final class ListingSlots: Sendable {
  private struct State {
    var requests: Int
    var pages: Int
    var cuts: Int
    var listedPages = 0
  }

  private let state: Mutex<State>
  /// Pages listed for which one more cut is allowed.
  private static let pagesPerCut = 32

  init(requests: Int, pages: Int = 192, cuts: Int = 24) {
    state = Mutex(State(requests: requests, pages: pages, cuts: cuts))
  }

  /// Whether a request may be sent for a page that nobody waits for yet. `endRequest` gives the request back, and
  /// `endPage` its page.
  func beginRequestAhead() -> Bool {
    state.withLock { state in
      guard state.requests > 0, state.pages > 0 else { return false }
      state.requests -= 1
      state.pages -= 1
      return true
    }
  }

  func endRequest() { state.withLock { $0.requests += 1 } }
  func endPage() { state.withLock { $0.pages += 1 } }

  /// Notes that a page was listed.
  func notePage() {
    state.withLock { state in
      state.listedPages += 1
      if state.listedPages.isMultiple(of: Self.pagesPerCut) { state.cuts += 1 }
    }
  }

  /// Whether a listing may be cut now: only when there is a request free for the new part.
  func takeCut() -> Bool {
    state.withLock { state in
      guard state.cuts > 0, state.requests > 0, state.pages > 0 else { return false }
      state.cuts -= 1
      return true
    }
  }
}

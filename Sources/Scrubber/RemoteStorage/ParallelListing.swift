import Synchronization

/// A listing by several requests at the same time, whose pages come in order all the same.
///
/// It begins as one listing that is read ahead. A part of it that turns out long is cut in two where the keys seen so
/// far suggest the middle (`ListingCut`), as long as there are slots: so many small tenants are listed as before, and
/// one with a million layers by many requests. Nothing is listed twice or left out: the parts' borders meet.
final class ParallelListing: ListingPages {
  private let store: any ObjectStore
  private let slots: ListingSlots
  /// In key order; the first is the one whose pages are handed out.
  private var parts: ArraySlice<ListingPart>

  init(_ store: any ObjectStore, _ request: ListRequest, slots: ListingSlots) {
    self.store = store
    self.slots = slots
    parts = [ListingPart(store, request, slots: slots)]
  }

  deinit { for part in parts { part.cancel() } }

  /// As of the listings below.
  var resumesBehindErrors: Bool { parts.first?.resumesBehindErrors ?? false }

  func next() async throws(StoreError) -> ListingPage? {
    while let part = parts.first {
      for part in parts { part.readAhead() }
      switch await part.next() {
      case .page(let page):
        // Now no request for this part is under way. While the caller works on the page, the next ones come.
        cutLongParts()
        for part in parts { part.readAhead() }
        return page
      case .failure(let error): throw error
      case .end: parts.removeFirst()
      }
    }
    return nil
  }

  /// The first parts come first: their pages are needed first.
  private func cutLongParts() {
    var index = parts.startIndex
    while index < parts.endIndex {
      if let rest = parts[index].cut() { parts.insert(rest, at: index + 1) }
      index += 1
    }
  }
}

/// A range of keys that is listed page by page, some pages ahead.
private final class ListingPart: Sendable {
  enum Step: Sendable {
    case page(ListingPage)
    case failure(StoreError)
    case end
  }

  private struct State {
    var request: ListRequest
    /// Made anew for each range; used by the one task under way.
    var pages: any ListingPages
    /// What came, and whether it holds a page of the slots.
    var ready: ArraySlice<(step: Step, holdsPage: Bool)> = []
    /// The request under way.
    var fetch: Task<Void, Never>?
    var isEnded = false
    /// Pages since the part was made or cut, and the borders of the last of them.
    var pageCount = 0
    var lastPage: (first: [UInt8], last: [UInt8])?
    /// Whether what comes next is known only when somebody has seen the error before it.
    var waitsForReader: Bool {
      if case .failure = ready.last?.step { true } else { false }
    }

    /// Files what a request came to.
    mutating func take(_ step: Step, isAhead: Bool, _ slots: ListingSlots) {
      fetch = nil
      if case .page(let page) = step, !isEnded {
        slots.notePage()
        pageCount += 1
        lastPage = page.borders
        ready.append((step, isAhead))
        return
      }
      if isAhead { slots.endPage() }
      if isEnded { return }
      if case .end = step { isEnded = true }
      if case .failure = step { ready.append((step, false)) }
    }
  }

  /// Lets the one task at a time that fetches use what is not `Sendable`.
  private struct Handle: @unchecked Sendable { let pages: any ListingPages }

  private let store: any ObjectStore
  private let slots: ListingSlots
  private let state: Mutex<State>

  /// Pages that a part keeps ready.
  private static let maxReady = 8
  /// A part is long once it had so many pages and goes on.
  private static let longPageCount = 3

  init(_ store: any ObjectStore, _ request: ListRequest, slots: ListingSlots) {
    self.store = store
    self.slots = slots
    state = Mutex(State(request: request, pages: store.list(request)))
  }

  var resumesBehindErrors: Bool { state.withLock { $0.pages.resumesBehindErrors } }

  /// Gives up what is under way or waits.
  func cancel() {
    state.withLock { state in
      state.isEnded = true
      state.fetch?.cancel()
      for ready in state.ready where ready.holdsPage { slots.endPage() }
      state.ready = []
    }
  }

  /// The next page; waits for it.
  func next() async -> Step {
    while true {
      let (step, fetch) = state.withLock { state -> (Step?, Task<Void, Never>?) in
        if let ready = state.ready.popFirst() {
          if ready.holdsPage { slots.endPage() }
          return (ready.step, nil)
        }
        if state.isEnded { return (.end, nil) }
        if state.fetch == nil { state.fetch = beginFetch(Handle(pages: state.pages), isAhead: false) }
        return (nil, state.fetch)
      }
      if let step { return step }
      await withTaskCancellationHandler {
        await fetch?.value
      } onCancel: {
        fetch?.cancel()
      }
    }
  }

  /// Begins to fetch a page that nobody waits for yet, if there is room for it.
  func readAhead() {
    state.withLock { state in
      guard state.fetch == nil, !state.isEnded, !state.waitsForReader, state.ready.count < Self.maxReady,
        slots.beginRequestAhead()
      else { return }
      state.fetch = beginFetch(Handle(pages: state.pages), isAhead: true)
    }
  }

  /// Cuts the part in two if it is long and there is somebody to list the rest, which is returned.
  func cut() -> ListingPart? {
    state.withLock { state in
      guard state.fetch == nil, !state.isEnded, !state.waitsForReader,
        state.pageCount >= Self.longPageCount, let page = state.lastPage,
        let cut = ListingCut.cut(
          first: page.first,
          last: page.last,
          prefix: state.request.prefix.utf8.count,
          end: state.request.endBefore.map { Array($0.utf8) }
        ), slots.takeCut()
      else { return nil }
      state.request.startAfter = String(decoding: page.last, as: UTF8.self)
      let halves = state.request.cut(at: [String(decoding: cut, as: UTF8.self)])
      guard halves.count == 2 else { return nil }
      state.request = halves[0]
      state.pages = store.list(halves[0])
      state.pageCount = 0
      return ListingPart(store, halves[1], slots: slots)
    }
  }

  private func beginFetch(_ handle: Handle, isAhead: Bool) -> Task<Void, Never> {
    Task {
      let step: Step
      do throws(StoreError) {
        step = try await handle.pages.next().map { .page($0) } ?? .end
      } catch {
        step = .failure(error)
      }
      if isAhead { slots.endRequest() }
      state.withLock { $0.take(step, isAhead: isAhead, slots) }
    }
  }
}

extension ListingPage {
  /// The first and the last key.
  fileprivate var borders: (first: [UInt8], last: [UInt8])? {
    guard let first = entries.first, let last = entries.last else { return nil }
    func bytes(_ entry: Entry) -> [UInt8] {
      Array(keyBytes[entry.keyOffset..<entry.keyOffset + entry.keyLength])
    }
    return (bytes(first), bytes(last))
  }
}

import Synchronization

/// A number of tasks that share a list of work.
enum Workers {
  /// Calls `work` with each number below `count`, `jobs` calls at a time, until all are done, one gives false, or the
  /// task is cancelled.
  static func run(count: Int, jobs: Int, _ work: @escaping @Sendable (Int) async -> Bool) async {
    let next = Counter()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<min(max(1, jobs), count) {
        group.addTask {
          while !Task.isCancelled, let number = next.take(below: count) {
            if await !work(number) { return next.stop() }
          }
        }
      }
    }
  }

  private final class Counter: Sendable {
    private let value = Atomic<Int>(0)

    func take(below limit: Int) -> Int? {
      // Stopped, it stays far behind the limit.
      guard value.load(ordering: .relaxed) < limit else { return nil }
      let number = value.add(1, ordering: .relaxed).oldValue
      return number < limit ? number : nil
    }

    func stop() { value.store(.max / 2, ordering: .relaxed) }
  }
}

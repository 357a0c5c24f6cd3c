import Engine
import IndexFormat
import Synchronization

/// Replays WAL into a scratch folder, by several tasks, and finds what is to be compared.
final class ReplayPreparation: Sendable {
  private let drafts: [ReplayDraft]
  private let options: VerifyOptions
  private let scratch: String
  private let replays = Mutex<[Int: ShardReplay]>([:])
  private let failure = Mutex<ScanFailure?>(nil)

  init(_ drafts: [ReplayDraft], _ options: VerifyOptions, scratch: String) {
    self.drafts = drafts
    self.options = options
    self.scratch = scratch
  }

  /// One for each draft, in their order.
  func run() async throws(ScanFailure) -> [ShardReplay] {
    await Workers.run(count: drafts.count, jobs: options.jobs) { [self] number in await prepare(number) }
    if let failure = failure.withLock({ $0 }) { throw failure }
    if Task.isCancelled { throw .interrupted }
    let found = replays.withLock { $0 }
    return drafts.indices.compactMap { found[$0] }
  }

  private func prepare(_ number: Int) async -> Bool {
    do throws(ScanFailure) {
      let replay = try await replay(drafts[number])
      replays.withLock { $0[number] = replay }
      return true
    } catch {
      failure.withLock { $0 = $0 ?? error }
      return false
    }
  }

  private func replay(_ draft: ReplayDraft) async throws(ScanFailure) -> ShardReplay {
    let replayed: ReplayedTimeline
    do throws(ReplayFailure) {
      replayed = try await ReplayedTimeline.make(draft.plan, draft.wal, scratchBelow: scratch)
    } catch {
      throw ScanFailure(error)
    }
    // Without an answer nobody knows what there is to compare.
    if replayed.obstacle == .unreachable { throw ScanFailure(unanswered: draft) }
    do throws(ReplayFailure) {
      let check = try await ReplayCheck.make(
        replayed,
        against: draft.timeline.timeline,
        draft.facts,
        history: draft.history,
        at: draft.lsns,
        byteBudget: options.unitByteBudget
      )
      return ShardReplay(draft, replayed, check)
    } catch {
      throw ScanFailure(error)
    }
  }
}

extension ScanFailure {
  fileprivate init(unanswered draft: ReplayDraft) {
    let reason = draft.wal.failure.map { "\($0)" } ?? "the base cannot be read: there was no answer"
    self.init(message: "timeline \(draft.timeline.view.id): \(reason)")
  }

  /// A replay that cannot go on.
  init(_ error: ReplayFailure) {
    switch error {
    case .cancelled: self = .interrupted
    case .scratch, .write:
      self.init(message: "\(error)", hint: "Name a folder with more room by --scratch.")
    case .read(let error): self.init(error)
    }
  }
}

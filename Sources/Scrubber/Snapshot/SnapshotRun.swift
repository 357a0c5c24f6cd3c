import IndexFormat
import Synchronization

/// Takes a snapshot of a tenant, of one moment.
///
/// | step | what |
/// |---|---|
/// | look | list the tenant, read what decides, plan what to take |
/// | fetch | every object of the plan that is not there yet |
/// | look again | the same plan means that nothing of it changed in between: the moment is the end of the first look |
/// | or else | drop the files that changed, and fetch and look once more |
///
/// Through versions both looks see the pinned moment, so the second one nearly always agrees: it differs only where the
/// store dates a version back (an upload in parts counts from its beginning).
struct SnapshotRun: Sendable {
  var origin: SnapshotOrigin
  let selection: SnapshotSelection
  /// The folder to write.
  let path: String
  let progress: SnapshotProgress
  /// The journal of the run before, to go on from.
  var journal: SnapshotJournal?
  /// Looks at a tenant that changes all the time.
  var maxLooks = 16
  var partByteCount: UInt64 = 4 << 20

  static let resumeHint = "What is there is kept: go on with --resume."

  /// A file that is there, whole.
  private struct Held {
    var file: SnapshotFile
    /// What it was fetched as; nil for one of an earlier run.
    var item: SnapshotItem?

    /// Whether it is the object of this plan.
    func belongs(to wanted: SnapshotItem) -> Bool {
      if let item { return item == wanted }
      guard file.size == wanted.size, wanted.digest.map({ $0 == file.sha256 }) ?? true else { return false }
      if let version = wanted.version { return file.version == version }
      let isOfItsTime =
        Timestamp(rfc3339: file.lastModified)?.wholeSeconds == wanted.lastModified.wholeSeconds
      return isOfItsTime && (wanted.mark == .none || ContentMark(etag: file.etag ?? "") == wanted.mark)
    }
  }

  /// What is there, and what was done.
  private struct State {
    var held: [String: Held] = [:]
    var fetchedCount = 0
    var fetchedBytes: UInt64 = 0
    var keptCount = 0
    var looks = 1
    /// Objects that were not what the look had seen.
    var changed: [String] = []
  }

  func run() async throws(ScanFailure) -> SnapshotOutcome {
    let start = ContinuousClock.now
    var plan = try await origin.look(selection)
    var moment = origin.moment ?? .now
    try check(plan)
    let folder = try SnapshotFolder(path)
    var state = State()
    try await begin(folder, moment, &state)
    while true {
      try await fetch(plan, folder, &state)
      let again = try await origin.look(selection)
      state.looks += 1
      let isSame = again.agrees(with: plan) && state.changed.isEmpty
      if isSame { break }
      guard state.looks < maxLooks else {
        throw restless(again.differences(from: plan) + state.changed, state.looks)
      }
      plan = again
      moment = origin.moment ?? .now
      try check(plan)
    }
    let document = document(plan, moment, state)
    try writing { () throws(SystemCallError) in try folder.finish(document) }
    var outcome = SnapshotOutcome(action: .taken, path: path, document: document, findings: plan.findings)
    (outcome.fetchedCount, outcome.fetchedBytes) = (state.fetchedCount, state.fetchedBytes)
    (outcome.keptCount, outcome.looks) = (state.keptCount, state.looks)
    outcome.duration = ContinuousClock.now - start
    return outcome
  }

  private func check(_ plan: SnapshotPlan) throws(ScanFailure) {
    guard plan.notFound.isEmpty else {
      let names = plan.notFound.map(\.description).joined(separator: ", ")
      throw ScanFailure(
        message: "\(origin.location): tenant \(selection.tenant) has no index of \(names)",
        hint: "Check --timeline-id; scrubber scan-metadata --tenant-id shows what there is.",
        exitCode: .nothingMatched
      )
    }
    guard plan.items.contains(where: { $0.kind == .index }) || selection.isAll else {
      throw ScanFailure(
        message: "\(origin.location): tenant \(selection.tenant) has no index: there is no timeline to take",
        hint: "With --all everything in its folders is taken.",
        exitCode: .nothingMatched
      )
    }
  }

  private func restless(_ changes: [String], _ looks: Int) -> ScanFailure {
    ScanFailure(
      message:
        "\(origin.location): the tenant changed at each of \(looks) looks, no moment of it could be taken; "
        + "last changed: \(changes.prefix(3).joined(separator: ", "))",
      hint:
        "In a bucket with versioning the tenant may change. Else go on with --resume when less is written."
    )
  }

  // MARK: Beginning

  /// Begins the journal, or takes over the files of the run before.
  private func begin(_ folder: SnapshotFolder, _ moment: Timestamp, _ state: inout State)
    async throws(ScanFailure)
  {
    try writing { () throws(SystemCallError) in
      try folder.removeLeftParts()
      try folder.cutJournal(to: journal?.byteCount ?? 0)
    }
    guard let journal, journal.header != nil else {
      let header = document(SnapshotPlan(), moment, state)
      return try writing { () throws(SystemCallError) in try folder.note(header.encode()) }
    }
    let files = journal.files.values.sorted { $0.path < $1.path }
    progress.begin(objects: files.count, bytes: files.reduce(0) { $0.saturatingSum($1.size) })
    let bad = await SnapshotFiles(path: path, jobs: 2).check(files, readsContent: true, progress: progress)
    if Task.isCancelled { throw .interrupted }
    let verdicts = Dictionary(bad, uniquingKeysWith: { $1 })
    for (number, file) in files.enumerated() {
      switch verdicts[number] {
      case nil: state.held[file.path] = Held(file: file)
      case .missing: break
      case .damaged, .unreadable, .good:
        throw ScanFailure(
          message:
            "\(path)/\(file.path): the file is not the one that the snapshot wrote; nothing was changed",
          hint: "Remove it, or begin anew in another folder.",
          exitCode: .usage
        )
      }
    }
    state.keptCount = state.held.count
  }

  // MARK: Fetching

  /// Brings the folder to what the plan says.
  private func fetch(_ plan: SnapshotPlan, _ folder: SnapshotFolder, _ state: inout State)
    async throws(ScanFailure)
  {
    try drop(plan, folder, &state)
    // The largest first, so that no long one is left when all others are done. What decides comes last: it is the most
    // likely to change.
    let waiting = plan.items.filter { state.held[$0.path] == nil }
    let items =
      waiting.filter { $0.digest == nil }.sorted { $1.size < $0.size } + waiting.filter { $0.digest != nil }
    let bytes = plan.items.reduce(UInt64(0)) { $0.saturatingSum($1.size) }
    let missing = items.reduce(UInt64(0)) { $0.saturatingSum($1.size) }
    progress.begin(
      objects: plan.items.count,
      bytes: bytes,
      done: plan.items.count - items.count,
      doneBytes: bytes - missing
    )
    state.changed = []
    var fetcher = ObjectFetcher(
      store: origin.store,
      tenantsPrefix: origin.root.tenantsPrefix,
      folder: folder,
      progress: progress
    )
    fetcher.partByteCount = partByteCount
    for (item, result) in await results(items, fetcher) {
      switch result {
      case .success(let file):
        state.held[item.path] = Held(file: file, item: item)
        state.fetchedCount += 1
        state.fetchedBytes = state.fetchedBytes.saturatingSum(file.size)
      case .failure(.changed(let error)):
        state.changed.append(error.key)
      case .failure(.store(let error)):
        if Task.isCancelled { throw .interrupted }
        throw ScanFailure(message: "\(origin.location): \(error)", hint: Self.resumeHint)
      case .failure(.target(let error)): throw unwritable(error)
      }
    }
    if Task.isCancelled { throw .interrupted }
  }

  /// Removes files that are not what the plan says.
  private func drop(_ plan: SnapshotPlan, _ folder: SnapshotFolder, _ state: inout State) throws(ScanFailure)
  {
    let wanted = Dictionary(plan.items.map { ($0.path, $0) }, uniquingKeysWith: { $1 })
    for (path, held) in state.held {
      if let item = wanted[path], held.belongs(to: item) {
        state.held[path]?.item = item
        continue
      }
      try writing { () throws(SystemCallError) in try folder.remove(path) }
      state.held[path] = nil
      if held.item == nil { state.keptCount -= 1 }
    }
  }

  /// Fetches objects, `jobs` at a time. After a failure that ends the run no more are begun.
  private func results(
    _ items: [SnapshotItem],
    _ fetcher: ObjectFetcher
  ) async -> [(SnapshotItem, Result<SnapshotFile, ObjectFetcher.Failure>)] {
    let results = Mutex<[(SnapshotItem, Result<SnapshotFile, ObjectFetcher.Failure>)]>([])
    await Workers.run(count: items.count, jobs: origin.jobs) { number in
      do throws(ObjectFetcher.Failure) {
        let file = try await fetcher.fetch(items[number])
        results.withLock { $0.append((items[number], .success(file))) }
        return true
      } catch {
        results.withLock { $0.append((items[number], .failure(error))) }
        if case .changed = error { return true }
        return false
      }
    }
    return results.withLock { $0 }
  }

  // MARK: The end

  private func document(_ plan: SnapshotPlan, _ moment: Timestamp, _ state: State) -> SnapshotDocument {
    var document = SnapshotDocument(
      tool: "scrubber \(Version.program) (\(Version.commit))",
      moment: moment.rfc3339,
      source: SnapshotSource(location: origin.location, tenantsPrefix: origin.root.tenantsPrefix),
      tenant: selection.tenant
    )
    document.isByVersions = origin.moment != nil
    document.selectedTimelines = selection.timelines.sorted()
    document.isAll = selection.isAll
    document.shards = plan.shards
    document.timelines = plan.timelines
    document.isComplete = !plan.findings.contains { $0.severity == .error } && !plan.items.isEmpty
    document.files = plan.items.compactMap { state.held[$0.path]?.file }
    document.missing = plan.missing
    document.leftOut = plan.leftOut
    return document
  }

  private func writing(_ body: () throws(SystemCallError) -> Void) throws(ScanFailure) {
    do throws(SystemCallError) {
      try body()
    } catch {
      throw unwritable(error)
    }
  }

  private func unwritable(_ error: SystemCallError) -> ScanFailure {
    ScanFailure(message: "\(path): \(error)", hint: Self.resumeHint)
  }
}

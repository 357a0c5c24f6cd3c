import IndexFormat

extension TenantSnapshotCommand {
  /// Takes the snapshot, or looks at the one that is there, and prints what came of it.
  func run(
    _ bucket: any SnapshotBucket,
    terminals: ScanMetadataCommand.Terminals,
    isColoured: Bool = false
  ) async -> ExitCode {
    let line = DrawnLine(sink: terminals.error, isShown: terminals.isErrorTerminal)
    let progress = SnapshotProgress { line.show(SnapshotProgressLine.text($0)) }
    do throws(ScanFailure) {
      let outcome = try await outcome(bucket, progress)
      line.end()
      let report = SnapshotReport(outcome: outcome)
      switch format {
      case .text:
        for text in report.lines(TextStyle(isColoured: isColoured)) { terminals.output.writeLine(text) }
      case .json: terminals.output.write(report.json + [UInt8(ascii: "\n")])
      }
      return outcome.exitCode
    } catch {
      line.end()
      // A signal that came while something else went wrong counts more.
      let error = Task.isCancelled ? interrupted : error
      terminals.error.writeLine(error.description)
      return error.exitCode
    }
  }

  private var interrupted: ScanFailure {
    ScanFailure(
      message: "\(options.path): interrupted, the snapshot is not finished",
      hint: SnapshotRun.resumeHint,
      exitCode: .interrupted
    )
  }

  private func outcome(
    _ bucket: any SnapshotBucket,
    _ progress: SnapshotProgress
  ) async throws(ScanFailure) -> SnapshotOutcome {
    let source = SnapshotSource(location: bucket.location, tenantsPrefix: bucket.tenantsPrefix ?? "")
    var journal: SnapshotJournal?
    switch try SnapshotFolder.content(of: options.path) {
    case .finished(let document):
      try checkSame(document, source)
      try SnapshotFolder.removeLeftWork(of: options.path)
      return try await verified(
        SnapshotOutcome(action: .found, path: options.path, document: document),
        progress
      )
    case .other(let names): throw occupied(names)
    case .unfinished:
      guard options.resumes else { throw unfinished }
      let left = try SnapshotFolder.journal(of: options.path)
      if let header = left.header { try checkSame(header, source) }
      journal = left
    case .nothing: break
    }
    if case .folder(let path) = options.address { try SnapshotFolder.checkApart(options.path, from: path) }
    return try await take(bucket, journal, progress)
  }

  private func take(
    _ bucket: any SnapshotBucket,
    _ journal: SnapshotJournal?,
    _ progress: SnapshotProgress
  ) async throws(ScanFailure) -> SnapshotOutcome {
    // Of a snapshot that was begun by versions, the moment is that of its beginning.
    let begun = journal?.header.flatMap { $0.isByVersions ? Timestamp(rfc3339: $0.moment) : nil }
    let origin = try await bucket.open(at: options.moment ?? begun, jobs: options.jobs)
    var run = SnapshotRun(
      origin: origin,
      selection: options.selection,
      path: options.path,
      progress: progress
    )
    run.journal = journal
    let outcome = try await run.run()
    return options.verifies ? try await verified(outcome, progress) : outcome
  }

  /// Compares the files with `snapshot.json`: their content with `--verify`, else their sizes.
  private func verified(
    _ outcome: SnapshotOutcome,
    _ progress: SnapshotProgress
  ) async throws(ScanFailure) -> SnapshotOutcome {
    let start = ContinuousClock.now
    let files = outcome.document.files
    progress.begin(objects: files.count, bytes: outcome.byteCount)
    let bad = await SnapshotFiles(path: options.path, jobs: min(4, options.jobs))
      .check(files, readsContent: options.verifies, progress: progress)
    if Task.isCancelled { throw .interrupted }
    var outcome = outcome
    for (number, verdict) in bad { outcome.findings.append(try finding(files[number], verdict)) }
    if options.verifies { outcome.verifiedCount = files.count - bad.count }
    outcome.duration += ContinuousClock.now - start
    return outcome
  }

  private func finding(_ file: SnapshotFile, _ verdict: SnapshotFiles.Verdict) throws(ScanFailure) -> Finding
  {
    var finding = Finding(
      .snapshotFileMissing,
      tenant: options.selection.tenant,
      objectKey: file.path,
      message: "the file is not there",
      expected: "\(file.size) bytes"
    )
    switch verdict {
    case .good, .missing: break
    case .damaged(let seen, let expected):
      finding.code = .snapshotFileDamaged
      finding.message = "the file is not what snapshot.json says"
      (finding.seen, finding.expected) = (seen, expected)
    case .unreadable(let reason):
      throw ScanFailure(message: "\(options.path)/\(file.path): \(reason)")
    }
    return finding
  }

  // MARK: Refusals

  private func checkSame(_ document: SnapshotDocument, _ source: SnapshotSource) throws(ScanFailure) {
    guard let difference = document.difference(options.selection, source, at: options.moment) else { return }
    throw ScanFailure(
      message: "\(options.path): holds another snapshot, of \(difference); nothing was changed",
      hint: "Name another folder with --output-path.",
      exitCode: .usage
    )
  }

  private func occupied(_ names: [String]) -> ScanFailure {
    ScanFailure(
      message: "\(options.path): the folder holds something else (\(names.joined(separator: ", "))); "
        + "nothing was changed",
      hint: "Name an empty folder, or one that does not exist yet.",
      exitCode: .usage
    )
  }

  private var unfinished: ScanFailure {
    ScanFailure(
      message: "\(options.path): holds an unfinished snapshot; nothing was changed",
      hint: "Go on with it by --resume, or name another folder.",
      exitCode: .usage
    )
  }
}

/// The progress of a snapshot as a line.
private enum SnapshotProgressLine {
  /// `[####    ] 43 %, 41 of 95 objects, 35.0 MiB of 81.0 MiB, 0:03, about 0:04 left`
  static func text(_ state: SnapshotProgress.State) -> String {
    let fraction =
      state.byteTotal > 0 ? min(1, Double(state.bytes) / Double(state.byteTotal)) : nil
    let parts = [
      "\(DecimalText.grouped(state.objects)) of \(DecimalText.grouped(state.objectTotal)) objects",
      "\(DecimalText.bytes(state.bytes)) of \(DecimalText.bytes(state.byteTotal))",
      DecimalText.clock(state.elapsed),
    ]
    return ProgressLine.bar(fraction)
      + ProgressLine.numbers(parts, fraction: fraction, elapsed: state.elapsed).joined(separator: ", ")
  }
}

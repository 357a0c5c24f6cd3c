import Engine
import Glibc
import IndexFormat

extension BackupCommand {
  func run(_ desk: CommandDesk) async throws(ScanFailure) -> ExitCode {
    if case .standardOutput = target, desk.pipe?.isTerminal ?? true {
      throw ScanFailure(
        message: "\(kind.rawValue): standard output is a terminal, and an archive is no text",
        hint: "Write --output FILE, --output-path DIR, or | tar -x -C DIR behind it.",
        exitCode: .usage
      )
    }
    let start = ContinuousClock.now
    let tenant = try await options.openTenant(desk.environment)
    let id = try tenant.timelineID(options.timeline)
    let place = try WholeTimeline(id, in: tenant, cacheByteCount: cacheByteCount)
    let lsn = try place.lsn(lsn, desk)
    var backup = BaseBackup(place.catalog, at: BackupPoint(lsn, of: place.first.view.index), kind: kind)
    backup.isForReplica = isForReplica
    let line = desk.drawnLine()
    defer { line.end() }
    let summary = try await write(backup, place, desk, line)
    line.end()
    let report = BackupReport(
      kind: kind,
      target: target,
      tenant: tenant.tenant,
      shardCount: place.shards.count,
      timeline: id,
      lsn: lsn,
      pgVersion: place.catalog.facts.pgVersion,
      summary: summary,
      duration: ContinuousClock.now - start
    )
    tell(report, desk)
    return .ok
  }

  private func tell(_ report: BackupReport, _ desk: CommandDesk) {
    switch (target, options.isJSON) {
    case (.standardOutput, false): desk.warn(report.line)
    case (.standardOutput, true): desk.note(String(decoding: report.json, as: UTF8.self))
    case (_, false): desk.writeLines(report.lines(desk.style))
    case (_, true):
      desk.write(report.json)
      desk.writeLine("")
    }
  }

  private func write(
    _ backup: BaseBackup,
    _ place: WholeTimeline,
    _ desk: CommandDesk,
    _ line: DrawnLine
  ) async throws(ScanFailure) -> BaseBackup.Summary {
    switch target {
    case .standardOutput:
      let path = "standard output"
      let time = try await time(backup, place)
      let sink = TarSink(desk.pipe?.descriptor ?? STDOUT_FILENO, path: path, time: time)
      return try await write(backup, place, to: sink, desk, line)
    case .archive(let path):
      let file = try UnfinishedFile(path)
      let sink = TarSink(file.descriptor, path: path, time: try await time(backup, place))
      let summary = try await write(backup, place, to: sink, desk, line)
      try file.finish(syncs: syncs)
      return summary
    case .folder(let path):
      let folder = try UnfinishedFolder(path, syncs: syncs)
      let summary = try await write(backup, place, to: folder.sink, desk, line)
      try folder.finish()
      return summary
    }
  }

  private func time(_ backup: BaseBackup, _ place: WholeTimeline) async throws(ScanFailure) -> Int64 {
    do throws(BackupError) {
      return try await backup.time()
    } catch {
      throw failure(error, backup, place)
    }
  }

  private func write(
    _ backup: BaseBackup,
    _ place: WholeTimeline,
    to sink: some BackupSink,
    _ desk: CommandDesk,
    _ line: DrawnLine
  ) async throws(ScanFailure) -> BaseBackup.Summary {
    do throws(BackupError) {
      guard line.isShown else { return try await backup.write(to: sink) }
      return try await backup.write(
        to: ProgressSink(sink, line: line, byteTotal: try await byteTotal(backup))
      )
    } catch {
      line.end()
      // Who read the archive has gone, and knows why.
      if case .standardOutput = target, case .system(let error) = error, error.code == EPIPE {
        exit(ExitCode.couldNotFinish.rawValue)
      }
      throw failure(error, backup, place)
    }
  }

  /// Bytes of relations that will be written; nil where there are few.
  private func byteTotal(_ backup: BaseBackup) async throws(BackupError) -> UInt64? {
    guard kind == .full else { return nil }
    do throws(ReadError) {
      return try await backup.catalog.logicalByteCount(at: backup.point.lsn)
    } catch {
      throw .read(error)
    }
  }

  private func failure(_ error: BackupError, _ backup: BaseBackup, _ place: WholeTimeline) -> ScanFailure {
    switch error {
    case .read(let error):
      var failure = ScanFailure(error)
      if case .missingKey(let missing) = error {
        // What the directories name must be there, unless it was collected.
        let mayBeGone = place.warning(of: backup.point.lsn) != nil
        failure.exitCode = mayBeGone ? .nothingMatched : .damage
        failure.hint =
          mayBeGone
          ? "Choose a later LSN."
          : "See where it was looked for: scrubber page get --key \(missing.key) --lsn \(missing.lsn) --explain."
      }
      return failure
    case .unusable: return ScanFailure(message: "\(error)", exitCode: .damage)
    case .system, .notEmpty: return ScanFailure(message: "\(error)")
    }
  }
}

import Engine
import IndexFormat
import Synchronization

/// Looks into layers and archives of one tenant, several at once.
struct BodyScan: Sendable {
  let store: any ObjectStore
  let tenantsPrefix: String
  let tenant: TenantID
  let depth: ScanDepth
  /// Objects of this tenant at the same time; of the scan, `desk` says how many.
  let jobs: Int
  let desk: BodyDesk
  let progress: @Sendable () async -> Void

  /// Findings of one object; the rest is counted in one more.
  private static let maxFindings = 20

  /// Gives an outcome for each target. Those that are known already are taken over.
  func look(at targets: [BodyTarget], known: [BodyOutcome?]) async -> [BodyOutcome] {
    let outcomes = Mutex(known)
    await Workers.run(count: targets.count, jobs: jobs) { number in
      if known[number] != nil { return true }
      await desk.tokens.take()
      let outcome = await look(at: targets[number])
      desk.tokens.giveBack()
      outcomes.withLock { $0[number] = outcome }
      desk.noteDone()
      await progress()
      return true
    }
    return outcomes.withLock { $0.map { $0 ?? .interrupted } }
  }

  private func look(at target: BodyTarget) async -> BodyOutcome {
    guard !Task.isCancelled else { return .interrupted }
    let key = target.key(of: tenant, tenantsPrefix)
    let source = BodySource(store, key, byteCount: target.size, desk: desk, progress: progress)
    var report: BodyReport
    do throws(LayerSourceError) {
      report =
        switch target.content {
        case .layer(_, let name, _, let importLsn):
          try await layer(target, name, importLsn, source)
        case .archive: try await archive(target, source)
        }
    } catch {
      if Task.isCancelled { return .interrupted }
      let reason = "\(error.detail) (\(error.kind.rawValue))"
      switch error.kind {
      case .notFound, .changed: return .changed(reason)
      case .cancelled: return .interrupted
      case .shortRead, .badRequest, .accessDenied, .failed: return .failed(reason)
      }
    }
    report.bytesRead = source.bytesRead
    guard report.findings.contains(where: { $0.severity >= .warning }) else { return .checked(report) }
    return await confirmed(report, source)
  }

  /// Somebody may have replaced the object while it was read: then what was seen is of neither.
  private func confirmed(_ report: BodyReport, _ source: BodySource) async -> BodyOutcome {
    do throws(StoreError) {
      let isUnchanged = try await source.isUnchanged()
      return isUnchanged ? .checked(report) : .changed("it was replaced or removed while it was read")
    } catch {
      return Task.isCancelled ? .interrupted : .failed(error.description)
    }
  }

  // MARK: Layers

  private func layer(
    _ target: BodyTarget,
    _ name: LayerName,
    _ importLsn: Lsn,
    _ source: BodySource
  ) async throws(LayerSourceError) -> BodyReport {
    guard let decoder = BlobDecoder() else {
      throw LayerSourceError(.failed, key: source.key, detail: "no memory for a decompressor")
    }
    let object = Engine.LayerObject(
      key: source.key,
      name: name,
      tenant: tenant,
      shard: target.shard,
      timeline: target.timeline
    )
    let seen = try await LayerCheck.run(
      object,
      in: source,
      byteCount: target.size,
      depth: depth == .blobs ? .values : .tree,
      importLsn: importLsn,
      decoder: decoder
    )
    return BodyReport(
      findings: Self.kept(seen.findings, omitted: seen.omittedFindingCount),
      entryCount: seen.entryCount,
      valueCount: seen.valueCount,
      valueByteCount: seen.valueByteCount,
      pageCount: seen.contents.pageCount,
      walRecordCount: seen.contents.walRecordCount,
      hasPageChecksums: seen.contents.hasPageChecksums
    )
  }

  /// The first findings of an object, and one that counts the others.
  private static func kept(_ findings: [Finding], omitted: Int) -> [Finding] {
    guard findings.count > maxFindings, var rest = findings.dropFirst(maxFindings).first else {
      return findings
    }
    let more = findings.count - maxFindings + omitted
    (rest.offset, rest.key, rest.lsn, rest.seen, rest.expected) = (nil, nil, nil, nil, nil)
    rest.message = "\(Count(more, "more problem")) in this object"
    return findings.prefix(maxFindings) + [rest]
  }

  // MARK: Archives

  private func archive(
    _ target: BodyTarget,
    _ source: BodySource
  ) async throws(LayerSourceError) -> BodyReport {
    let answer = try await InitdbArchiveCheck.run(source.key, in: source, byteCount: target.size)
    guard let seen = answer else {
      throw LayerSourceError(.failed, key: source.key, detail: "no memory for a decompressor")
    }
    var report = BodyReport(fileCount: seen.fileCount)
    if let problem = seen.problem { report.findings = [finding(problem, target, source.key)] }
    return report
  }

  private func finding(_ problem: ArchiveProblem, _ target: BodyTarget, _ key: String) -> Finding {
    let isInside = problem.error.field.hasPrefix("tar")
    let place = isInside ? ", at byte \(problem.error.offset) of what was unpacked" : ""
    return Finding(
      .initdbDamaged,
      tenant: tenant,
      shard: target.shard,
      timeline: target.timeline,
      objectKey: key,
      offset: Int(clamping: problem.offset),
      message: "the archive of initdb cannot be unpacked: \(problem.error.field)\(place)",
      seen: problem.error.found,
      expected: problem.error.expected
    )
  }
}

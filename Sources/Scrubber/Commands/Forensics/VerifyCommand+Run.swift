import Engine
import IndexFormat

extension VerifyCommand {
  func run(_ desk: CommandDesk) async throws(ScanFailure) -> ExitCode {
    let start = ContinuousClock.now
    let tenant = try await bucket.openTenant(desk.environment)
    let ingestLine = desk.drawnLine()
    let setup = try await ReplaySetup.open(tenant, options, desk.environment, ingestLine, warn: desk.warner)
    let plan: VerifyPlan
    do throws(ScanFailure) {
      plan = try await VerifyPlan.make(tenant, options, setup)
    } catch {
      ingestLine.end()
      throw error
    }
    ingestLine.end()
    warn(of: plan, desk)
    let (journal, left) = try openJournal(plan, desk)
    if format == .ndjson { writeBegin(plan, desk) }
    let line = desk.drawnLine()
    let collector = VerifyCollector(plan.units, tell: findingTeller(desk.sink, line))
    let run = VerifyRun(plan, journal, collector, VerifyProgress(plan, line))
    let isWhole = await run.run(left)
    line.end()
    if let problem = journal?.problem {
      desk.warn("\(journal?.path ?? ""): \(problem); what was done from then on is not noted")
    }
    if isWhole { journal?.remove() }
    if let failure = run.failure { throw failure }
    let outcome = collector.read { state in
      VerifyOutcome(
        plan: plan,
        sum: state.sum,
        findings: state.findings,
        counts: state.counts,
        doneCount: state.doneCount,
        keptCount: left.units.count,
        isInterrupted: Task.isCancelled && !isWhole,
        duration: ContinuousClock.now - start
      )
    }
    write(outcome, desk)
    return outcome.exitCode
  }

  private func warn(of plan: VerifyPlan, _ desk: CommandDesk) {
    for warning in plan.warnings { desk.warn(warning) }
    for omission in plan.omissions {
      desk.warn("timeline \(omission.timeline) is not verified: \(omission.reason)")
    }
    for omission in plan.unreplayed where omission.kind != .nothingSince {
      desk.warn("timeline \(omission.timeline) is not replayed: \(omission.reason)")
    }
  }

  /// Writes findings as they come, where the format is one of lines.
  private func findingTeller(
    _ sink: any OutputSink,
    _ line: DrawnLine
  ) -> (@Sendable (Finding) -> Void)? {
    guard format == .ndjson else { return nil }
    return { finding in
      line.wipe()
      var json = JSONWriter()
      json.object { json in
        json.member("type", "finding")
        json.members(of: finding)
      }
      sink.write(json.bytes + [UInt8(ascii: "\n")])
    }
  }

  private func writeBegin(_ plan: VerifyPlan, _ desk: CommandDesk) {
    var json = JSONWriter()
    json.object { json in
      json.member("type", "begin")
      json.member("command", "verify")
      json.member("location", plan.tenant.bucket.location)
      json.member("prefix", plan.tenant.bucket.root.tenantsPrefix)
      json.member("tenant_id", plan.tenant.tenant.description)
      json.member("unit_count", plan.units.count)
      json.member("version", Version.program)
    }
    desk.write(json.bytes)
    desk.writeLine("")
    desk.flush()
  }

  private func write(_ outcome: VerifyOutcome, _ desk: CommandDesk) {
    switch format {
    case .text:
      desk.writeLines(VerifyReport(outcome: outcome, style: desk.style, isVerbose: isVerbose).lines)
    case .json:
      var json = JSONWriter()
      json.object { json in
        json.verifyMembers(outcome)
        json.member("findings") { json in
          json.array { json in
            for finding in outcome.findings.all { json.object { json in json.members(of: finding) } }
          }
        }
      }
      desk.write(json.bytes)
      desk.writeLine("")
    case .ndjson:
      var json = JSONWriter()
      json.object { json in
        json.member("type", "summary")
        json.verifyMembers(outcome)
      }
      desk.write(json.bytes)
      desk.writeLine("")
    }
  }

  // MARK: The journal

  private func openJournal(
    _ plan: VerifyPlan,
    _ desk: CommandDesk
  ) throws(ScanFailure) -> (VerifyJournal?, VerifyJournal.Left) {
    guard let path = try journalPath(plan, desk) else { return (nil, VerifyJournal.Left()) }
    let header = VerificationHeader(
      tool: Version.program,
      fingerprint: plan.fingerprint,
      location: plan.tenant.bucket.location,
      tenant: plan.tenant.tenant,
      unitCount: UInt64(clamping: plan.units.count)
    )
    let opened = try VerifyJournal.open(
      path,
      header,
      isNamed: options.journal != nil,
      resumes: options.resumes
    )
    if opened.dropped > 0 {
      desk.warn(
        "begun anew: --resume would have gone on behind \(Count(opened.dropped, "unit")) of an earlier run"
      )
    }
    return (opened.journal, opened.left)
  }

  /// Where the journal is to lie; nil if there is no place, which is no reason not to verify.
  private func journalPath(_ plan: VerifyPlan, _ desk: CommandDesk) throws(ScanFailure) -> String? {
    if let path = options.journal { return path }
    let reason: String
    do throws(SystemCallError) {
      if let path = try VerifyJournal.defaultPath(plan.fingerprint, desk.environment) { return path }
      reason = "neither XDG_STATE_HOME nor HOME is set"
    } catch {
      reason = "\(error)"
    }
    if options.resumes {
      throw ScanFailure(
        message: "there is no journal to go on with: \(reason)",
        hint: "Name it with --journal.",
        exitCode: .usage
      )
    }
    desk.warn("no journal is kept, so --resume will have nothing to go on with: \(reason)")
    return nil
  }
}

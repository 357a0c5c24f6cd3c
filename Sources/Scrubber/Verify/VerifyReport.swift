import Engine
import IndexFormat

/// What a verification came to, for people.
struct VerifyReport {
  var outcome: VerifyOutcome
  var style: TextStyle
  var isVerbose = false

  private var plan: VerifyPlan { outcome.plan }
  private var coverage: VerificationCoverage { outcome.sum.coverage }

  /// Timelines and depths that are told one by one.
  private static let listLimit = 50

  var lines: [String] {
    let tenant = plan.tenant
    var lines = [TerminalText.escape("verify of \(tenant.bucket.location), tenant \(tenant.tenant)"), ""]
    lines += FindingText(style: style, isVerbose: isVerbose).lines(outcome.findings.all)
    let dropped = outcome.findings.droppedCount + outcome.sum.omittedFindingCount
    if dropped > 0 {
      lines += ["\(DecimalText.grouped(dropped)) more findings are counted but not shown.", ""]
    }
    lines += timelines + replays + [style.heading("summary")] + rows.map(row) + [""] + codes
    lines += [TerminalText.escape(verdict), "next: \(TerminalText.escape(next))"]
    return lines
  }

  private func row(_ name: String, _ text: String) -> String {
    "  " + name + String(repeating: " ", count: max(1, 16 - name.count)) + TerminalText.escape(text)
  }

  private var timelines: [String] {
    var table = TextTable([
      .init(title: "timeline"), .init(title: "verified at"), .init(title: "units", isNumber: true),
    ])
    for part in plan.parts.prefix(Self.listLimit) {
      let lsns = part.lsns.map(\.description).joined(separator: ", ")
      table.add(["\(part.timeline)", lsns, DecimalText.grouped(part.units.count)])
    }
    for omission in plan.omissions.prefix(Self.listLimit) {
      table.add(["\(omission.timeline)", "not verified: \(omission.reason)", ""])
    }
    var lines = table.lines(style)
    let rest =
      max(0, plan.parts.count - Self.listLimit) + max(0, plan.omissions.count - Self.listLimit)
    if rest > 0 { lines.append("and \(DecimalText.grouped(rest)) more") }
    return lines + [""]
  }

  private var replays: [String] {
    let replays = plan.parts.flatMap(\.replays)
    guard !replays.isEmpty || !plan.unreplayed.isEmpty else { return [] }
    var table = TextTable([
      .init(title: "replay of"), .init(title: "from"), .init(title: "to"), .init(title: "base"),
      .init(title: "records", isNumber: true), .init(title: "units", isNumber: true),
    ])
    for replay in replays.prefix(Self.listLimit) {
      let (draft, replayed) = (replay.replay.draft, replay.replay.replayed)
      let suffix = draft.timeline.view.shard.keySuffix
      let end = replayed.end < draft.end ? "\(replayed.end) of \(draft.end)" : "\(draft.end)"
      table.add([
        "\(draft.timeline.view.id)\(suffix)", "\(draft.plan.start)", end, draft.baseText,
        DecimalText.grouped(replayed.result.coverage.records.checked),
        DecimalText.grouped(replay.units.count),
      ])
    }
    var lines = replays.isEmpty ? [] : table.lines(style)
    var others = TextTable([.init(title: "not replayed"), .init(title: "why")])
    for omission in plan.unreplayed.prefix(Self.listLimit) {
      others.add(["\(omission.timeline)", omission.reason])
    }
    if !plan.unreplayed.isEmpty { lines += (lines.isEmpty ? [] : [""]) + others.lines(style) }
    let rest = max(0, replays.count - Self.listLimit) + max(0, plan.unreplayed.count - Self.listLimit)
    if rest > 0 { lines.append("and \(DecimalText.grouped(rest)) more") }
    return lines + [""]
  }

  /// What values of layers are called that were compared.
  private var valueName: String { plan.options.levels.contains(.replay) ? "value" : "image" }

  private var rows: [(String, String)] {
    let levels = VerificationLevel.allCases.filter(plan.options.levels.contains).map(\.rawValue)
    let notRun = VerificationLevel.notRun(plan.options.levels).map { "; \($0)" } ?? ""
    var rows = [("timelines", DecimalText.grouped(plan.parts.count))]
    if plan.tenant.isSharded { rows.append(("shards", DecimalText.grouped(plan.tenant.shards.count))) }
    rows.append(("levels", levels.joined(separator: ", ") + notRun))
    if plan.options.sampleShare < VerificationOptions.everything {
      rows.append(("sample", "\(Self.percent(plan.options.sampleShare)) of pages"))
    }
    let kept = outcome.keptCount > 0 ? ", \(DecimalText.grouped(outcome.keptCount)) by an earlier run" : ""
    rows.append(
      (
        "units",
        "\(DecimalText.grouped(outcome.doneCount)) of \(DecimalText.grouped(plan.units.count)) done\(kept)"
      )
    )
    for (name, tally) in [
      ("keys", coverage.keys), ("\(valueName)s", coverage.values), ("WAL records", coverage.records),
    ] {
      rows.append((name, Self.text(tally) { DecimalText.grouped($0) }))
    }
    rows.append(("bytes", Self.text(coverage.bytes) { DecimalText.bytes($0) }))
    rows += [
      ("layers per key", depths),
      (
        "layers",
        "\(DecimalText.grouped(plan.layerCount)), \(DecimalText.bytes(plan.layerByteCount)); "
          + "\(DecimalText.bytes(outcome.sum.readByteCount)) read"
      ),
      ("duration", "\(DecimalText.seconds(outcome.duration)) s"),
      (
        "findings",
        Severity.allCases.map { "\(DecimalText.grouped(outcome.count(of: $0))) \($0.rawValue)" }
          .joined(separator: ", ")
      ),
    ]
    if outcome.isInterrupted { rows.append(("interrupted", "yes, the numbers are not complete")) }
    return rows
  }

  /// `1,234 of 1,300 checked, 66 damaged`
  private static func text(_ tally: VerificationTally, _ number: (UInt64) -> String) -> String {
    let skipped = tally.skipped.sorted { $0.key < $1.key }.filter { $0.value > 0 }
      .map { ", \(number($0.value)) \($0.key.rawValue)" }
    return "\(number(tally.checked)) of \(number(tally.present)) checked" + skipped.joined()
  }

  /// `1: 3,000 keys, 2: 120 keys`: keys by the number of layers that were read for them.
  private var depths: String {
    let all = outcome.sum.depths.enumerated().filter { $0.element > 0 }
    let shown = all.prefix(Self.listLimit).map { "\($0.offset): \(DecimalText.grouped($0.element)) keys" }
    return shown.isEmpty ? "none" : shown.joined(separator: ", ")
  }

  static func percent(_ share: Int) -> String {
    let (whole, part) = (share / 100, share % 100)
    return part == 0 ? "\(whole) %" : "\(whole).\(DecimalText.padded(Int64(part), 2)) %"
  }

  private var codes: [String] {
    guard !outcome.counts.isEmpty else { return [] }
    var table = TextTable([
      .init(title: "severity"), .init(title: "code"), .init(title: "count", isNumber: true),
    ])
    let sorted = outcome.counts.sorted {
      ($0.key.entry.severity.rank, $0.key.rawValue) < ($1.key.entry.severity.rank, $1.key.rawValue)
    }
    for (code, count) in sorted {
      table.add([code.entry.severity.rawValue, code.rawValue, DecimalText.grouped(count)])
    }
    return table.lines(style).map { "  " + $0 } + [""]
  }

  private var verdict: String {
    guard coverage.addsUp else { return "coverage: THE NUMBERS DO NOT ADD UP" }
    let skipped = [coverage.keys, coverage.values, coverage.records]
      .reduce(UInt64(0)) { $0.saturatingSum($1.skippedSum) }
    let rest = skipped == 0 ? "none skipped" : "\(DecimalText.grouped(skipped)) skipped, with reasons"
    let isWhole = outcome.doneCount == plan.units.count
    return "coverage: \(rest): every key, \(valueName), record and byte "
      + (isWhole ? "is accounted for" : "of the units that were done is accounted for, of others none")
  }

  private var next: String {
    switch outcome.exitCode {
    case .interrupted: return "go on by --resume"
    case .couldNotFinish where !coverage.addsUp:
      return "report this as a fault of scrubber: what was checked and skipped does not add up"
    case .couldNotFinish where outcome.sum.isAnswered && outcome.lacksReplays:
      return "find the WAL or the base of what was not replayed, or leave it out by --timeline-id"
    case .couldNotFinish: return "find out what could not be read, and go on by --resume"
    default: break
    }
    guard let (code, count) = outcome.worst, code.entry.severity >= .warning else {
      return outcome.exitCode == .needsRedo
        ? "check what is left with a version that can replay it" : "nothing to do"
    }
    let name = code.rawValue
    return "\(DecimalText.grouped(count)) x \(name): \(code.entry.nextStep) (scrubber explain \(name))"
  }
}

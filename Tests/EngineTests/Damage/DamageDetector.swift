@testable import Engine
import Foundation
import IndexFormat
import Testing

/// Looks for a damage, the cheapest way first, until something names it.
struct DamageDetector {
  let tenant: DamageTenant
  let scan: MetadataScan
  /// What a scan says of the tenant without damage.
  private let baseline: Set<MetadataScan.Line>

  init(_ tenant: DamageTenant) throws {
    self.tenant = tenant
    scan = try MetadataScan(tenant)
    baseline = Set(try scan.run([:]))
  }

  /// - Parameter isWhole: whether all keys are looked at, and not only those that the damage touches.
  func look(for damage: Damage, isWhole: Bool = false) async throws -> DamageOutcome {
    if damage.isOfWAL { return try await lookInWAL(damage) }
    var outcome = DamageOutcome(verdict: .unseen)
    if damage.kind.changesBucket {
      for line in Set(try scan.run(changes(damage))).subtracting(baseline) {
        note(line.object, nil, nil, "\(line.code) \(line.object)", .scan, damage, &outcome)
      }
    }
    if !outcome.isNamed { checkLayers(damage, &outcome) }
    let mayRead = damage.kind.changesBucket ? damage.index != nil : true
    guard mayRead, !outcome.isNamed else { return outcome }
    let view = try tenant.view(of: damage)
    for sight in [DamageSight.reconstruct, .images, .replay] where !outcome.isNamed {
      let findings =
        switch sight {
        case .reconstruct: try await reconstruct(damage, view, isWhole)
        case .images: try await images(damage, view, isWhole)
        default: try await replay(damage, view, isWhole)
        }
      for finding in findings { note(finding, sight, damage, &outcome) }
    }
    guard outcome.verdict == .unseen else { return outcome }
    switch try await reads(damage, view) {
    case .same: outcome.verdict = .neutral
    case .sameWhereAsked: outcome.isReadNowhere = true
    case .different: break
    }
    return outcome
  }

  /// All objects that are others, indices too.
  private func changes(_ damage: Damage) -> [String: [UInt8]?] {
    var changes = damage.changes
    if let index = damage.index, let key = tenant.parts[damage.timeline]?.indexKey, changes[key] == nil {
      changes[key] = index.encode()
    }
    return changes
  }

  private func note(
    _ finding: Finding,
    _ sight: DamageSight,
    _ damage: Damage,
    _ outcome: inout DamageOutcome
  ) {
    let text =
      "\(sight) \(finding.code.rawValue) \(finding.key?.describe() ?? "") \(finding.lsn.map { "\($0)" } ?? "") "
      + "\(finding.message) [\(finding.seen ?? "")/\(finding.expected ?? "")] \(finding.objectKey?.suffix(60) ?? "")"
    note(finding.objectKey ?? "", finding.key, finding.lsn, text, sight, damage, &outcome)
  }

  private func note(
    _ object: String,
    _ key: Key?,
    _ lsn: Lsn?,
    _ text: String,
    _ sight: DamageSight,
    _ damage: Damage,
    _ outcome: inout DamageOutcome
  ) {
    if outcome.texts.count < 4 { outcome.texts.append(text) }
    if outcome.verdict == .unseen { outcome.verdict = .seen(sight) }
    if damage.named.contains(where: { object.hasSuffix($0) }) { outcome.isNamed = true }
    // What is gone cannot be named by those who read around it; they name what it held.
    if let key, damage.concerns(key), lsn.map({ $0 >= damage.lsn }) ?? true { outcome.isKeyed = true }
  }

  // MARK: Layers by themselves

  private func checkLayers(_ damage: Damage, _ outcome: inout DamageOutcome) {
    let index = damage.index ?? tenant.parts[damage.timeline]?.index
    for layer in index?.layers ?? [] {
      let object = tenant.object(layer, of: damage.timeline)
      guard case .some(.some(let bytes)) = damage.changes[object.key] else { continue }
      guard let decoder = BlobDecoder() else { return }
      let report = LayerCheck.run(object, bytes.span.bytes, depth: .values, decoder: decoder)
      for finding in report.findings { note(finding, .layer, damage, &outcome) }
    }
  }

  // MARK: Verification

  private func units(_ damage: Damage, _ view: DamageTenant.View) async throws -> [VerificationUnit] {
    let verification = view.verification
    if damage.isStructural { return try await verification.units(levels: [.reconstruct], at: view.points) }
    var units: [VerificationUnit] = []
    for lsn in view.points where lsn >= damage.lsn {
      let keys = try await tenant.listed(damage.timeline, at: lsn).intersection(damage.keys)
      if !keys.isEmpty { units.append(VerificationUnit(.keys(keys, at: lsn), weight: 1)) }
    }
    return units
  }

  private func reconstruct(_ damage: Damage, _ view: DamageTenant.View, _ isWhole: Bool) async throws
    -> [Finding]
  {
    let units =
      isWhole
      ? try await view.verification.units(levels: [.reconstruct], at: view.points)
      : try await units(damage, view)
    var findings: [Finding] = []
    for unit in units { findings += try await view.verification.run(unit).accusations }
    return findings
  }

  private func images(_ damage: Damage, _ view: DamageTenant.View, _ isWhole: Bool) async throws -> [Finding]
  {
    var findings: [Finding] = []
    if isWhole {
      for unit in try await view.verification.units(levels: [.images], at: view.points) {
        findings += try await view.verification.run(unit).accusations
      }
      return findings
    }
    for position in view.timeline.positions {
      let name = view.timeline.map[position]
      guard name.endLsn > damage.lsn else { continue }
      for range in damage.keys.intersection(KeySpace(name.keys)).ranges {
        let unit = VerificationUnit(.images(of: position, range), weight: 1)
        findings += try await view.verification.run(unit).accusations
      }
      findings += try await gaps(position, damage, view)
    }
    return findings
  }

  private func gaps(_ position: LayerMap.Position, _ damage: Damage, _ view: DamageTenant.View) async throws
    -> [Finding]
  {
    let name = view.timeline.map[position]
    // Of one that cannot be read other units say why.
    guard view.verification.shards[0].mustBeComplete(name),
      let reader = try? await view.timeline.open(position, nil),
      let entries = try? await reader.entries(from: TreeKey(name.keys.start), to: TreeKey(name.keys.end))
    else { return [] }
    let listed = try await tenant.listed(damage.timeline, at: name.startLsn).intersection(damage.keys)
    let gaps = listed.gaps(in: name, having: KeySpace(entries.map { KeyRange($0.key) }))
    guard !gaps.isEmpty else { return [] }
    return try await view.verification.run(VerificationUnit(.gaps(gaps, at: name.startLsn), weight: 1))
      .accusations
  }

  private func replay(_ damage: Damage, _ view: DamageTenant.View, _ isWhole: Bool) async throws -> [Finding]
  {
    guard let (golden, replayed) = tenant.replays[damage.timeline] else { return [] }
    let check = try await ReplayCheck.make(
      replayed,
      against: view.timeline,
      golden.facts,
      history: golden.history,
      at: view.points
    )
    var findings: [Finding] = []
    var known: Set<Lsn> = []
    for unit in check.units {
      guard case .replay(_, let lsn) = unit.work else { continue }
      if isWhole {
        findings += try await check.run(unit).accusations
      } else if known.insert(lsn).inserted {
        let part = VerificationUnit(.replay(damage.keys, at: lsn), weight: 1)
        findings += try await check.run(part).accusations
      }
    }
    return findings
  }

  // MARK: WAL

  private func lookInWAL(_ damage: Damage) async throws -> DamageOutcome {
    var outcome = DamageOutcome(verdict: .unseen)
    guard let (golden, whole) = tenant.replays[damage.timeline], let wal = damage.wal else { return outcome }
    let replayed = try await ReplayedTimeline.make(whole.plan, wal, scratchBelow: golden.scratch.path)
    for finding in replayed.result.findings {
      outcome.verdict = .seen(.replay)
      outcome.texts.append("\(finding.code.rawValue) \(finding.lsn.map { "\($0)" } ?? "") \(finding.message)")
      if let lsn = finding.lsn, damage.stretches.contains(where: { $0.contains(lsn) }) {
        outcome.isNamed = true
      }
    }
    guard outcome.verdict == .unseen else { return outcome }
    let same = replayed.end == whole.end && replayed.result.coverage == whole.result.coverage
    if same { outcome.verdict = .neutral }
    return outcome
  }

  // MARK: What is no damage

  private enum Reads {
    case same
    /// At all LSNs that a verification looks at.
    case sameWhereAsked
    case different
  }

  /// Whether each read gives what it gave before, byte for byte or but for what PostgreSQL changes without WAL.
  private func reads(_ damage: Damage, _ view: DamageTenant.View) async throws -> Reads {
    let clean = try tenant.view(of: damage.timeline)
    guard view.points == clean.points, view.timeline.diskConsistentLsn == clean.timeline.diskConsistentLsn
    else {
      return .different
    }
    for lsn in clean.points where lsn >= damage.lsn {
      guard try await isSame(damage, clean, view, lsn) else { return .different }
    }
    var lsns: Set = [damage.lsn]
    for layer in clean.timeline.map.layers where layer.name.startLsn > damage.lsn {
      if damage.keys.overlaps(layer.name.keys) { lsns.insert(layer.name.startLsn) }
    }
    for lsn in lsns.sorted() where lsn != .invalid {
      guard try await isSame(damage, clean, view, lsn) else { return .sameWhereAsked }
    }
    return .same
  }

  private func isSame(
    _ damage: Damage,
    _ clean: DamageTenant.View,
    _ view: DamageTenant.View,
    _ lsn: Lsn
  ) async throws -> Bool {
    let listed = try await tenant.listed(damage.timeline, at: lsn).intersection(damage.keys)
    var sparse = damage.keys.intersection(KeySpace(.sparse))
    // Below the cutoff of GC only branches read, which do not inherit these keys.
    if lsn < clean.verification.shards[0].gcCutoff {
      sparse = sparse.subtracting(KeySpace(.nonInheritedSparse))
    }
    return try await equal(clean.timeline, view.timeline, listed.union(sparse), lsn)
  }

  private func equal(_ one: Timeline, _ other: Timeline, _ keys: KeySpace, _ lsn: Lsn) async throws -> Bool {
    let before: [KeyedValue]
    do throws(ReadError) {
      before = try await one.values(of: keys, at: lsn)
    } catch {
      // Without damage it could not be read there either: below what GC has left.
      return true
    }
    let after: [KeyedValue]
    do throws(ReadError) {
      after = try await other.values(of: keys, at: lsn)
    } catch {
      return false
    }
    guard before.map(\.key) == after.map(\.key) else { return false }
    for (left, right) in zip(before, after) where left.bytes != right.bytes {
      guard left.key.isRelationBlock, left.bytes.count == right.bytes.count else { return false }
      var (first, second) = (left.bytes, right.bytes)
      PageMask.apply(to: &first)
      PageMask.apply(to: &second)
      guard first == second else { return false }
    }
    return true
  }
}

extension Damage {
  var isOfWAL: Bool { kind.isOfWAL }
}

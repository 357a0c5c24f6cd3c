@testable import Engine
import Foundation
import IndexFormat
import Testing

/// Damages of several tenants, looked for one after the other, and counted by kind.
struct DamageRun: Sendable {
  struct Row: Sendable {
    var made = 0
    var seen: [DamageSight: Int] = [:]
    var named = 0
    var keyed = 0
    var neutral = 0
    /// By what it is that cannot be seen.
    var blind: [DamageBlindness: Int] = [:]
    var failed = 0

    static func + (one: Row, other: Row) -> Row {
      var sum = one
      sum.made += other.made
      sum.named += other.named
      sum.keyed += other.keyed
      sum.neutral += other.neutral
      sum.failed += other.failed
      sum.seen.merge(other.seen, uniquingKeysWith: +)
      sum.blind.merge(other.blind, uniquingKeysWith: +)
      return sum
    }
  }

  var rows: [DamageKind: Row] = [:]
  var failures: [String] = []
  var sampled = 0
  var duration = Duration.zero

  /// Damages that are looked for a second time among all keys.
  private static let sampleStep = 100

  /// - Parameter count: of damages on all tenants; kinds get equal shares, those of WAL a quarter of one.
  static func run(
    _ tenants: [String],
    count: Int,
    seed: UInt64,
    log: @escaping @Sendable (String) -> Void = { _ in }
  ) async throws -> DamageRun {
    let clock = ContinuousClock()
    let start = clock.now
    var sum = DamageRun()
    try await withThrowingTaskGroup(of: DamageRun.self) { group in
      for (index, name) in tenants.enumerated() {
        let share = count * (index + 1) / tenants.count - count * index / tenants.count
        group.addTask {
          var run = DamageRun()
          try await run.run(name, count: share, seed: seed, log)
          return run
        }
      }
      for try await part in group { sum += part }
    }
    sum.duration = clock.now - start
    return sum
  }

  private mutating func run(_ name: String, count: Int, seed: UInt64, _ log: (String) -> Void) async throws {
    let tenant = try await DamageTenant(name)
    let detector = try DamageDetector(tenant)
    var maker = DamageMaker(tenant, foreign: try Self.foreignLayers())
    var (done, round) = (0, 0)
    // Some kinds have no place in some tenants.
    while done < count, round < count {
      for kind in DamageKind.allCases where done < count && (!kind.isOfWAL || round % 4 == 0) {
        guard let damage = try maker.make(kind, seed: seed, round) else { continue }
        try await take(damage, detector, done)
        done += 1
      }
      round += 1
      log("\(name): \(done) of \(count), \(failures.count) failures")
    }
  }

  static func += (sum: inout DamageRun, part: DamageRun) {
    sum.rows.merge(part.rows, uniquingKeysWith: +)
    sum.failures += part.failures
    sum.sampled += part.sampled
  }

  private mutating func take(_ damage: Damage, _ detector: DamageDetector, _ number: Int) async throws {
    let outcome = try await detector.look(for: damage)
    var row = rows[damage.kind] ?? Row()
    row.made += 1
    let label = "\(detector.tenant.name) \(damage.kind.rawValue): \(damage.place)"
    switch outcome.verdict {
    case .seen(let sight):
      row.seen[sight, default: 0] += 1
      if outcome.isNamed {
        row.named += 1
      } else if outcome.isKeyed {
        row.keyed += 1
      } else {
        row.failed += 1
        failures.append("not named: \(label): \(outcome.texts.joined(separator: " | "))")
      }
    case .neutral: row.neutral += 1
    case .unseen:
      if let blindness = DamageBlindness(damage, detector.tenant, outcome) {
        row.blind[blindness, default: 0] += 1
      } else {
        row.failed += 1
        failures.append("not seen: \(label)")
      }
    }
    rows[damage.kind] = row
    guard number % Self.sampleStep == 0, !damage.isOfWAL else { return }
    sampled += 1
    let whole = try await detector.look(for: damage, isWhole: true)
    if (whole.verdict == .unseen || whole.verdict == .neutral)
      != (outcome.verdict == .unseen || outcome.verdict == .neutral)
    {
      failures.append(
        "with all keys \(whole.verdict) instead of \(outcome.verdict): \(label): \(whole.texts)"
      )
    }
  }

  /// Layers of a tenant with four shards.
  private static func foreignLayers() throws -> (images: [[UInt8]], deltas: [[UInt8]]) {
    try Golden.withTenant("pageserver/tenants/B.tar.zst") { files in
      let sharded = files.filter { $0.shard.count > 1 }
      func some(_ kind: LayerName.Kind) throws -> [[UInt8]] {
        try sharded.filter { $0.object.name.kind == kind }.prefix(6).map { try $0.bytes() }
      }
      return (try some(.image), try some(.delta))
    }
  }

  // MARK: The table

  var table: String {
    var lines = [
      "| " + ["damage", "made"].joined(separator: " | ") + " | "
        + "scan | layer | reconstruct | images | replay | layer named | key named | no difference | not seen |",
      "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    var sum = Row()
    for kind in DamageKind.allCases {
      guard let row = rows[kind] else { continue }
      lines.append(Self.line(kind.rawValue, row))
      sum = sum + row
    }
    lines.append(Self.line("all", sum))
    return lines.joined(separator: "\n")
  }

  private static func line(_ name: String, _ row: Row) -> String {
    let blind = row.blind.sorted { $0.key.rawValue < $1.key.rawValue }.map {
      "\($0.value) \($0.key.rawValue)"
    }
    let failed = row.failed > 0 ? ["\(row.failed) FAILED"] : []
    let cells =
      [name, "\(row.made)"] + DamageSight.allCases.map { row.seen[$0].map { "\($0)" } ?? "" }
      + ["\(row.named)", row.keyed > 0 ? "\(row.keyed)" : "", row.neutral > 0 ? "\(row.neutral)" : ""]
      + [(blind + failed).joined(separator: ", ")]
    return "| " + cells.joined(separator: " | ") + " |"
  }
}

/// What nothing can see, and why. That a damage is of such a class follows from its kind, its timeline, and from what
/// reads give, not from what was found.
enum DamageBlindness: String, Comparable {
  /// No other object says the same.
  case saidOnce = "said nowhere else"
  /// The timeline's WAL is not at hand, and no image above tells.
  case noWAL = "no WAL"
  /// An image from before the WAL that is at hand, and no other one below.
  case noHistory = "no history"
  /// Reads differ only at LSNs that were not asked for.
  case unread = "at other LSNs only"

  static func < (one: Self, other: Self) -> Bool { one.rawValue < other.rawValue }

  init?(_ damage: Damage, _ tenant: DamageTenant, _ outcome: DamageOutcome) {
    if damage.kind == .indexOrigin || damage.kind == .indexEnd {
      self = .saidOnce
    } else if tenant.replays[damage.timeline] == nil {
      self = .noWAL
    } else if let replay = tenant.replays[damage.timeline], damage.lsn < replay.golden.start {
      self = .noHistory
    } else if outcome.isReadNowhere {
      self = .unread
    } else {
      return nil
    }
  }
}

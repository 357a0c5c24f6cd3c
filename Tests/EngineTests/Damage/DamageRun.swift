@testable import Engine
import Foundation
import IndexFormat
import Testing

/// Damages of several tenants, looked for one after the other, and counted by kind.
struct DamageRun {
  struct Row {
    var made = 0
    var seen: [DamageSight: Int] = [:]
    var named = 0
    var keyed = 0
    var neutral = 0
    /// By what it is that cannot be seen.
    var blind: [DamageBlindness: Int] = [:]
    var failed = 0
  }

  var rows: [DamageKind: Row] = [:]
  var failures: [String] = []
  var sampled = 0
  var duration = Duration.zero

  /// Damages that are looked for a second time among all keys.
  private static let sampleStep = 100

  /// - Parameter count: of damages on all tenants; kinds get equal shares, those of WAL a quarter of one.
  mutating func run(_ tenants: [String], count: Int, seed: UInt64, log: (String) -> Void = { _ in }) async throws {
    let clock = ContinuousClock()
    let start = clock.now
    let foreign = try Self.foreignLayers()
    let weights = DamageKind.allCases.map { $0.isOfWAL ? 1 : 4 }
    let sum = weights.reduce(0, +)
    var total = 0
    for (index, name) in tenants.enumerated() {
      let tenant = try await DamageTenant(name)
      let detector = try DamageDetector(tenant)
      var maker = DamageMaker(tenant, foreign: foreign)
      let share = count * (index + 1) / tenants.count - count * index / tenants.count
      log("\(name): \(share) damages")
      var done = 0
      var number = 0
      while done < share {
        for (kind, weight) in zip(DamageKind.allCases, weights) where done < share {
          let wanted = number % 4 < weight
          guard wanted, let damage = try maker.make(kind, seed: seed, number) else { continue }
          try await take(damage, detector, total)
          done += 1
          total += 1
        }
        number += 1
        if number % 10 == 0 { log("\(name) \(done) \(clock.now - start) failures \(failures.count)") }
        guard number < share * 4 + 8 else { break }
      }
    }
    _ = sum
    duration += clock.now - start
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
      if let blindness = DamageBlindness(damage, detector.tenant) {
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
    if (whole.verdict == .unseen || whole.verdict == .neutral) != (outcome.verdict == .unseen || outcome.verdict == .neutral) {
      failures.append("with all keys \(whole.verdict) instead of \(outcome.verdict): \(label): \(whole.texts)")
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
      "| damage | made | scan | layer | reconstruct | images | replay | layer named | key named | no difference | not seen |",
      "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    var sum = Row()
    for kind in DamageKind.allCases {
      guard let row = rows[kind] else { continue }
      lines.append(Self.line(kind.rawValue, row))
      sum.made += row.made
      sum.named += row.named
      sum.keyed += row.keyed
      sum.neutral += row.neutral
      sum.failed += row.failed
      sum.seen.merge(row.seen, uniquingKeysWith: +)
      sum.blind.merge(row.blind, uniquingKeysWith: +)
    }
    lines.append(Self.line("all", sum))
    return lines.joined(separator: "\n")
  }

  private static func line(_ name: String, _ row: Row) -> String {
    let blind = row.blind.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.value) \($0.key.rawValue)" }
    let failed = row.failed > 0 ? ["\(row.failed) FAILED"] : []
    let cells =
      [name, "\(row.made)"] + DamageSight.allCases.map { row.seen[$0].map { "\($0)" } ?? "" }
      + ["\(row.named)", row.keyed > 0 ? "\(row.keyed)" : "", row.neutral > 0 ? "\(row.neutral)" : ""]
      + [(blind + failed).joined(separator: ", ")]
    return "| " + cells.joined(separator: " | ") + " |"
  }
}

/// What nothing can see, and why: stated beforehand, by kind and place.
enum DamageBlindness: String, Comparable {
  /// The timeline's WAL is not at hand, so that only images above could tell.
  case noWAL = "no WAL"

  static func < (one: Self, other: Self) -> Bool { one.rawValue < other.rawValue }

  init?(_ damage: Damage, _ tenant: DamageTenant) {
    guard tenant.replays[damage.timeline] != nil else {
      self = .noWAL
      return
    }
    return nil
  }
}

import IndexFormat
import Testing

@testable import Scrubber

/// The damages of the golden set: each must give a finding that the undamaged bucket does not give, with the
/// expected code, and naming what was damaged. Those that only a reader of layer bodies or archives can see
/// must give none: then it is not the scan of metadata that sees them. `BodyScanTests` does these to the bytes.
struct DamageTests {
  struct Era: Sendable {
    var file: String
    var tenants: [String]
    var expectations: [String: Expectation]
  }

  enum Expectation: Sendable, Equatable {
    case code(FindingCode)
    /// Only the bytes of a layer or archive tell.
    case bodyOnly
    /// The bucket as it is.
    case undamaged
  }

  struct Case: Sendable, CustomTestStringConvertible {
    var era: Era
    var damage: Damage

    var testDescription: String { "\(era.file): \(damage.name)" }
  }

  static let eras = [
    Era(file: "damage-2026", tenants: ["B", "E"], expectations: expectations2026),
    Era(file: "damage-2024", tenants: ["J"], expectations: expectations2024),
  ]

  static let cases = eras.flatMap { era in
    // An unreadable table shows as a wrong number of cases in `theTablesAreComplete`.
    ((try? Damage.all(era.file)) ?? []).map { Case(era: era, damage: $0) }
  }

  @Test func theTablesAreComplete() throws {
    #expect(Self.cases.count == 64 + 30)
    for era in Self.eras {
      #expect(Set(try Damage.all(era.file).map(\.name)) == Set(era.expectations.keys), "\(era.file)")
    }
  }

  @Test(arguments: cases)
  func damageIsFoundAndNamed(_ item: Case) async throws {
    let clean = await ScanRecord.scan(try BucketFixture(tenants: item.era.tenants).makeStore())
    var bucket = try BucketFixture(tenants: item.era.tenants)
    try bucket.apply(item.damage)
    let damaged = await ScanRecord.scan(try bucket.makeStore())
    #expect(damaged.summary.coverage.isComplete)
    #expect(damaged.errors == [])

    let new = damaged.findings.filter { !clean.findings.contains($0) }
    switch try #require(item.era.expectations[item.damage.name]) {
    case .bodyOnly, .undamaged: #expect(new == [])
    case .code(let code):
      let places = item.damage.places
      #expect(
        new.contains { finding in finding.code == code && places.contains { finding.names($0) } },
        "found \(new.map { "\($0.code.rawValue) \($0.objectKey ?? "")" }), which name none of \(places)"
      )
    }
  }

  @Test func theUndamagedBucketsAreClean() async throws {
    for era in Self.eras {
      let clean = await ScanRecord.scan(try BucketFixture(tenants: era.tenants).makeStore())
      #expect(clean.findings(.error) == [])
      #expect(clean.findings(.warning) == [])
    }
  }
}

extension Damage {
  /// The objects that it touched.
  fileprivate var places: [String] { operations.compactMap { $0.to ?? $0.key } }
}

extension Finding {
  /// Whether it is about the object, or about the timeline or shard in whose folder the object lies.
  fileprivate func names(_ key: String) -> Bool {
    if let objectKey, objectKey == key || key.hasPrefix(objectKey) { return true }
    if expected?.contains(key) ?? false { return true }
    guard let tenantShard else { return false }
    guard let timeline else { return false }
    return key.contains("/\(tenantShard)/timelines/\(timeline)/")
  }
}

private let expectations2026: [String: DamageTests.Expectation] = [
  "clean": .undamaged,
  "missing-image-layer": .code(.layerMissing),
  "missing-delta-layer": .code(.layerMissing),
  "missing-two-layers": .code(.layerMissing),
  "all-layers-missing": .code(.layerMissing),
  "truncated-layer": .code(.layerSizeMismatch),
  "empty-layer": .code(.layerSizeMismatch),
  "longer-layer": .code(.layerSizeMismatch),
  "flipped-bit-in-layer": .bodyOnly,
  "zeroed-summary": .bodyOnly,
  // Their sizes differ, so that even a scan sees it.
  "layers-swapped": .code(.layerSizeMismatch),
  "wrong-magic": .bodyOnly,
  "index-truncated": .code(.indexUnreadable),
  "index-empty": .code(.indexUnreadable),
  "index-not-json": .code(.indexUnreadable),
  "index-json-array": .code(.indexUnreadable),
  "index-version-99": .code(.indexUnknownVersion),
  "index-version-0": .code(.indexUnknownVersion),
  "index-unknown-field": .code(.indexUnknownField),
  "index-no-disk-consistent-lsn": .code(.indexUnreadable),
  "index-no-layer-metadata": .code(.indexUnreadable),
  "index-no-metadata": .code(.indexUnreadable),
  "index-bad-lsn": .code(.indexUnreadable),
  "index-bad-layer-name": .code(.indexUnreadable),
  "index-no-layers": .code(.indexNoLayers),
  "index-zero-size": .code(.layerSizeZero),
  "index-wrong-size": .code(.layerSizeMismatch),
  "index-layer-generation-unknown": .code(.layerMissing),
  "index-layer-no-generation": .code(.layerMissing),
  "index-dcl-mismatch": .code(.indexLsnMismatch),
  "index-missing": .code(.indexMissing),
  "index-gen-2-same": .code(.indexPreviousGeneration),
  "index-gen-2-truncated": .code(.indexUnreadable),
  "index-gen-2-other": .code(.layerOrphan),
  "index-no-suffix": .code(.indexSuperseded),
  "index-only-no-suffix": .code(.layerNewerThanIndex),
  "index-bad-suffix": .code(.indexMisnamed),
  "index-temporary": .code(.indexMisnamed),
  "orphan-same-generation": .code(.layerUnindexed),
  "orphan-older-generation": .code(.layerOrphan),
  "orphan-newer-generation": .code(.layerUnknownGeneration),
  "unknown-object-in-timeline": .code(.objectUnknownName),
  "unknown-object-in-tenant": .code(.objectUnknownName),
  "manifest-truncated": .code(.manifestUnreadable),
  "manifest-version-99": .code(.manifestUnknownVersion),
  "manifest-missing": .code(.manifestMissing),
  "manifest-gen-2": .code(.manifestPreviousGeneration),
  "manifest-names-unknown-timeline": .code(.manifestTimelineMissing),
  "heatmap-garbled": .code(.heatmapUnreadable),
  "initdb-missing": .code(.initdbMissing),
  "initdb-garbled": .bodyOnly,
  "ancestor-missing": .code(.heatmapLayerMissing),
  "ancestor-unknown": .code(.ancestorMissing),
  "ancestor-lsn-ahead": .code(.ancestorLsnAhead),
  "ancestor-itself": .code(.ancestorSelf),
  "deleted-at": .code(.timelineDeleting),
  "overlapping-deltas": .code(.layerOverlap),
  "shard-ancestor-layer-missing": .code(.layerMissing),
  "shard-missing": .code(.shardMissing),
  "shard-own-layer-missing": .code(.layerMissing),
  // The index of the generation before is still there, so this can only be told by what is odd about that
  // one.
  "shard-index-missing": .code(.layerImageAhead),
  "bad-timeline-id": .code(.timelineBadName),
  "bad-tenant-id": .code(.tenantBadName),
  "tenant-empty": .code(.objectUnknownName),
]

private let expectations2024: [String: DamageTests.Expectation] = [
  "clean": .undamaged,
  "missing-image-layer": .code(.layerMissing),
  "missing-delta-layer": .code(.layerMissing),
  "all-layers-missing": .code(.layerMissing),
  "truncated-layer": .code(.layerSizeMismatch),
  "flipped-bit-in-layer": .bodyOnly,
  "index-truncated": .code(.indexUnreadable),
  "index-empty": .code(.indexUnreadable),
  "index-version-99": .code(.indexUnknownVersion),
  "index-version-1": .code(.indexVersionBehind),
  "index-unknown-field": .code(.indexUnknownField),
  "index-no-metadata": .code(.indexUnreadable),
  "index-metadata-garbled": .code(.indexBadChecksum),
  "index-metadata-as-object": .code(.indexVersionBehind),
  "index-bad-layer-name": .code(.indexUnreadable),
  "index-no-layers": .code(.indexNoLayers),
  "index-zero-size": .code(.layerSizeZero),
  "index-wrong-size": .code(.layerSizeMismatch),
  "index-layer-generation-unknown": .code(.layerMissing),
  "index-dcl-mismatch": .code(.indexLsnMismatch),
  "index-missing": .code(.indexMissing),
  "index-newer-truncated": .code(.indexUnreadable),
  "index-newer-other": .code(.layerOrphan),
  "index-bad-suffix": .code(.indexMisnamed),
  "orphan-layer": .code(.layerUnknownGeneration),
  "unknown-object-in-timeline": .code(.objectUnknownName),
  "deleted-at": .code(.timelineDeleting),
  "bad-timeline-id": .code(.timelineBadName),
  "bad-tenant-id": .code(.tenantBadName),
  "ancestor-missing": .code(.heatmapLayerMissing),
]

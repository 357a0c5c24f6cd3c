import Testing
@testable import IndexFormat

/// Severities and texts of the catalogue. The severities are an interface: alerts depend on them.
@Suite struct FindingCatalogueTests {
  static let errors = """
    layer.missing layer.size-mismatch layer.size-zero layer.bad-range index.missing index.unreadable
    index.bad-checksum index.no-layers index.lsn-mismatch index.lsn-order ancestor.missing
    ancestor.self ancestor.cycle ancestor.deleted ancestor.lsn-collected shard.missing shard.timeline-missing
    manifest.unreadable wal.segment-missing wal.segment-missing-unknown wal.segment-size wal.partial-size
    wal.page-damaged wal.record-damaged wal.ends-early snapshot.file-missing snapshot.file-damaged
    layer.bad-length layer.bad-geometry layer.summary-mismatch layer.tree-damaged layer.key-order
    layer.key-out-of-range layer.blob-misplaced layer.blob-damaged layer.value-damaged layer.will-init-mismatch
    layer.image-damaged layer.page-damaged layer.heap-damaged layer.page-ahead layer.record-damaged layer.record-misplaced
    replay.wal-missing replay.record-refused replay.record-differs replay.record-missing replay.record-unexpected
    replay.value-differs replay.value-missing replay.value-unexpected replay.unreadable
    value.missing value.unreadable value.damaged page.no-base page.redo-failed page.damaged page.ahead
    image.differs relation.missing relation.unmapped slru.too-long shard.relation-longer
    shard.relation-unknown shard.foreign-value
    """
  static let warnings = """
    layer.duplicate layer.overlap layer.lsn-gap layer.above-disk-consistent-lsn layer.below-branch-point layer.newer-than-index
    layer.foreign-shard layer.unconfirmed index.unknown-version index.misnamed index.superseded-unreadable
    timeline.relic timeline.bad-name ancestor.lsn-ahead shard.bad-number shard.split-unfinished
    shard.stripe-size-mixed manifest.superseded-unreadable manifest.unknown-version manifest.misnamed
    manifest.missing manifest.timeline-missing manifest.not-archived manifest.mismatch heatmap.unreadable
    initdb.empty tenant.bad-name object.unknown-name wal.segment-unconfirmed wal.segment-unlisted
    wal.partial-misnamed wal.claim-invalid wal.claims-disagree wal.timeline-unclaimed layer.recovered
    layer.padding-not-zero layer.blob-unusual layer.page-checksum initdb.damaged
    directory.repeated-entry relation.fork-alone
    """
  static let garbage = """
    layer.orphan index.superseded timeline.deleting manifest.superseded wal.partial-superseded wal.leftover
    """
  static let infos = """
    layer.unindexed layer.unknown-generation index.unknown-field timeline.only-initdb timeline.archived
    timeline.offloaded timeline.invisible timeline.gc-blocked timeline.importing shard.ancestor
    manifest.unknown-field heatmap.layer-missing heatmap.unknown-field initdb.missing tenant.deleted-mark
    layer.image-ahead index.version-behind index.behind-heatmap index.previous-generation index.end-not-covered
    manifest.previous-generation wal.timeline-deleted wal.start-unknown wal.before-start wal.upload-behind
    wal.timeline-cancelled wal.control-plane-not-asked layer.foreign-timeline
    value.unknown-key relation.unlisted
    """

  @Test(arguments: [(errors, Severity.error), (warnings, .warning), (garbage, .garbage), (infos, .info)])
  func severityIsAsPublished(names: String, severity: Severity) {
    let published = Set(names.split(whereSeparator: \.isWhitespace).map(String.init))
    let actual = Set(FindingCode.allCases.filter { $0.entry.severity == severity }.map(\.rawValue))
    #expect(actual.subtracting(published) == [])
    #expect(published.subtracting(actual) == [])
  }

  @Test(arguments: FindingCode.allCases)
  func entryHasWholeTexts(code: FindingCode) throws {
    let entry = code.entry
    let first = try #require(entry.title.first)
    #expect(first.isLowercase || first.isNumber)
    #expect(!entry.title.hasSuffix("."))
    #expect(entry.title.utf8.count <= 80)
    for text in [entry.cause, entry.nextStep] {
      #expect(text.hasSuffix("."))
      #expect(!text.contains("\n"), "a text is one paragraph")
      #expect(!text.contains("  "))
      #expect(text.utf8.allSatisfy { $0 < 0x80 })
    }
    #expect(entry.cause.utf8.count <= 500)
    #expect(entry.nextStep.utf8.count <= 250)
  }

  @Test func titlesAreDistinct() {
    #expect(Set(FindingCode.allCases.map(\.entry.title)).count == FindingCode.allCases.count)
  }

  @Test func causesAreDistinct() {
    #expect(Set(FindingCode.allCases.map(\.entry.cause)).count == FindingCode.allCases.count)
  }
}

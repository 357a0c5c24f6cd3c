import IndexFormat
import Testing
@testable import Scrubber

/// A scan with something of everything, as events.
enum SampleScan {
  static let tenant = TenantID(high: 0x1f35_9dd6_25e5_19a1, low: 0xa4e8_d750_9690_f6fc)
  static let timeline = TimelineID(high: 0x8f9f_9c86_2e55_9fab, low: 0x4d8f_cdea_148e_24a5)
  static let shard = ShardIndex(number: 1, count: 2)
  static let moment = Timestamp(seconds: 1_795_399_907)

  static let begin = ScanBegin(
    command: "scan-metadata",
    location: "/srv/copy",
    prefix: "pageserver/v1/",
    depth: .index,
    moment: moment
  )

  static let layerKey =
    "tenants/\(tenant)-0102/timelines/\(timeline)/"
    + "000000067F00000005000060010000000000-030000000000000000000000000000000002__"
    + "0000000001FE51C9-0000000001FE8D41-0000000a"

  static let findings = [
    Finding(
      .layerOrphan,
      tenant: tenant,
      shard: shard,
      timeline: timeline,
      objectKey: layerKey,
      message: "no index names this layer of generation 0000000a",
      bytes: 25_600_000
    ),
    Finding(
      .layerMissing,
      tenant: tenant,
      shard: shard,
      timeline: timeline,
      objectKey: layerKey,
      message: "the index names a layer that is not in the bucket",
      seen: "no object",
      expected: "25600000 bytes",
      bytes: 25_600_000
    ),
    Finding(
      .indexBadChecksum,
      tenant: tenant,
      shard: shard,
      timeline: timeline,
      objectKey: "tenants/\(tenant)-0102/timelines/\(timeline)/index_part.json-0000000a",
      offset: 112,
      key: Key(text: "000000067F00000005000060010000000000".utf8Span.span.bytes),
      lsn: Lsn(0x1_69F0_0000),
      message: "the metadata's checksum is wrong",
      seen: "710b9fd2",
      expected: "710b9fd3"
    ),
    Finding(
      .manifestMissing,
      tenant: tenant,
      shard: .unsharded,
      message: "shard has no manifest"
    ),
    Finding(.shardMissing, tenant: tenant, message: "shard 0002 has no objects"),
    Finding(
      .tenantBadName,
      objectKey: "tenants/\u{1b}[2Jevil\r\"name\\\u{202e}/x",
      message: "no tenant's name: \u{7}bell",
      bytes: 12
    ),
    Finding(
      .timelineArchived,
      tenant: tenant,
      shard: shard,
      timeline: timeline,
      message: "archived since 2025"
    ),
  ]

  static let lookError = LookError(
    objectKey: "tenants/\(tenant)-0002/\u{9b}31m",
    tenant: tenant,
    reason: "read: access denied (access-denied)"
  )

  static let progress = ScanProgress(
    objectsListed: 1234,
    bytesListed: 5 << 20,
    tenantsDone: 2,
    fraction: 0.43219,
    elapsed: .milliseconds(12_345)
  )

  static var summary: ScanSummary {
    var summary = ScanSummary()
    summary.tenantCount = 2
    summary.timelineCount = 7
    summary.timelineShardCount = 18
    summary.indicesByVersion = [15: 16, 4: 2]
    summary.withOrphans = [
      ShardTimeline(tenantShard: TenantShardID(tenant: tenant, shard: shard), timeline: timeline)
    ]
    for finding in findings {
      summary.counts[finding.code, default: 0] += 1
      if let bytes = finding.bytes { summary.bytes[finding.code, default: 0] += bytes }
    }
    summary.coverage = Coverage(
      objectsListed: 1234,
      bytesListed: 5 << 20,
      objectsVisited: 1230,
      bytesVisited: 5 << 20 - 4096,
      objectsSkipped: [.temporary: 3, .unreadable: 1],
      bytesSkipped: 4096
    )
    summary.lookErrorCount = 1
    summary.moment = moment
    summary.duration = .milliseconds(12_345)
    return summary
  }

  static var events: [ScanEvent] {
    [.begin(begin), .progress(progress)] + findings.map(ScanEvent.finding)
      + [.couldNotLook(lookError), .summary(summary)]
  }

  /// A summary without findings over one object.
  static var cleanSummary: ScanSummary {
    var summary = ScanSummary()
    summary.tenantCount = 1
    summary.timelineCount = 1
    summary.timelineShardCount = 1
    summary.coverage = Coverage(objectsListed: 1, bytesListed: 10, objectsVisited: 1, bytesVisited: 10)
    return summary
  }

  /// A summary of a scan that opened layers, some of which it could not read to the end.
  static var deepSummary: ScanSummary {
    var summary = cleanSummary
    var bodies = BodyCounts()
    bodies.layers.due = 1300
    bodies.layers.checked = 1290
    bodies.layers.unreadable = 3
    bodies.layers.interrupted = 7
    bodies.layers.byteCount = 5 << 30
    bodies.layers.bytesRead = 5 << 30 - 8192
    bodies.entryCount = 1_234_567
    bodies.valueCount = 1_234_560
    bodies.valueByteCount = 9 << 30
    bodies.pageCount = 123_456
    bodies.walRecordCount = 1_000_000
    bodies.archives.due = 2
    bodies.archives.checked = 2
    bodies.archives.byteCount = 3 << 20
    bodies.archives.bytesRead = 3 << 20
    bodies.archivedFileCount = 1936
    summary.bodies = bodies
    summary.isInterrupted = true
    return summary
  }

  /// Hands the events to a report and returns what it wrote.
  static func render(
    _ events: [ScanEvent],
    with makeReport: (any OutputSink) -> any Report
  ) -> String {
    let output = CapturedOutput()
    var report = makeReport(output)
    for event in events { report.receive(event) }
    return output.text
  }
}

import Foundation
import IndexFormat

@testable import Scrubber

/// The WAL of safekeepers as data: the bucket and the cases that were run on the existing scrubber, and small worlds.
enum WALFixture {
  struct Case: Decodable, Sendable, CustomStringConvertible {
    struct Upstream: Decodable, Sendable {
      var exit: Int
      var out: String
    }

    struct Lsns: Codable, Sendable {
      private enum CodingKeys: String, CodingKey {
        case tenant = "tenant_id"
        case timeline = "timeline_id"
        case start = "timeline_start_lsn"
        case backup = "backup_lsn"
      }

      var tenant: String
      var timeline: String
      var start: String
      var backup: String
    }

    var name: String
    var what: String
    var timelines: [Lsns]
    var removed: [String]
    var added: [String]
    var upstream: Upstream

    private enum CodingKeys: String, CodingKey {
      case name, what, removed, added, upstream
      case timelines = "timeline_lsns"
    }

    var description: String { name }
  }

  private struct File: Decodable {
    var cases: [Case]
  }

  static let tenant = TenantID(high: 0x4f1b_ca4f_36e7_0647, low: 0xa6a0_e573_c9de_17af)
  static let main = TimelineID(high: 0x5fe8_b811_4a38_57e5, low: 0x2fdd_46ec_6012_f196)
  static let branch = TimelineID(high: 0x8276_0493_8300_ca90, low: 0x278a_19b2_56e6_932f)
  static let prefix = "safekeeper/v1/"
  static let segmentLength: UInt64 = 16 << 20

  static func cases() throws -> [Case] {
    let file = BucketFixture.folder.appending(path: "safekeeper-cases.json")
    return try JSONDecoder().decode(File.self, from: Data(contentsOf: file)).cases
  }

  static func key(_ timeline: TimelineID, _ name: String, _ tenant: TenantID = tenant) -> String {
    "\(prefix)\(tenant)/\(timeline)/\(name)"
  }

  static func segment(_ number: UInt64) -> String {
    WALSegmentName(WALSegmentNumber(number), size: .standard)?.description ?? ""
  }

  /// The objects of the golden bucket, by name and size.
  static func objects() -> [String: UInt64] {
    [
      key(main, segment(2)): segmentLength, key(main, segment(3)): segmentLength,
      key(main, "000000010000000000000004_3_00000000043DEDE0_00000000043DECE0_sk2.partial"): 4_058_592,
      key(branch, segment(3)): segmentLength,
    ]
  }

  static func store(_ objects: [String: UInt64]) throws -> MemoryObjectStore {
    let store = MemoryObjectStore()
    for (key, size) in objects {
      try store.put(key, body: .zeros(size), lastModified: Timestamp(nanoseconds: 1))
    }
    return store
  }

  static func row(
    _ timeline: TimelineID = main,
    _ start: UInt64,
    _ backup: UInt64,
    tenant: TenantID = tenant
  ) -> SafekeeperRow {
    var row = SafekeeperRow(tenant: tenant, timeline: timeline)
    row.start = Lsn(start)
    row.backup = Lsn(backup)
    return row
  }

  static func claims(_ rows: [SafekeeperRow], isWhole: Bool = false, tenants: Set<TenantID> = [])
    -> SortedClaims
  {
    SortedClaims(name: "test", isWhole: isWhole, rows: rows, tenants: tenants)
  }

  static func scan(
    _ store: any ObjectStore,
    _ source: any ClaimSource,
    _ change: (inout WALScan) -> Void = { _ in }
  ) async -> ScanRecord {
    let record = LockedRecord()
    var scan = WALScan(store: store, prefix: prefix)
    change(&scan)
    await scan.run(source, at: Timestamp(nanoseconds: 0)) { record.receive($0) }
    return record.value
  }
}

extension ScanRecord {
  var exitCode: ExitCode { ExitCode(summary, isStrict: false) }
}

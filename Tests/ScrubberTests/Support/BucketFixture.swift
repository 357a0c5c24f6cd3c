import Foundation
import IndexFormat

@testable import Scrubber

/// A bucket as data: objects by key, layers by their size alone. Made from the golden archives by
/// `Tests/Fixtures/make-fixtures.py`.
struct BucketFixture {
  struct Object: Equatable {
    var size: UInt64
    var text: String?
    var lastModified: Timestamp
  }

  private struct Line: Decodable {
    var key: String
    var size: UInt64
    var lastModified: Int64
    var text: String?

    private enum CodingKeys: String, CodingKey {
      case key, size, text
      case lastModified = "last_modified"
    }
  }

  var objects: [String: Object] = [:]

  /// The folder of all fixtures.
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fixtures")

  init() {}

  /// The golden tenants of these names together, such as "A", "B".
  init(tenants names: [String]) throws {
    for name in names {
      let data = try Data(contentsOf: Self.folder.appending(path: "buckets/\(name).jsonl"))
      for line in data.split(separator: UInt8(ascii: "\n")) {
        let line = try JSONDecoder().decode(Line.self, from: line)
        objects[line.key] = Object(
          size: line.size,
          text: line.text,
          lastModified: Timestamp(nanoseconds: line.lastModified)
        )
      }
    }
  }

  /// A store with these objects.
  func makeStore() throws -> MemoryObjectStore {
    let store = MemoryObjectStore()
    for (key, object) in objects {
      let body = object.text.map { MemoryObjectStore.Body.bytes(Array($0.utf8)) } ?? .zeros(object.size)
      try store.put(key, body: body, lastModified: object.lastModified)
    }
    return store
  }
}

/// What a scan said.
struct ScanRecord: Sendable {
  var findings: [Finding] = []
  var errors: [LookError] = []
  var summary = ScanSummary()

  var codes: Set<FindingCode> { Set(findings.map(\.code)) }

  func findings(_ severity: Severity) -> [Finding] { findings.filter { $0.severity == severity } }

  /// Scans a store that is laid out like the golden buckets.
  static func scan(
    _ store: any ObjectStore,
    depth: ScanDepth = .index,
    jobs: Int = 2,
    selection: [TenantSelector] = [],
    root: BucketRoot = BucketRoot(prefix: "pageserver/v1/", tenantsPrefix: "pageserver/v1/tenants/")
  ) async -> ScanRecord {
    let record = LockedRecord()
    let collector = ScanCollector(moment: Timestamp(nanoseconds: 0)) { event in record.receive(event) }
    var scan = PageserverScan(store: store, root: root)
    scan.depth = depth
    scan.jobs = jobs
    scan.selection = selection
    await scan.run(collector)
    _ = await collector.end()
    return record.value
  }
}

/// Takes the events of a scan down.
final class LockedRecord: @unchecked Sendable {
  private let lock = NSLock()
  private var record = ScanRecord()

  var value: ScanRecord { lock.withLock { record } }

  func receive(_ event: ScanEvent) {
    lock.withLock {
      switch event {
      case .finding(let finding): record.findings.append(finding)
      case .couldNotLook(let error): record.errors.append(error)
      case .summary(let summary): record.summary = summary
      case .begin, .progress: break
      }
    }
  }
}

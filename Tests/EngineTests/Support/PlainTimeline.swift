import Engine
import Foundation
import IndexFormat
import Testing

/// A timeline of the golden data on one shard, all of its values but pages of relations read into memory.
///
/// The plain way to the values, without layer map and search: the newest at or below an LSN, else the ancestor's.
/// Records are applied as far as the catalog needs them: aux files of the first layout, and the commit time of pg_xact.
final class PlainTimeline: ValueSource {
  private enum Stored: Sendable {
    case image([UInt8])
    case record(NeonRecord)
  }

  private let history: [Key: [(lsn: Lsn, value: Stored)]]
  private let keys: [Key]
  private let ancestor: PlainTimeline?
  private let ancestorLsn: Lsn
  let index: IndexPart
  let shard: ShardIdentity
  private let ancestorPolicy: AuxFilePolicy?

  /// What its index says, or that of an ancestor.
  var policy: AuxFilePolicy? { index.lastAuxFilePolicy ?? ancestorPolicy }

  func catalog() throws -> TimelineCatalog {
    TimelineCatalog(self, try TimelineFacts(index, shard: shard, ancestorPolicy: ancestorPolicy))
  }

  init(_ index: IndexPart, shard: ShardIdentity, ancestor: PlainTimeline?, layers: [LayerFile]) throws {
    self.index = index
    self.shard = shard
    self.ancestor = ancestor
    ancestorLsn = index.metadata.ancestorLsn
    ancestorPolicy = ancestor?.policy
    var history: [Key: [(lsn: Lsn, value: Stored)]] = [:]
    for file in layers {
      var failure: FormatError?
      let isDelta = file.object.name.isDelta
      _ = try file.object.check(try file.bytes()) { entry, bytes in
        guard !entry.key.isRelationBlock else { return }
        do throws(FormatError) {
          let value: LayerValue =
            isDelta ? try LayerValue(parsing: bytes) : .image(bytes.withUnsafeBytes { [UInt8]($0) })
          switch value {
          case .image(let image): history[entry.key, default: []].append((entry.lsn, .image(image)))
          case .record(let record): history[entry.key, default: []].append((entry.lsn, .record(record)))
          }
        } catch {
          failure = error
        }
      }
      if let failure { throw failure }
    }
    // Of a record and an image at the same LSN the image is what the record leads to.
    self.history = history.mapValues { versions in
      versions.sorted {
        $0.lsn == $1.lsn ? Self.isRecord($0.value) && !Self.isRecord($1.value) : $0.lsn < $1.lsn
      }
    }
    keys = history.keys.sorted()
  }

  private static func isRecord(_ value: Stored) -> Bool {
    if case .record = value { true } else { false }
  }

  func values(of wanted: KeySpace, at lsn: Lsn) async throws(ReadError) -> [KeyedValue] {
    var found: [KeyedValue] = []
    for key in candidates(wanted) {
      if let bytes = try lookUp(key, lsn), !(key.isSparse && bytes.isEmpty) {
        found.append(KeyedValue(key: key, bytes: bytes))
      }
    }
    return found
  }

  func value(of key: Key, at lsn: Lsn) async throws(ReadError) -> [UInt8] {
    if let bytes = try lookUp(key, lsn) { return bytes }
    throw .missingKey(
      MissingKey(key: key, shard: shard.index, timeline: TimelineID(high: 0, low: 0), lsn: lsn)
    )
  }

  private func candidates(_ wanted: KeySpace) -> [Key] {
    let inherited = ancestor?.candidates(wanted) ?? []
    var own: [Key] = []
    for range in wanted.ranges { own += keys[position(range.start)..<position(range.end)] }
    return inherited.isEmpty ? own : Set(own + inherited).sorted()
  }

  private func position(_ key: Key) -> Int {
    var low = 0
    var high = keys.count
    while low < high {
      let middle = (low + high) / 2
      if keys[middle] < key { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private func lookUp(_ key: Key, _ lsn: Lsn) throws(ReadError) -> [UInt8]? {
    var records: [NeonRecord] = []
    for version in (history[key] ?? []).reversed() where version.lsn <= lsn {
      switch version.value {
      case .image(let bytes): return try apply(records.reversed(), to: bytes, key, lsn)
      case .record(let record): records.append(record)
      }
    }
    let isInherited = !KeyRange.nonInheritedDense.contains(key) && !KeyRange.nonInheritedSparse.contains(key)
    guard let ancestor, isInherited, let base = try ancestor.lookUp(key, min(lsn, ancestorLsn)) else {
      return nil
    }
    return try apply(records.reversed(), to: base, key, lsn)
  }

  private func apply(_ records: [NeonRecord], to base: [UInt8], _ key: Key, _ lsn: Lsn) throws(ReadError)
    -> [UInt8]
  {
    do throws(FormatError) {
      if records.isEmpty { return base }
      if key == .auxFilesV1 {
        var directory = try AuxFilesDirectory(parsing: base.span.bytes)
        for record in records { try directory.apply(record) }
        var bytes: [UInt8] = []
        directory.encode(into: &bytes)
        return bytes
      }
      var page = try TransactionStatusPage(parsing: base.span.bytes)
      for case .clogSetCommitted(_, let time) in records {
        page.commitTime = PostgresTimestamp(microseconds: time)
      }
      var bytes: [UInt8] = []
      page.encode(into: &bytes)
      return bytes
    } catch {
      throw .damagedValue(key, lsn, error)
    }
  }
}

/// All timelines of a golden tenant, each read when it is first asked for.
final class PlainTenant {
  /// Nil for a folder of the repository.
  private let archive: UnpackedArchive?
  private let root: URL
  private let files: [String: LayerFile]
  private var timelines: [String: PlainTimeline] = [:]

  /// All sharded tenants of the golden data have stripes of this many pages.
  static let stripeSizePages: UInt32 = 16

  /// - tenant: its letter.
  convenience init(_ tenant: String) throws {
    let archive = try UnpackedArchive("\(Golden.part(of: tenant))/tenants/\(tenant).tar.zst")
    try self.init(below: archive.url, archive)
  }

  /// - root: the folder that stands for the bucket.
  init(below root: URL, _ archive: UnpackedArchive? = nil) throws {
    self.archive = archive
    self.root = root
    files = Dictionary(uniqueKeysWithValues: try LayerFile.all(below: root).map { ($0.object.key, $0) })
  }

  func timeline(_ tenant: TenantShardID, _ id: TimelineID) throws -> PlainTimeline {
    let prefix = PageserverObjectKey.timelinePrefix(tenant, id)
    if let known = timelines[prefix] { return known }
    let folder = root.appending(path: "pageserver/v1/tenants/\(prefix)")
    let newest = try #require(
      FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasPrefix("index_part.json") }
        .max()
    )
    let index = try IndexPart(parsing: [UInt8](try Data(contentsOf: folder.appending(path: newest))))
    let layers = try index.layers.map { layer in
      let key = PageserverObjectKey.layerKey(
        tenant.tenant,
        layerShard: layer.shard,
        id,
        layer.name,
        layer.generation
      )
      let parts = key.split(separator: "/").suffix(4).joined(separator: "/")
      return try #require(files[parts], "\(parts)")
    }
    let stripe = try #require(StripeSize(pages: Self.stripeSizePages))
    let timeline = try PlainTimeline(
      index,
      shard: try ShardIdentity(tenant.shard, stripeSize: stripe),
      ancestor: try index.metadata.ancestorTimeline.map { try self.timeline(tenant, $0) },
      layers: layers
    )
    timelines[prefix] = timeline
    return timeline
  }
}

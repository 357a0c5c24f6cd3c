import IndexFormat

/// An index that was found by what a user wrote: where it is, and its bytes.
final class IndexTarget: Sendable {
  /// The key of the object, or the path of the file.
  let label: String
  let bytes: [UInt8]

  init(label: String, bytes: [UInt8]) {
    self.label = label
    self.bytes = bytes
  }

  /// Larger ones are not read.
  private static let byteLimit = 256 << 20

  static func file(_ path: String) async throws(ScanFailure) -> IndexTarget {
    let whole = SnapshotFolderBucket.wholePath(path) ?? path
    let name = whole.split(separator: "/").last.map(String.init) ?? whole
    let folder = String(whole.dropLast(name.utf8.count))
    return try await read(name, in: FolderObjectStore(root: folder.isEmpty ? "." : folder), label: path)
  }

  static func object(_ key: String, in bucket: ForensicBucket) async throws(ScanFailure) -> IndexTarget {
    let prefix = bucket.root.tenantsPrefix
    let key = key.hasPrefix(prefix) ? key : prefix + key
    return try await read(key, in: bucket.store, label: key)
  }

  /// The index of a timeline, of one generation or the one that a page server would choose.
  static func generation(
    _ generation: Generation?,
    of timeline: TimelineID?,
    in tenant: TenantView
  ) async throws(ScanFailure) -> IndexTarget {
    let id = try tenant.timelineID(timeline)
    let shards = tenant.shards.filter { !(tenant.inventory.shard($0)?.timeline(id)?.indices.isEmpty ?? true) }
    guard let shard = shards.first else {
      throw ScanFailure(
        message: "\(tenant.bucket.location): timeline \(id) has no index",
        exitCode: .nothingMatched
      )
    }
    guard shards.count == 1 else {
      let names = shards.map { "\(TenantShardID(tenant: tenant.tenant, shard: $0))" }.joined(separator: ", ")
      throw ScanFailure(
        message: "timeline \(id) has an index on each of \(shards.count) shards",
        hint: "Choose one with --tenant-id: \(names).",
        exitCode: .usage
      )
    }
    let indices = tenant.inventory.shard(shard)?.timeline(id)?.indices.newestFirst ?? []
    guard let found = indices.first(where: { generation == nil || $0.generation == generation }) else {
      let names = indices.map(\.generation.description).joined(separator: ", ")
      throw ScanFailure(
        message:
          "\(tenant.bucket.location): timeline \(id) has no index of generation \(generation ?? .none)",
        hint: "Generations that are there: \(names).",
        exitCode: .nothingMatched
      )
    }
    return try await read(found.object.key, in: tenant.bucket.store, label: found.object.key)
  }

  private static func read(
    _ key: String,
    in store: any ObjectStore,
    label: String
  ) async throws(ScanFailure) -> IndexTarget {
    do throws(StoreError) {
      return IndexTarget(label: label, bytes: try await store.read(ReadRequest(key, limit: byteLimit)).bytes)
    } catch {
      switch error.kind {
      case .cancelled: throw .interrupted
      case .notFound:
        throw ScanFailure(message: "\(label): there is no such object", exitCode: .nothingMatched)
      default: throw ScanFailure(message: "\(label): \(error)")
      }
    }
  }

  func parse() throws(ScanFailure) -> IndexPart {
    do throws(FormatError) {
      return try IndexPart(parsing: bytes)
    } catch {
      throw ScanFailure(message: "\(label): \(error)", exitCode: .damage)
    }
  }
}

extension Generation {
  /// As users write it: up to eight hex digits, or `none`.
  init?(argument text: String) {
    if text == "none" {
      self = .none
      return
    }
    guard (1...8).contains(text.utf8.count),
      text.utf8.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }),
      let value = UInt32(text, radix: 16)
    else { return nil }
    self = .valid(value)
  }
}

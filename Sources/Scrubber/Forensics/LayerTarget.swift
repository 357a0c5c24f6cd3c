import Engine
import Glibc
import IndexFormat

/// A layer that was found by what a user wrote: where its bytes are, and what they should be.
final class LayerTarget: Sendable {
  let source: any LayerSource
  let object: Engine.LayerObject
  let byteCount: UInt64
  /// What the index says of the object's size, if one was looked into.
  let indexByteCount: UInt64?
  /// The name was taken from the file itself, as the file's own name is none of a layer.
  let isNamedBySummary: Bool

  init(
    source: any LayerSource,
    object: Engine.LayerObject,
    byteCount: UInt64,
    indexByteCount: UInt64? = nil,
    isNamedBySummary: Bool = false
  ) {
    self.source = source
    self.object = object
    self.byteCount = byteCount
    self.indexByteCount = indexByteCount
    self.isNamedBySummary = isNamedBySummary
  }

  /// The first block of the file, or all of it if that is less.
  func firstBlock() async throws(ScanFailure) -> LayerBytes {
    try await read(0..<min(byteCount, UInt64(TreeNode.blockByteCount)))
  }

  func read(_ range: Range<UInt64>) async throws(ScanFailure) -> LayerBytes {
    if Task.isCancelled { throw .interrupted }
    do throws(LayerSourceError) {
      return try await source.read(object.key, range)
    } catch {
      throw ScanFailure(error)
    }
  }
}

extension ScanFailure {
  init(_ error: LayerSourceError) {
    self.init(
      message: "\(error)",
      exitCode: error.kind == .notFound
        ? .nothingMatched : error.kind == .cancelled ? .interrupted : .couldNotFinish
    )
  }
}

// MARK: - In files

extension LayerTarget {
  /// A file that exists.
  static func isFile(_ path: String) -> Bool {
    guard !path.isEmpty, !path.utf8.contains(0) else { return false }
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }

  /// A layer in a file, whatever its name; tenant and timeline are those of the path if it has them, else those that
  /// the file itself names.
  static func file(_ path: String) async throws(ScanFailure) -> LayerTarget {
    // The whole path names tenant and timeline also for who stands in the timeline's folder.
    let path = SnapshotFolderBucket.wholePath(path) ?? path
    let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    let name = parts.last ?? path
    let folder = path.dropLast(name.utf8.count)
    let source = FolderLayerSource(
      root: folder.isEmpty ? "." : folder == "/" ? "" : String(folder.dropLast())
    )
    let byteCount: UInt64
    let first: LayerBytes
    do throws(LayerSourceError) {
      byteCount = try await source.byteCount(of: name)
      first = try await source.read(name, 0..<min(byteCount, UInt64(TreeNode.blockByteCount)))
    } catch {
      throw ScanFailure(error)
    }
    let fileName = LayerFileName(name)
    guard let kind = fileName?.layer.kind ?? LayerSummary.kind(of: first.bytes) else {
      throw ScanFailure(
        message: "\(path): neither its name nor its first bytes are those of a layer",
        exitCode: .couldNotFinish
      )
    }
    var summary: LayerSummary?
    // What is wrong with it the check will say; here it only lends what the path does not tell.
    summary = try? LayerSummary(parsing: first.bytes, as: kind)
    guard let layer = fileName?.layer ?? summary?.layer else {
      throw ScanFailure(message: "\(path): too short for a layer", exitCode: .damage)
    }
    let place = Self.place(parts)
    let object = Engine.LayerObject(
      key: name,
      name: layer,
      tenant: place?.shard.tenant ?? summary?.tenant ?? TenantID(high: 0, low: 0),
      shard: place?.shard.shard,
      timeline: place?.timeline ?? summary?.timeline ?? TimelineID(high: 0, low: 0)
    )
    return LayerTarget(
      source: source,
      object: object,
      byteCount: byteCount,
      isNamedBySummary: fileName == nil
    )
  }

  /// What `…/<tenant shard>/timelines/<timeline>/<file>` says.
  private static func place(_ parts: [String]) -> (shard: TenantShardID, timeline: TimelineID)? {
    guard parts.count >= 4, parts[parts.count - 3] == "timelines",
      let shard = TenantShardID(parts[parts.count - 4]), let timeline = TimelineID(parts[parts.count - 2])
    else { return nil }
    return (shard, timeline)
  }
}

// MARK: - In buckets

extension LayerTarget {
  /// An object by its key, with or without what stands before the tenant.
  static func object(_ key: String, in bucket: ForensicBucket) async throws(ScanFailure) -> LayerTarget {
    let prefix = bucket.root.tenantsPrefix
    let relative = key.hasPrefix(prefix) ? String(key.dropFirst(prefix.count)) : key
    guard case .layer(let shard, let timeline, let file) = PageserverObjectKey(relative.utf8Span.span.bytes)
    else {
      throw ScanFailure(
        message: "\(key): not the key of a layer",
        hint: "A key is \(prefix)TENANT/timelines/TIMELINE/LAYER; a name alone will do, too.",
        exitCode: .usage
      )
    }
    let object = Engine.LayerObject(
      key: prefix + relative,
      name: file.layer,
      tenant: shard.tenant,
      shard: shard.shard,
      timeline: timeline
    )
    return try await open(object, in: bucket)
  }

  private static func open(
    _ object: Engine.LayerObject,
    in bucket: ForensicBucket,
    indexByteCount: UInt64? = nil
  ) async throws(ScanFailure) -> LayerTarget {
    let source = StoreLayerSource(store: bucket.store)
    do throws(LayerSourceError) {
      let byteCount = try await source.byteCount(of: object.key)
      return LayerTarget(source: source, object: object, byteCount: byteCount, indexByteCount: indexByteCount)
    } catch {
      var failure = ScanFailure(error)
      failure.message = "\(bucket.location): \(failure.message)"
      // The index names it, so that it is not there is damage.
      if error.kind == .notFound, indexByteCount != nil { failure.exitCode = .damage }
      throw failure
    }
  }

  /// A layer by its name, among those that indices name and, failing that, among all objects.
  static func named(
    _ file: LayerFileName,
    timeline: TimelineID?,
    in tenant: TenantView
  ) async throws(ScanFailure) -> LayerTarget {
    let timelines = timeline.map { [$0] } ?? tenant.timelineIDs
    let found = indexed(file, timelines, tenant)
    if found.count == 1, let layer = found.first {
      return try await open(layer.object, in: tenant.bucket, indexByteCount: layer.layer.fileSize)
    }
    let keys = found.isEmpty ? listed(file, timelines, tenant) : found.map(\.key)
    guard let key = keys.first else {
      throw ScanFailure(
        message: "\(tenant.bucket.location): tenant \(tenant.tenant) has no layer \(file)",
        hint: "List those that there are: scrubber layer list.",
        exitCode: .nothingMatched
      )
    }
    guard keys.count == 1 else {
      let names = keys.prefix(5).joined(separator: ", ")
      throw ScanFailure(
        message: "there is more than one layer \(file)",
        hint:
          "Choose with --timeline-id, or name one by its key: \(names)\(keys.count > 5 ? " and others" : "").",
        exitCode: .usage
      )
    }
    return try await object(key, in: tenant.bucket)
  }

  /// The same object may be named by several shards' indices.
  private static func indexed(
    _ file: LayerFileName,
    _ timelines: [TimelineID],
    _ tenant: TenantView
  ) -> [LayerReference] {
    var found: [String: LayerReference] = [:]
    for timeline in timelines {
      for shard in tenant.shards {
        // A timeline whose index cannot be read has no say here; `timeline list` tells of it.
        guard let view = try? tenant.timeline(timeline, on: shard) else { continue }
        for layer in view.layers where layer.name == file.layer {
          guard file.generation == .none || file.generation == layer.layer.generation else { continue }
          found[layer.key] = layer
        }
      }
    }
    return found.sorted { $0.key < $1.key }.map(\.value)
  }

  private static func listed(
    _ file: LayerFileName,
    _ timelines: [TimelineID],
    _ tenant: TenantView
  ) -> [String] {
    var keys: [String] = []
    for shard in tenant.inventory.shards {
      for timeline in timelines {
        for layer in shard.timeline(timeline)?.layers ?? [] where layer.name == file.layer {
          guard file.generation == .none || file.generation == layer.generation else { continue }
          keys.append(
            tenant.bucket.root.tenantsPrefix
              + PageserverObjectKey.layerKey(
                tenant.tenant,
                layerShard: shard.index,
                timeline,
                layer.name,
                layer.generation
              )
          )
        }
      }
    }
    return keys
  }
}

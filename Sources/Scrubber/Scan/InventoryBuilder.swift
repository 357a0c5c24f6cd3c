import IndexFormat

/// Turns a listing in key order into tenants, one at a time.
///
/// Feed it pages; take what `finished` tenants come out, and the last one from `finish`. All keys of a tenant
/// stand together in key order, those of its shards too (`<tenant>-0004/` before `<tenant>/`), so a tenant is
/// complete when another one begins.
struct InventoryBuilder {
  /// The key prefix below which tenants lie, such as `pageserver/v1/tenants/`.
  let tenantsPrefix: [UInt8]
  private(set) var current: TenantInventory?
  /// Objects that belong to no tenant.
  private(set) var outside = OutsideInventory()

  init(tenantsPrefix: String) { self.tenantsPrefix = Array(tenantsPrefix.utf8) }

  /// Sorts a page's objects into tenants and calls `body` with each tenant that is complete.
  mutating func add(_ page: ListingPage, finished: (TenantInventory) -> Void) {
    page.keyBytes.withUnsafeBytes { buffer in
      let bytes = RawSpan(_unsafeBytes: buffer)
      for entry in page.entries {
        let key = bytes.extracting(entry.keyOffset..<entry.keyOffset + entry.keyLength)
        if let tenant = add(key, entry: entry, in: page) { finished(tenant) }
      }
    }
  }

  /// The last tenant, once all pages have been added.
  mutating func finish() -> TenantInventory? {
    defer { current = nil }
    return current?.sorted()
  }

  /// Objects outside that have been gathered, once they are many; the folder that may go on stays.
  mutating func takeOutside() -> OutsideInventory? {
    outside.folders.count > InventoryBuilder.maxFoldersOutside ? outside.take() : nil
  }

  /// Folders outside that are kept before they are handed on: there may be as many as objects.
  private static let maxFoldersOutside = 1_000

  /// Notes that the rest of the listing will not come: the present tenant is not complete.
  mutating func abandon() { current?.unlisted.append("(the rest of the listing)") }

  /// Adds one object; returns the tenant that it showed to be complete.
  private mutating func add(_ key: RawSpan, entry: ListingPage.Entry, in page: ListingPage)
    -> TenantInventory?
  {
    guard isBelowTenants(key) else {
      outside.add(page, entry, besideTenants: key)
      return nil
    }
    let relative = key.extracting(tenantsPrefix.count..<key.byteCount)
    let kind = PageserverObjectKey(relative)
    guard let shard = kind.tenantShard else {
      outside.add(page, entry, kind: kind, from: tenantsPrefix.count)
      return nil
    }
    var finished: TenantInventory?
    if current?.tenant != shard.tenant {
      finished = current?.sorted()
      current = TenantInventory(tenant: shard.tenant)
    }
    current?.add(kind, shard: shard.shard, entry: entry, in: page, from: tenantsPrefix.count)
    return finished
  }

  private func isBelowTenants(_ key: RawSpan) -> Bool {
    guard key.byteCount > tenantsPrefix.count else { return false }
    for index in tenantsPrefix.indices
    where tenantsPrefix[index] != key.unsafeLoad(fromByteOffset: index, as: UInt8.self) { return false }
    return true
  }
}

extension TenantInventory {
  /// Files an object under its shard and timeline. Objects come in key order, so it nearly always is the last
  /// of them.
  fileprivate mutating func add(
    _ kind: PageserverObjectKey,
    shard: ShardIndex,
    entry: ListingPage.Entry,
    in page: ListingPage,
    from offset: Int
  ) {
    objectCount += 1
    byteCount &+= entry.size
    if shards.last?.index != shard { shards.append(ShardInventory(index: shard)) }
    shards[shards.count - 1].add(kind, entry: entry, in: page, from: offset)
  }

  fileprivate func sorted() -> TenantInventory {
    var result = self
    result.shards.sort { $0.index < $1.index }
    for shard in result.shards.indices {
      result.shards[shard].timelines.sort { $0.id < $1.id }
      for timeline in result.shards[shard].timelines.indices {
        result.shards[shard].timelines[timeline].layers.sort {
          LayerObject.precedes($0.name, $0.generation, $1.name, $1.generation)
        }
      }
    }
    return result
  }
}

extension ShardInventory {
  fileprivate mutating func add(
    _ kind: PageserverObjectKey,
    entry: ListingPage.Entry,
    in page: ListingPage,
    from offset: Int
  ) {
    func object() -> ListedObject { page.object(entry) }
    switch kind {
    case .layer(_, let id, let file):
      timelines[last: id].layers.append(
        LayerObject(
          name: file.layer,
          generation: file.generation,
          size: entry.size,
          lastModified: entry.lastModified,
          mark: entry.mark
        )
      )
    case .index(_, let id, let generation, isCanonical: true):
      timelines[last: id].indices.append(GenerationalObject(generation: generation, object: object()))
    case .index(_, let id, _, isCanonical: false), .misnamedIndex(_, let id, _):
      timelines[last: id].strays.append(StrayObject(kind: .misnamedIndex, object: object()))
    case .initdb(_, let id): timelines[last: id].initdb = object()
    case .preservedInitdb(_, let id): timelines[last: id].preservedInitdb = object()
    case .localLayer(_, let id, _), .unknownInTimeline(_, let id, _):
      timelines[last: id].strays.append(StrayObject(kind: .unknownName, object: object()))
    case .manifest(_, let generation):
      manifests.append(GenerationalObject(generation: generation, object: object()))
    case .misnamedManifest: strays.append(StrayObject(kind: .misnamedManifest, object: object()))
    case .heatmap: heatmap = object()
    case .deletedMark: deletedMark = object()
    case .badTimelineName(_, let folder): addBadFolder(folder, entry, page, from: offset)
    case .localTemporary: strays.append(StrayObject(kind: .temporary, object: object()))
    case .unknownInTimelines, .unknownInTenant, .badTenantName, .unknownAtRoot:
      strays.append(StrayObject(kind: .unknownName, object: object()))
    }
  }

  /// Counts the objects of a folder instead of keeping each: there may be millions.
  private mutating func addBadFolder(
    _ folder: Range<Int>,
    _ entry: ListingPage.Entry,
    _ page: ListingPage,
    from offset: Int
  ) {
    let name = page.text(entry, folder, from: offset)
    if let last = strays.last, last.kind == .badTimelineName, last.folder == name {
      strays[strays.count - 1].objectCount += 1
      strays[strays.count - 1].object.size &+= entry.size
    } else {
      strays.append(StrayObject(kind: .badTimelineName, object: page.object(entry), folder: name))
    }
  }
}

extension [TimelineInventory] {
  /// The timeline with `id`, which is the last one or a new one, in a listing in key order.
  fileprivate subscript(last id: TimelineID) -> TimelineInventory {
    get { last.flatMap { $0.id == id ? $0 : nil } ?? TimelineInventory(id: id) }
    _modify {
      if last?.id != id { append(TimelineInventory(id: id)) }
      yield &self[count - 1]
    }
  }
}

extension ListingPage {
  fileprivate func object(_ entry: Entry) -> ListedObject {
    ListedObject(key: key(of: entry), size: entry.size, lastModified: entry.lastModified, mark: entry.mark)
  }

  /// A part of the key, given relative to `offset`.
  fileprivate func text(_ entry: Entry, _ range: Range<Int>, from offset: Int) -> String {
    let start = entry.keyOffset + offset
    return String(decoding: keyBytes[start + range.lowerBound..<start + range.upperBound], as: UTF8.self)
  }
}

/// Objects that belong to no tenant: in folders that are named after none, and beside the tenants.
struct OutsideInventory: Sendable {
  struct Folder: Sendable {
    enum Place: Sendable, Equatable {
      /// Where tenants lie; the name is no tenant's.
      case amongTenants
      /// Beside the folder in which tenants lie.
      case besideTenants
    }

    var place: Place
    /// The folder's name; nil for an object that lies in none.
    var name: String?
    /// The first object in it.
    var first: ListedObject
    var objectCount = 1
    var byteCount: UInt64
  }

  private(set) var folders: [Folder] = []
  /// Temporary and side files of a local store.
  private(set) var temporaryCount = 0
  private(set) var temporaryByteCount: UInt64 = 0
  private(set) var objectCount = 0
  private(set) var byteCount: UInt64 = 0

  /// Everything but the last folder, which is what stays.
  fileprivate mutating func take() -> OutsideInventory {
    guard let last = folders.popLast() else { return OutsideInventory() }
    var rest = OutsideInventory()
    rest.folders = [last]
    rest.objectCount = last.objectCount
    rest.byteCount = last.byteCount
    objectCount -= last.objectCount
    byteCount &-= last.byteCount
    defer { self = rest }
    return self
  }

  fileprivate mutating func add(
    _ page: ListingPage,
    _ entry: ListingPage.Entry,
    kind: PageserverObjectKey,
    from offset: Int
  ) {
    switch kind {
    case .localTemporary:
      objectCount += 1
      byteCount &+= entry.size
      temporaryCount += 1
      temporaryByteCount &+= entry.size
    case .badTenantName(let folder):
      add(page, entry, .amongTenants, folder: page.text(entry, folder, from: offset))
    default: add(page, entry, .amongTenants, folder: nil)
    }
  }

  /// Adds an object that does not lie where tenants do. It counts for the folder it lies in, seen from the
  /// root.
  fileprivate mutating func add(_ page: ListingPage, _ entry: ListingPage.Entry, besideTenants key: RawSpan) {
    let slash = (0..<key.byteCount).last {
      key.unsafeLoad(fromByteOffset: $0, as: UInt8.self) == UInt8(ascii: "/")
    }
    add(page, entry, .besideTenants, folder: slash.map { page.text(entry, 0..<$0, from: 0) })
  }

  private mutating func add(
    _ page: ListingPage,
    _ entry: ListingPage.Entry,
    _ place: Folder.Place,
    folder: String?
  ) {
    objectCount += 1
    byteCount &+= entry.size
    if folder != nil, let last = folders.last, last.name == folder, last.place == place {
      folders[folders.count - 1].objectCount += 1
      folders[folders.count - 1].byteCount &+= entry.size
    } else {
      folders.append(Folder(place: place, name: folder, first: page.object(entry), byteCount: entry.size))
    }
  }
}

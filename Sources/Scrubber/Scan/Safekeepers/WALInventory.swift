import IndexFormat

/// The objects of one timeline's WAL, in the order of their keys.
struct WALInventory: Sendable, Equatable {
  let tenant: TenantID
  let timeline: TimelineID
  var segments: [Segment] = []
  var partials: [Partial] = []
  /// Objects whose names say nothing.
  var strays: [ListedObject] = []
  var objectCount = 0
  var byteCount: UInt64 = 0
  /// A part of the listing is missing.
  var hasHoles = false

  struct Segment: Sendable, Equatable {
    enum Presence: Sendable, Equatable {
      case listed
      /// Not in the listing, but there when asked for by name.
      case unlisted
      /// Not in the listing, and the store gave no answer when asked.
      case unknown
    }

    var name: WALSegmentName
    var size: UInt64
    var lastModified: Timestamp
    var presence = Presence.listed
  }

  struct Partial: Sendable, Equatable {
    var name: PartialSegmentName
    var size: UInt64
    var lastModified: Timestamp
  }

  init(tenant: TenantID, timeline: TimelineID) {
    self.tenant = tenant
    self.timeline = timeline
  }

  /// Adds an object that was not in the listing.
  mutating func add(_ segment: Segment) {
    let place = segments.firstIndex { segment.name < $0.name } ?? segments.count
    segments.insert(segment, at: place)
  }
}

/// Turns a listing in key order into the WAL of timelines, one at a time.
struct WALInventoryBuilder {
  /// What keys begin with: `wal/`, or nothing.
  let prefix: [UInt8]
  private var current: WALInventory?
  private var outside = TenantVerdict()
  private var folder: OutsideFolder?

  private struct OutsideFolder {
    var name: String
    var what: String
    var first: String
    var count: Int
    var bytes: UInt64
  }

  /// How many findings about objects of no timeline are gathered before they are handed on.
  private static let maxFindingsOutside = 1_000

  init(prefix: String) { self.prefix = Array(prefix.utf8) }

  mutating func add(_ page: ListingPage, finished: (WALInventory) -> Void) {
    page.keyBytes.withUnsafeBytes { buffer in
      let bytes = RawSpan(_unsafeBytes: buffer)
      for entry in page.entries {
        let key = bytes.extracting(entry.keyOffset..<entry.keyOffset + entry.keyLength)
        // Only keys with the prefix were asked for.
        guard key.byteCount >= prefix.count else { continue }
        let relative = key.extracting(prefix.count..<key.byteCount)
        if let inventory = add(SafekeeperObjectKey(relative), relative, entry, page) { finished(inventory) }
      }
    }
  }

  mutating func finish() -> WALInventory? {
    defer { current = nil }
    return current
  }

  /// What was said of objects that belong to no timeline, once it is much.
  mutating func takeOutside(atEnd: Bool) -> TenantVerdict? {
    if atEnd { closeFolder() }
    guard outside.findings.count >= (atEnd ? 0 : Self.maxFindingsOutside) else { return nil }
    defer { outside = TenantVerdict() }
    return outside
  }

  private mutating func add(
    _ kind: SafekeeperObjectKey,
    _ key: RawSpan,
    _ entry: ListingPage.Entry,
    _ page: ListingPage
  ) -> WALInventory? {
    let object = ListedObject(key: page.key(of: entry), size: entry.size, lastModified: entry.lastModified)
    switch kind {
    case .segment(let tenant, let timeline, let name):
      return change(tenant, timeline, object) { inventory in
        inventory.segments.append(
          WALInventory.Segment(name: name, size: object.size, lastModified: object.lastModified)
        )
      }
    case .partialSegment(let tenant, let timeline, let name):
      return change(tenant, timeline, object) { inventory in
        inventory.partials.append(
          WALInventory.Partial(name: name, size: object.size, lastModified: object.lastModified)
        )
      }
    case .unknownInTimeline(let tenant, let timeline, _):
      return change(tenant, timeline, object) { $0.strays.append(object) }
    case .localTemporary: outside.coverage.skip(.temporary, object)
    case .badTimelineName(let tenant, let range):
      addOutside(object, "\(tenant)/" + text(key, range), "timeline")
    case .unknownInTenant(let tenant, _): addOutside(object, "\(tenant)", "timeline")
    case .badTenantName(let range): addOutside(object, text(key, range), "tenant")
    case .unknownAtRoot: addOutside(object, "", "tenant")
    }
    outside.coverage.objectsListed += 1
    outside.coverage.bytesListed &+= object.size
    return nil
  }

  private func text(_ key: RawSpan, _ range: Range<Int>) -> String {
    let bytes = range.map { key.unsafeLoad(fromByteOffset: $0, as: UInt8.self) }
    return String(decoding: bytes, as: UTF8.self)
  }

  private mutating func change(
    _ tenant: TenantID,
    _ timeline: TimelineID,
    _ object: ListedObject,
    _ body: (inout WALInventory) -> Void
  ) -> WALInventory? {
    var finished: WALInventory?
    if current?.timeline != timeline || current?.tenant != tenant {
      finished = current
      current = WALInventory(tenant: tenant, timeline: timeline)
    }
    guard var inventory = current else { return finished }
    // No second reference, or each object would copy all before it.
    current = nil
    inventory.objectCount += 1
    inventory.byteCount &+= object.size
    body(&inventory)
    current = inventory
    return finished
  }

  // MARK: Objects of no timeline

  private mutating func addOutside(_ object: ListedObject, _ name: String, _ what: String) {
    outside.coverage.visit(object)
    if folder?.name == name, folder?.what == what {
      folder?.count += 1
      folder?.bytes &+= object.size
    } else {
      closeFolder()
      folder = OutsideFolder(name: name, what: what, first: object.key, count: 1, bytes: object.size)
    }
  }

  private mutating func closeFolder() {
    guard let folder else { return }
    let others = folder.count > 1 ? ", nor the \(folder.count - 1) others beside it" : ""
    outside.findings.append(
      Finding(
        .objectUnknownName,
        objectKey: folder.first,
        message: "this object belongs to no \(folder.what)\(others)",
        seen: folder.name.isEmpty ? nil : folder.name,
        expected: "TENANT/TIMELINE/SEGMENT, the first two of 32 lower-case hex digits",
        bytes: folder.bytes
      )
    )
    self.folder = nil
  }
}

/// What a safekeeper's object is, told from its key below the safekeepers' prefix (`wal/` by default).
///
/// | object | key |
/// |---|---|
/// | full segment | `<tenant>/<timeline>/<segment>` |
/// | partial segment | `<tenant>/<timeline>/<partial segment>` |
///
/// Never a shard, generation, `tenants` or `timelines`. As in `PageserverObjectKey`, names count only as
/// written. Source: `safekeeper/src/wal_backup.rs`.
public enum SafekeeperObjectKey: Hashable, Sendable {
  case segment(TenantID, TimelineID, WALSegmentName)
  case partialSegment(TenantID, TimelineID, PartialSegmentName)
  /// No object, but what LocalFs leaves beside objects: `.metadata` of partial segments, files being written.
  case localTemporary(TemporaryName)
  case unknownInTimeline(TenantID, TimelineID, name: Range<Int>)
  case badTimelineName(TenantID, folder: Range<Int>)
  case unknownInTenant(TenantID, name: Range<Int>)
  case badTenantName(folder: Range<Int>)
  case unknownAtRoot

  /// Classifies a key relative to the safekeepers' prefix.
  public init(_ key: RawSpan) {
    if let leftover = TemporaryName(leftoverKey: key) {
      self = .localTemporary(leftover)
      return
    }
    guard let tenantEnd = key.firstOffset(of: UInt8(ascii: "/")) else {
      self = .unknownAtRoot
      return
    }
    let tenantFolder = key.extracting(0..<tenantEnd)
    guard let tenant = TenantID(hex: tenantFolder), !tenantFolder.hasUpperCase(upTo: tenantEnd) else {
      self = .badTenantName(folder: 0..<tenantEnd)
      return
    }
    let start = tenantEnd + 1
    guard let timelineEnd = key.firstOffset(of: UInt8(ascii: "/"), from: start) else {
      self = .unknownInTenant(tenant, name: start..<key.byteCount)
      return
    }
    let timelineFolder = key.extracting(start..<timelineEnd)
    guard let timeline = TimelineID(hex: timelineFolder),
      !timelineFolder.hasUpperCase(upTo: timelineFolder.byteCount)
    else {
      self = .badTimelineName(tenant, folder: start..<timelineEnd)
      return
    }
    self = SafekeeperObjectKey.inTimeline(key, tenant, timeline, name: timelineEnd + 1..<key.byteCount)
  }

  private static func inTimeline(
    _ key: RawSpan,
    _ tenant: TenantID,
    _ timeline: TimelineID,
    name: Range<Int>
  ) -> SafekeeperObjectKey {
    let text = key.extracting(name)
    if let segment = WALSegmentName(text: text) { return .segment(tenant, timeline, segment) }
    if let partial = PartialSegmentName(text: text) { return .partialSegment(tenant, timeline, partial) }
    return .unknownInTimeline(tenant, timeline, name: name)
  }

  /// A timeline's folder, with the slash.
  public static func timelinePrefix(_ tenant: TenantID, _ timeline: TimelineID) -> String {
    "\(tenant)/\(timeline)/"
  }

  /// The key of this object, if its kind and values tell it.
  public var text: String? {
    switch self {
    case .segment(let tenant, let timeline, let segment):
      "\(SafekeeperObjectKey.timelinePrefix(tenant, timeline))\(segment)"
    case .partialSegment(let tenant, let timeline, let partial):
      "\(SafekeeperObjectKey.timelinePrefix(tenant, timeline))\(partial)"
    case .localTemporary, .unknownInTimeline, .badTimelineName, .unknownInTenant, .badTenantName,
      .unknownAtRoot:
      nil
    }
  }
}

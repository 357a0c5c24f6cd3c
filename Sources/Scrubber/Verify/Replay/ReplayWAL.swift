import IndexFormat

/// Where the WAL is that timelines are replayed from.
final class ReplayWAL: Sendable {
  private enum Place: Sendable {
    /// Segments in files, which do not say of which timeline they are: of the only one that is asked for.
    case files(WALInput, of: TimelineID)
    /// As safekeepers lay it out.
    case bucket(any ObjectStore, prefix: String)
  }

  let location: String
  private let tenant: TenantID
  private let place: Place

  private init(_ location: String, _ tenant: TenantID, _ place: Place) {
    self.location = location
    self.tenant = tenant
    self.place = place
  }

  /// - Parameter timelines: those that are verified.
  static func open(
    _ address: BucketAddress,
    of tenant: TenantID,
    _ timelines: [TimelineID],
    _ environment: Environment
  ) async throws(ScanFailure) -> ReplayWAL {
    if case .folder(let path) = address, try holdsSegments(path) {
      guard let timeline = timelines.first, timelines.count == 1 else {
        throw ScanFailure(
          message: "\(path): segments do not say of which of \(timelines.count) timelines they are",
          hint: "Name it with --timeline-id, or lay them out as safekeepers do: wal/TENANT/TIMELINE/.",
          exitCode: .usage
        )
      }
      return ReplayWAL(path, tenant, .files(try await WALInput.files([path], size: nil), of: timeline))
    }
    let (store, prefix) = try await SafekeeperScan(address: address, environment: environment).openBucket()
    return ReplayWAL(store.location, tenant, .bucket(store, prefix: prefix))
  }

  /// Whether the path is a segment, or a folder with segments.
  private static func holdsSegments(_ path: String) throws(ScanFailure) -> Bool {
    if LayerTarget.isFile(path) { return true }
    do throws(StoreError) {
      let names = try FolderObjectStore(root: path).names(in: "")
      return names.contains { WALSegmentName($0) != nil || PartialSegmentName($0) != nil }
    } catch {
      throw ScanFailure(
        message: "\(path): \(error.detail)",
        exitCode: error.kind == .notFound ? .nothingMatched : .couldNotFinish
      )
    }
  }

  /// The WAL of a timeline; nil if there is none.
  func input(of timeline: TimelineID) async throws(ScanFailure) -> WALInput? {
    switch place {
    case .files(let input, let owner): owner == timeline ? input : nil
    case .bucket(let store, let prefix):
      try await WALInput.timeline(timeline, of: tenant, in: store, prefix)
    }
  }
}

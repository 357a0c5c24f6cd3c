import Glibc
import IndexFormat

/// Scans the WAL of safekeepers in a bucket or a folder.
struct SafekeeperScan: ScanSource {
  let address: BucketAddress
  let environment: Environment

  /// Where safekeepers put their WAL unless told otherwise.
  static let defaultPrefix = "wal"
  /// Where it may lie in a folder.
  private static let folderCandidates = ["wal/", "safekeeper/v1/", "safekeeper/", ""]

  func run(
    _ options: ScanOptions,
    emit: @escaping @Sendable (ScanEvent) -> Void
  ) async throws(ScanFailure) {
    let controlPlane: ControlPlane?
    do throws(UsageError) {
      controlPlane = try ControlPlane(environment: environment)
    } catch {
      throw ScanFailure(message: error.message, hint: error.hint, exitCode: .usage)
    }
    guard let safekeepers = options.safekeepers else {
      throw ScanFailure(message: "no source of timelines is given", exitCode: .usage)
    }
    let (store, prefix) = try await open(options)
    let source = try Self.source(safekeepers.source, tenants: Set(options.tenants.map(\.tenant)))
    var scan = WALScan(store: store, prefix: prefix)
    scan.depth = options.depth
    scan.jobs = options.jobs
    if case .folder = address { scan.jobs = min(scan.jobs, Processors.count) }
    scan.tenants = options.tenants
    scan.segmentSize = safekeepers.segmentSize
    scan.controlPlane = controlPlane
    await scan.run(source, at: options.moment ?? Timestamp.now, emit: emit)
  }

  // MARK: Timelines

  private static func source(
    _ source: SafekeeperOptions.Source,
    tenants: Set<TenantID>
  ) throws(ScanFailure) -> any ClaimSource {
    do throws(ClaimSourceError) {
      switch source {
      case .list(let text):
        let rows = try ClaimFiles.list(text)
        return SortedClaims(name: "--timeline-lsns", isWhole: false, rows: rows, tenants: tenants)
      case .dumps(let paths):
        let name = paths.count == 1 ? "dump \(paths[0])" : "\(paths.count) dumps"
        return SortedClaims(name: name, isWhole: true, rows: try ClaimFiles.dumps(paths), tenants: tenants)
      case .database(let connection, let table):
        return try DatabaseClaims(connectionString: connection.value, table: table, tenants: tenants)
      }
    } catch {
      // A file of which not all was read looks like one that is cut off.
      if Task.isCancelled { throw ScanFailure(message: "interrupted", exitCode: .interrupted) }
      throw ScanFailure(
        message: error.message,
        hint: error.hint,
        exitCode: error.isUsageMistake ? .usage : .couldNotFinish
      )
    }
  }

  // MARK: The bucket

  private func open(_ options: ScanOptions) async throws(ScanFailure) -> (any ObjectStore, prefix: String) {
    switch address {
    case .folder(let path):
      try FolderScan.checkNoMoment(options.moment, hint: FolderScan.momentHint)
      let store = FolderObjectStore(root: path)
      return (store, try findPrefix(store, path))
    case .s3(let bucket):
      let store = try await S3Scan(address: bucket, environment: environment).open(options)
      let prefix = bucket.prefix ?? Self.defaultPrefix
      let root = prefix.isEmpty ? "" : "\(prefix)/"
      try await S3Bucket.checkThatObjectsAreThere(
        store,
        root,
        hint:
          "Write where the WAL begins behind the bucket's name: s3://NAME/PREFIX. It is \(Self.defaultPrefix)/ unless "
          + "said otherwise."
      )
      return (store, root)
    }
  }

  /// The bucket as it is now, for who reads some of it.
  func openBucket() async throws(ScanFailure) -> (any ObjectStore, prefix: String) {
    try await open(ScanOptions(address: address))
  }

  /// Where in the folder the WAL lies: where folders are named after tenants.
  private func findPrefix(_ store: FolderObjectStore, _ path: String) throws(ScanFailure) -> String {
    var places: [String] = []
    do throws(StoreError) {
      _ = try store.names(in: "")
      for candidate in Self.folderCandidates where candidate.isEmpty || store.hasFolder(candidate) {
        let names = try store.names(in: candidate)
        let hasTenants = names.contains { name in
          let text = name.hasSuffix("/") ? String(name.dropLast()) : name
          return TenantID(text) != nil
        }
        if hasTenants || (names.isEmpty && !candidate.isEmpty) { places.append(candidate) }
      }
    } catch {
      throw ScanFailure(
        message: "\(path): \(error.detail)",
        exitCode: error.kind == .notFound ? .nothingMatched : .couldNotFinish
      )
    }
    guard let place = places.first else {
      throw ScanFailure(
        message: "\(path): there is no WAL of safekeepers in this folder",
        hint: "Name the folder that holds wal/, or one with folders that are named after tenants.",
        exitCode: .nothingMatched
      )
    }
    guard places.count == 1 else {
      let names = places.map { $0.isEmpty ? "the folder itself" : $0 }
      throw ScanFailure(
        message: "\(path): WAL may lie in \(names.joined(separator: " and in "))",
        hint: "Name the folder that is meant.",
        exitCode: .usage
      )
    }
    return place
  }
}

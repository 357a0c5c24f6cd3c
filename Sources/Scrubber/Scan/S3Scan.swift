import IndexFormat

/// Scans a bucket of S3.
struct S3Scan: ScanSource {
  let address: S3Address
  let environment: Environment

  func run(
    _ options: ScanOptions,
    emit: @escaping @Sendable (ScanEvent) -> Void
  ) async throws(ScanFailure) {
    let store = try await open(options)
    let root = S3Bucket.root(address)
    try await S3Bucket.checkThatTenantsAreThere(store, root)
    var scan = PageserverScan(store: store, root: root)
    scan.depth = options.depth
    scan.jobs = options.jobs
    scan.selection = options.tenants
    scan.slots = ListingSlots(requests: options.jobs * 2)
    await scan.run(at: options.moment ?? Timestamp.now, emit: emit)
  }

  /// The bucket, as it is or as it was.
  func open(_ options: ScanOptions) async throws(ScanFailure) -> any ObjectStore {
    // Each job lists, and reads some objects at the same time.
    let bucket = try await S3Bucket.open(address, environment, maxInFlight: min(256, options.jobs * 2))
    return try await view(of: bucket, at: options.moment)
  }

  /// The bucket, or what it was at a moment, which only a bucket with versioning knows.
  private func view(of bucket: S3ObjectStore, at moment: Timestamp?) async throws(ScanFailure)
    -> any ObjectStore
  {
    guard let moment else { return bucket }
    try await S3Bucket.checkHistory(
      bucket,
      hint: "Only a bucket with versioning enabled can be scanned as it was."
    )
    return MomentObjectStore(bucket, at: moment)
  }
}

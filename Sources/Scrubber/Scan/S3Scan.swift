import IndexFormat

/// Scans a bucket of S3.
struct S3Scan: ScanSource {
  let address: S3Address
  let environment: Environment

  func run(
    _ options: ScanOptions,
    emit: @escaping @Sendable (ScanEvent) -> Void
  ) async throws(ScanFailure) {
    // Each job lists, and reads some objects at the same time.
    let bucket = try S3Bucket.open(address, environment, maxInFlight: min(256, options.jobs * 2))
    let store = try await view(of: bucket, at: options.moment)
    let root = S3Bucket.root(address)
    try await S3Bucket.checkThatTenantsAreThere(store, root)
    var scan = PageserverScan(store: store, root: root)
    scan.depth = options.depth
    scan.jobs = options.jobs
    scan.selection = options.tenants
    await scan.run(at: options.moment ?? Timestamp.now, emit: emit)
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

import IndexFormat

/// Scans a bucket of S3.
struct S3Scan: ScanSource {
  let address: S3Address
  let environment: Environment

  /// Where page servers put their data unless told otherwise.
  static let defaultPrefix = "pageserver/v1"

  func run(
    _ options: ScanOptions,
    emit: @escaping @Sendable (ScanEvent) -> Void
  ) async throws(ScanFailure) {
    let store = try await open(options)
    let prefix = address.prefix ?? Self.defaultPrefix
    let root = BucketRoot(tenantsPrefix: prefix.isEmpty ? "tenants/" : "\(prefix)/tenants/")
    try await Self.checkThatObjectsAreThere(
      store,
      root.tenantsPrefix,
      hint: "Write what stands before tenants/ behind the bucket's name: s3://NAME/PREFIX."
    )
    var scan = PageserverScan(store: store, root: root)
    scan.depth = options.depth
    scan.jobs = options.jobs
    scan.selection = options.tenants
    scan.slots = ListingSlots(requests: options.jobs * 2)
    await scan.run(at: options.moment ?? Timestamp.now, emit: emit)
  }

  /// The bucket, as it is or as it was.
  func open(_ options: ScanOptions) async throws(ScanFailure) -> any ObjectStore {
    let bucket: S3ObjectStore
    do throws(S3ConfigurationError) {
      let configuration = try S3Configuration(address, environment: environment)
      // What is wrong with them is told at once, with its hint.
      _ = try await configuration.credentials.credentials()
      // Each job lists, and reads some objects at the same time.
      bucket = S3ObjectStore(S3Client(configuration, maxInFlight: min(256, options.jobs * 2)))
    } catch {
      throw ScanFailure(message: error.message, hint: error.hint, exitCode: .couldNotFinish)
    }
    return try await view(of: bucket, at: options.moment)
  }

  /// The bucket, or what it was at a moment, which only a bucket with versioning knows.
  private func view(of bucket: S3ObjectStore, at moment: Timestamp?) async throws(ScanFailure)
    -> any ObjectStore
  {
    guard let moment else { return bucket }
    let keepsHistory: Bool
    do throws(StoreError) {
      keepsHistory = try await bucket.keepsHistory()
    } catch {
      throw ScanFailure(
        message: "--at: \(bucket.location): cannot tell whether it keeps versions: \(error.detail)"
      )
    }
    guard keepsHistory else {
      throw ScanFailure(
        message: "--at: \(bucket.location) keeps no versions of its objects",
        hint: "Only a bucket with versioning enabled can be scanned as it was.",
        exitCode: .usage
      )
    }
    return MomentObjectStore(bucket, at: moment)
  }

  /// One request, which tells at once whether the bucket is there and may be read.
  static func checkThatObjectsAreThere(
    _ store: any ObjectStore,
    _ prefix: String,
    hint: String
  ) async throws(ScanFailure) {
    let isAny: Bool
    do throws(StoreError) {
      isAny = try await store.list(ListRequest(prefix: prefix, pageLimit: 1)).next() != nil
    } catch {
      throw ScanFailure(message: "\(store.location): \(error.detail)", exitCode: .couldNotFinish)
    }
    guard isAny else {
      throw ScanFailure(
        message: "\(store.location): there are no objects at \(prefix.isEmpty ? "its root" : prefix)",
        hint: hint,
        exitCode: .nothingMatched
      )
    }
  }
}

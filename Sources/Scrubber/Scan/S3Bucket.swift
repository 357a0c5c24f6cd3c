/// Opens buckets of S3 for commands: all that can go wrong before the work begins, said once.
enum S3Bucket {
  /// Where page servers put their data unless told otherwise.
  static let defaultPrefix = "pageserver/v1"

  static func open(
    _ address: S3Address,
    _ environment: Environment,
    maxInFlight: Int
  ) async throws(ScanFailure) -> S3ObjectStore {
    do throws(S3ConfigurationError) {
      let configuration = try S3Configuration(address, environment: environment)
      // What is wrong with the keys is told at once, with its hint.
      _ = try await configuration.credentials.credentials()
      return S3ObjectStore(S3Client(configuration, maxInFlight: maxInFlight))
    } catch {
      throw ScanFailure(message: error.message, hint: error.hint, exitCode: .couldNotFinish)
    }
  }

  static func root(_ address: S3Address) -> BucketRoot {
    let prefix = address.prefix ?? defaultPrefix
    return BucketRoot(tenantsPrefix: prefix.isEmpty ? "tenants/" : "\(prefix)/tenants/")
  }

  /// Refuses to go back in time in a bucket that has no past.
  static func checkHistory(_ bucket: S3ObjectStore, hint: String) async throws(ScanFailure) {
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
        hint: hint,
        exitCode: .usage
      )
    }
  }

  static func checkThatTenantsAreThere(_ store: any ObjectStore, _ root: BucketRoot) async throws(ScanFailure)
  {
    try await checkThatObjectsAreThere(
      store,
      root.tenantsPrefix,
      hint: "Write what stands before tenants/ behind the bucket's name: s3://NAME/PREFIX."
    )
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

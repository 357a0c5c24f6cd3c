import Glibc

/// A bucket that a snapshot can be taken from, before anything was asked of it.
protocol SnapshotBucket: Sendable {
  /// How `snapshot.json` names it.
  var location: String { get }
  /// What the keys of tenants begin with; nil while that is not known.
  var tenantsPrefix: String? { get }

  /// Makes ready to look at the bucket.
  ///
  /// - Parameter moment: what to read through versions; nil for now, by versions where the bucket keeps them.
  func open(at moment: Timestamp?, jobs: Int) async throws(ScanFailure) -> SnapshotOrigin
}

/// The single place that decides which implementation reads which kind of bucket.
enum SnapshotSources {
  static func bucket(_ address: BucketAddress, environment: Environment) -> any SnapshotBucket {
    switch address {
    case .folder(let path): SnapshotFolderBucket(path: path)
    case .s3(let address): SnapshotS3Bucket(address: address, environment: environment)
    }
  }
}

/// A bucket in a folder. It keeps no versions.
struct SnapshotFolderBucket: SnapshotBucket {
  let path: String

  /// The whole path, as the snapshot may be looked at from elsewhere.
  var location: String { Self.wholePath(path) ?? path }
  var tenantsPrefix: String? { nil }

  func open(at moment: Timestamp?, jobs: Int) async throws(ScanFailure) -> SnapshotOrigin {
    try FolderScan.checkNoMoment(moment, hint: "Take the snapshot from a bucket with versioning.")
    let store = FolderObjectStore(root: location)
    return SnapshotOrigin(store: store, root: try FolderScan(path: path).findRoot(store), jobs: jobs)
  }

  /// Without symbolic links and `..`; nil if there is no such file.
  static func wholePath(_ path: String) -> String? {
    guard let text = realpath(path, nil) else { return nil }
    defer { free(text) }
    return String(cString: text)
  }
}

/// A bucket of S3.
struct SnapshotS3Bucket: SnapshotBucket {
  let address: S3Address
  let environment: Environment

  var location: String { "s3://\(address.bucket)" }
  var tenantsPrefix: String? { S3Bucket.root(address).tenantsPrefix }

  func open(at moment: Timestamp?, jobs: Int) async throws(ScanFailure) -> SnapshotOrigin {
    CurlClient.expectLargeBodies()
    let bucket = try await S3Bucket.open(address, environment, maxInFlight: jobs)
    var origin = SnapshotOrigin(store: bucket, root: S3Bucket.root(address), jobs: jobs)
    if let moment {
      try await S3Bucket.checkHistory(
        bucket,
        hint: "Only of a bucket with versioning enabled a snapshot of the past can be taken."
      )
      origin.moment = moment
    } else {
      origin.moment = try await present(of: bucket)
    }
    return origin
  }

  /// The moment to pin in a bucket with versioning: the server's present second, once it is over. Nil where there is no
  /// versioning, or where we may not ask.
  ///
  /// Versions have times in whole seconds, so only a second that has passed is a moment.
  private func present(of bucket: S3ObjectStore) async throws(ScanFailure) -> Timestamp? {
    let history: (isKept: Bool, time: Timestamp?)
    do throws(StoreError) {
      history = try await bucket.history()
    } catch {
      if error.kind == .accessDenied || error.kind == .unsupported || error.kind == .badRequest { return nil }
      throw error.kind == .cancelled
        ? .interrupted : ScanFailure(message: "\(bucket.location): \(error.detail)")
    }
    guard history.isKept else { return nil }
    do {
      try await Task.sleep(for: .milliseconds(1100))
    } catch {
      throw .interrupted
    }
    return (history.time ?? .now).wholeSeconds
  }
}

import Glibc
import IndexFormat

/// Scans a bucket that lies in a folder, in any of the layouts that there are.
struct FolderScan: ScanSource {
  let path: String

  func run(
    _ options: ScanOptions,
    emit: @escaping @Sendable (ScanEvent) -> Void
  ) async throws(ScanFailure) {
    try Self.checkNoMoment(options.moment, hint: Self.momentHint)
    let store = FolderObjectStore(root: path)
    let root = try findRoot(store)
    var scan = PageserverScan(store: store, root: root)
    scan.depth = options.depth
    // Files are there at once: more tasks than processors only take memory.
    scan.jobs = min(options.jobs, Processors.count)
    scan.selection = options.tenants
    await scan.run(at: Timestamp.now, emit: emit)
  }

  /// What else to scan for the past.
  static let momentHint = "Scan a bucket with versioning, or a snapshot taken at that moment."

  static func checkNoMoment(_ moment: Timestamp?, hint: String) throws(ScanFailure) {
    guard moment == nil else {
      throw ScanFailure(
        message: "--at: a folder keeps no versions of its objects",
        hint: hint,
        exitCode: .usage
      )
    }
  }

  /// Where in the folder the tenants lie.
  func findRoot(_ store: FolderObjectStore) throws(ScanFailure) -> BucketRoot {
    let names: [String]
    do throws(StoreError) {
      names = try store.names(in: "")
    } catch {
      let exitCode: ExitCode = error.kind == .notFound ? .nothingMatched : .couldNotFinish
      throw ScanFailure(message: "\(path): \(error.detail)", exitCode: exitCode)
    }
    let roots = Set(FolderLayout.candidates.map(\.tenantsRoot).filter(store.hasFolder))
    let places = FolderLayout.detect(topLevelNames: names, existingRoots: roots)
    guard let place = places.first else {
      throw ScanFailure(
        message: names.isEmpty
          ? "\(path): the folder is empty" : "\(path): there are no tenants in this folder",
        hint: "Name the folder that holds \(FolderLayout.candidates[0].tenantsRoot) or tenants/, "
          + "or one with folders that are named after tenants.",
        exitCode: .nothingMatched
      )
    }
    guard places.count == 1 else {
      let roots = places.map { $0.tenantsRoot.isEmpty ? "the folder itself" : $0.tenantsRoot }
      throw ScanFailure(
        message: "\(path): tenants may lie in \(roots.joined(separator: " and in "))",
        hint: "Name the folder that is meant.",
        exitCode: .usage
      )
    }
    return BucketRoot(tenantsPrefix: place.tenantsRoot)
  }
}

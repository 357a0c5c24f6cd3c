import Glibc
import IndexFormat

/// What is known of a folder of files beyond what a bucket would tell.
extension FolderObjectStore {
  /// The names of the entries in a folder below the root, given with or without a slash at its end; sorted by
  /// bytes.
  ///
  /// Names that are no UTF-8 are left out: nothing that is looked for by name has one.
  func names(in folder: String) throws(StoreError) -> [String] {
    var names: [String] = []
    do throws(SystemCallError) {
      let opened = try FileDescriptor.openRoot(folder.isEmpty ? root : "\(root)/\(folder)", for: .listing)
      try opened.forEachName { (bytes, _) throws(SystemCallError) in
        if let name = String(validating: bytes, as: UTF8.self) { names.append(name) }
      }
    } catch {
      throw error.storeError(
        .list,
        key: folder,
        kind: error.code == ENOENT || error.code == ENOTDIR ? .notFound : nil
      )
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  func hasFolder(_ path: String) -> Bool {
    var status = stat()
    return stat("\(root)/\(path)", &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Cuts at every so many of the tenants that there are, because there may be few of them or their
  /// identifiers alike.
  func split(
    _ request: ListRequest,
    at prefix: String,
    into count: Int
  ) async throws(StoreError) -> [ListRequest] {
    // As they are written and no other way: a folder in capitals stands elsewhere than the tenant it spells.
    let tenants = try names(in: prefix).compactMap { name in
      TenantShardID(name).flatMap { $0.description == name ? $0.tenant : nil }
    }
    // Shards of one tenant stand together.
    var starts: [String] = []
    for (tenant, previous) in zip(tenants.dropFirst(), tenants) where tenant != previous {
      starts.append("\(prefix)\(tenant)")
    }
    let step = max(1, (starts.count + 1) / max(1, count))
    return request.cut(at: stride(from: step - 1, to: starts.count, by: step).map { starts[$0] })
  }
}

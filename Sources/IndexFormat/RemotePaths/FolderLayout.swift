/// How a folder of files is laid out that takes the place of a bucket.
///
/// | layout | tenants root | what it is |
/// |---|---|---|
/// | bucket | `pageserver/v1/tenants/` | a copy of a bucket's objects under their keys |
/// | LocalFs | `pageserver/tenants/` or `tenants/` | the store in a folder that Neon has for development |
/// | snapshot | the folder itself | what a tenant snapshot wrote |
///
/// A LocalFs store also holds `.___temp` and `.metadata` files, which are no objects. A snapshot has only the
/// layers that an index names, and that index in one generation, written anew. Safekeepers' objects lie
/// beside the page servers' in a bucket and a LocalFs store.
///
/// Names of layers are alike in all three: with a generation and without `-v1`.
public enum FolderLayout: String, Hashable, Sendable, CaseIterable {
  case bucket
  case localFs = "local-fs"
  case snapshot
}

extension FolderLayout {
  /// A layout and where in the folder its tenants are.
  public struct Place: Hashable, Sendable {
    public let layout: FolderLayout
    /// Relative to the folder, with the slash at its end; empty if it is the folder itself.
    public let tenantsRoot: String
  }

  /// The roots to look for below a folder.
  public static let candidates: [Place] = [
    Place(layout: .bucket, tenantsRoot: "pageserver/v1/tenants/"),
    Place(layout: .bucket, tenantsRoot: "v1/tenants/"),
    Place(layout: .localFs, tenantsRoot: "pageserver/tenants/"),
    Place(layout: .localFs, tenantsRoot: "tenants/"),
  ]

  /// All layouts that a folder may have: none if it looks like none, more than one if only its owner can
  /// tell.
  ///
  /// - Parameters:
  ///   - topLevelNames: names of the entries in the folder.
  ///   - existingRoots: which of the roots of `candidates` exist below it.
  public static func detect(
    topLevelNames: some Sequence<String>,
    existingRoots: Set<String>
  ) -> [Place] {
    var places = candidates.filter { existingRoots.contains($0.tenantsRoot) }
    if topLevelNames.contains(where: { TenantShardID(canonical: $0.utf8Span.span.bytes) != nil }) {
      places.append(Place(layout: .snapshot, tenantsRoot: ""))
    }
    return places
  }
}

import IndexFormat

/// Checks what lies in a bucket and belongs to no tenant.
enum OutsideCheck {
  static func check(_ outside: OutsideInventory, root: BucketRoot) -> TenantVerdict {
    var verdict = TenantVerdict()
    verdict.coverage.objectsListed = outside.objectCount
    verdict.coverage.bytesListed = outside.byteCount
    verdict.coverage.skip(.temporary, outside.temporaryCount, bytes: outside.temporaryByteCount)
    for folder in outside.folders {
      if !isDescription(folder, root) { verdict.findings.append(finding(folder)) }
      verdict.coverage.visit(folder.objectCount, bytes: folder.byteCount)
    }
    return verdict
  }

  /// Whether this is the `snapshot.json` of a snapshot, whose tenants lie beside it.
  private static func isDescription(_ folder: OutsideInventory.Folder, _ root: BucketRoot) -> Bool {
    root.tenantsPrefix.isEmpty && folder.name == nil && folder.first.key == SnapshotDocument.fileName
  }

  private static func finding(_ folder: OutsideInventory.Folder) -> Finding {
    if folder.place == .amongTenants, let name = folder.name {
      return Finding(
        .tenantBadName,
        objectKey: folder.first.key,
        message: "folder '\(name)' is named after no tenant: \(Count(folder.objectCount, "object"))",
        seen: name,
        expected: "32 lower-case hex digits, or with '-' and a shard index",
        bytes: folder.byteCount
      )
    }
    let others = folder.objectCount > 1 ? ", nor the \(folder.objectCount - 1) others beside it" : ""
    return Finding(
      .objectUnknownName,
      objectKey: folder.first.key,
      message: "no release of the page server writes this object here\(others)",
      bytes: folder.byteCount
    )
  }
}

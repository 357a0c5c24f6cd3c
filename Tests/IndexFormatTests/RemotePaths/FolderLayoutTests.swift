import Testing

@testable import IndexFormat

struct FolderLayoutTests {
  private static let shard = "1f359dd625e519a1a4e8d7509690f6fc-0102"

  @Test(
    arguments: [
      (
        ["pageserver", "safekeeper"], ["pageserver/v1/tenants/"], FolderLayout.bucket,
        "pageserver/v1/tenants/"
      ),
      (["v1"], ["v1/tenants/"], .bucket, "v1/tenants/"),
      (["pageserver", "safekeeper"], ["pageserver/tenants/"], .localFs, "pageserver/tenants/"),
      (["tenants"], ["tenants/"], .localFs, "tenants/"), ([shard, "notes.txt"], [], .snapshot, ""),
    ] as [([String], Set<String>, FolderLayout, String)]
  )
  func one(names: [String], roots: Set<String>, layout: FolderLayout, root: String) {
    #expect(
      FolderLayout.detect(topLevelNames: names, existingRoots: roots)
        == [FolderLayout.Place(layout: layout, tenantsRoot: root)]
    )
  }

  @Test func noneAndSeveral() {
    #expect(FolderLayout.detect(topLevelNames: ["x", "1f359dd625e519a1"], existingRoots: ["other/"]) == [])
    #expect(FolderLayout.detect(topLevelNames: [], existingRoots: []) == [])
    let both = FolderLayout.detect(topLevelNames: ["tenants", Self.shard], existingRoots: ["tenants/"])
    #expect(both.map(\.layout) == [.localFs, .snapshot])
  }
}

import Glibc

/// Removes what a folder holds, folders in it too. Follows no links.
enum FolderRemoval {
  /// Deeper than any data directory.
  private static let depthLimit = 32

  static func removeContents(of path: String) throws(SystemCallError) {
    try removeContents(try FileDescriptor.openRoot(path, for: .listing), depth: 0)
  }

  private static func removeContents(
    _ folder: consuming FileDescriptor,
    depth: Int
  ) throws(SystemCallError) {
    guard depth < depthLimit else { throw SystemCallError(attempt: "remove a folder", code: ELOOP) }
    var names: [(name: String, isFolder: Bool)] = []
    try folder.forEachName { name, kind in
      names.append((String(decoding: name, as: UTF8.self), kind == .folder))
    }
    for (name, isFolder) in names {
      if isFolder {
        try removeContents(try folder.openFolder(name, for: .listing), depth: depth + 1)
        try folder.removeFolder(name)
      } else {
        try folder.removeFile(name)
      }
    }
  }
}

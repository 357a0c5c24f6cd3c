/// What may be a path in a snapshot: keys come from the bucket, and whoever writes there must not choose where
/// we write.
enum SnapshotPath {
  /// The longest name that file systems take.
  private static let maxNameLength = 255
  private static let maxPathLength = 3000

  /// Whether a key is the path of a file below the snapshot's folder and of no other: no empty part, no `.` or `..`, no
  /// NUL, nothing too long.
  static func isPossible(_ path: String) -> Bool {
    guard !path.utf8.contains(0), path.utf8.count <= maxPathLength else { return false }
    return path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy {
      part in
      !part.isEmpty && part.count <= maxNameLength && !part.elementsEqual(".".utf8)
        && !part.elementsEqual("..".utf8)
    }
  }

  /// The folders on the way to a path, without slashes at their ends.
  static func parents(of path: String) -> [String] {
    path.utf8.indices.filter { path.utf8[$0] == UInt8(ascii: "/") }.map { String(path[..<$0]) }
  }

  /// The folder of a path; empty for the snapshot's own.
  static func folder(of path: String) -> String { parents(of: path).last ?? "" }
}

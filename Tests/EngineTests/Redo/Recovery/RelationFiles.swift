import Foundation
import IndexFormat
import Testing

/// The pages of all relations of a cluster that is shut down.
struct RelationFiles {
  static let pageByteCount = 8192

  /// In the order of their blocks.
  private(set) var bytes: [RelationTag: [UInt8]] = [:]

  init(_ cluster: URL) throws {
    try add(
      cluster.appending(path: "global"),
      DatabaseTag(tablespace: DatabaseTag.globalTablespace, database: 0)
    )
    let databases = cluster.appending(path: "base")
    for name in try FileManager.default.contentsOfDirectory(atPath: databases.path) {
      guard let number = UInt32(name) else { continue }
      try add(databases.appending(path: name), DatabaseTag(tablespace: 1663, database: number))
    }
    try addTablespaces(cluster.appending(path: "pg_tblspc"))
  }

  /// Each has a folder with a name of the server's version, and therein one for each database.
  private mutating func addTablespaces(_ folder: URL) throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
      guard let tablespace = UInt32(name) else { continue }
      let place = folder.appending(path: name)
      for version in try FileManager.default.contentsOfDirectory(atPath: place.path) {
        let databases = place.appending(path: version)
        for name in try FileManager.default.contentsOfDirectory(atPath: databases.path) {
          guard let number = UInt32(name) else { continue }
          try add(databases.appending(path: name), DatabaseTag(tablespace: tablespace, database: number))
        }
      }
    }
  }

  private mutating func add(_ folder: URL, _ database: DatabaseTag) throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
      // Other files stand there, too.
      guard let file = try? RelationFileName(parsing: name) else { continue }
      try #require(file.segment == 0, "nothing in these tests has more than one file")
      let tag = RelationTag(database, relation: file.relation, fork: file.fork)
      bytes[tag] = [UInt8](try Data(contentsOf: folder.appending(path: name)))
    }
  }

  func page(_ tag: RelationTag, _ block: UInt32) -> [UInt8]? {
    guard let bytes = bytes[tag] else { return nil }
    let start = Int(block) * Self.pageByteCount
    return start + Self.pageByteCount <= bytes.count ? Array(bytes[start..<start + Self.pageByteCount]) : nil
  }

  func blockCount(_ tag: RelationTag) -> UInt32 { UInt32((bytes[tag]?.count ?? 0) / Self.pageByteCount) }
}

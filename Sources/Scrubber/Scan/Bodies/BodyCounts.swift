/// What a scan has looked into, beyond names and indices.
struct BodyCounts: Sendable, Equatable {
  /// Objects of one kind: checked + unreadable + interrupted = due.
  struct Objects: Sendable, Equatable {
    /// To be looked into.
    var due = 0
    /// Looked into, to the end or to where damage ends it.
    var checked = 0
    /// The store gave no answer, or another one each time.
    var unreadable = 0
    /// The scan was interrupted before the end of them.
    var interrupted = 0
    /// Bytes of those that were checked, and how many of them were read.
    var byteCount: UInt64 = 0
    var bytesRead: UInt64 = 0

    var isComplete: Bool { checked + unreadable + interrupted == due }

    static func += (left: inout Objects, right: Objects) {
      left.due += right.due
      left.checked += right.checked
      left.unreadable += right.unreadable
      left.interrupted += right.interrupted
      left.byteCount &+= right.byteCount
      left.bytesRead &+= right.bytesRead
    }
  }

  var layers = Objects()
  /// Entries of the layers' indices.
  var entryCount = 0
  /// Values that were decoded; and of these: pages of relations, WAL records of PostgreSQL.
  var valueCount = 0
  var valueByteCount: UInt64 = 0
  var pageCount = 0
  var walRecordCount = 0
  /// Archives of initdb, and the files in them.
  var archives = Objects()
  var archivedFileCount = 0

  var isComplete: Bool { layers.isComplete && archives.isComplete }

  static func + (left: BodyCounts, right: BodyCounts) -> BodyCounts {
    var sum = left
    sum += right
    return sum
  }

  static func += (left: inout BodyCounts, right: BodyCounts) {
    left.layers += right.layers
    left.entryCount += right.entryCount
    left.valueCount += right.valueCount
    left.valueByteCount &+= right.valueByteCount
    left.pageCount += right.pageCount
    left.walRecordCount += right.walRecordCount
    left.archives += right.archives
    left.archivedFileCount += right.archivedFileCount
  }
}

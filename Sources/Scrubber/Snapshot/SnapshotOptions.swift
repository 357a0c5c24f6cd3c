import IndexFormat

/// What snapshot to take, and where to put it: all that it needs to know of the command line.
struct SnapshotOptions: Sendable, Equatable {
  var address: BucketAddress
  var selection: SnapshotSelection
  /// The folder to write.
  var path: String
  /// The moment of the snapshot; nil for now.
  var moment: Timestamp?
  /// Objects, and parts of objects, that are read at the same time.
  var jobs = SnapshotOptions.defaultJobs
  /// Go on with an unfinished snapshot.
  var resumes = false
  /// Read every file again at the end, or of a snapshot that is there.
  var verifies = false

  static let defaultJobs = 8
  static let allowedJobs = 1...256
}

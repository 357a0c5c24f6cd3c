/// What is wrong with a snapshot, or became apparent while it was taken.
extension FindingEntry {
  static let layerRecovered = FindingEntry(
    .warning,
    "a layer that the index names was deleted, and taken from an older version",
    cause: """
      The bucket keeps versions. The object had been deleted before the moment of the snapshot although the index \
      of that moment names it, but a version from before the deletion is still there. The snapshot holds that one \
      and is whole; the bucket is not, and it loses the version when its rules remove old versions.
      """,
    nextStep: """
      Restore the object in the bucket from the same version before it expires, and find out what deleted it; \
      scan the bucket for more.
      """
  )

  static let snapshotFileMissing = FindingEntry(
    .error,
    "a file that snapshot.json lists is not there",
    cause: """
      A finished snapshot holds every file that it lists. One that is missing was removed, or the snapshot was \
      copied in part.
      """,
    nextStep: "Take the snapshot again into an empty folder, or copy the file from another copy of it."
  )

  static let snapshotFileDamaged = FindingEntry(
    .error,
    "a file of a snapshot is not what snapshot.json says",
    cause: """
      Its size or its SHA-256 differs from what was written. The file was changed, cut off or damaged after the \
      snapshot was taken.
      """,
    nextStep: """
      Take the snapshot again into an empty folder, or copy the file from another copy of it, and check the disk.
      """
  )
}

/// Heatmaps, initdb archives, and names that say nothing.
extension FindingEntry {
  static let heatmapUnreadable = FindingEntry(
    .warning,
    "the heatmap cannot be read",
    cause: """
      The heatmap tells a secondary location which layers to keep warm; it is a hint and never an authority. \
      Its bytes are damaged or of an unknown form. No data depends on it, but a secondary location cannot \
      warm up.
      """,
    nextStep: """
      Let the attached page server upload a new one; if it comes back damaged, check what else writes to \
      this key.
      """
  )

  static let heatmapLayerMissing = FindingEntry(
    .info,
    "the heatmap names a layer that is not in the bucket",
    cause: """
      A heatmap shows the moment of its upload. Layers that compaction or garbage collection removed since \
      stay in it until the next one.
      """,
    nextStep: "Nothing."
  )

  static let heatmapUnknownField = FindingEntry(
    .info,
    "the heatmap has a member that this program does not know",
    cause: """
      The form of heatmaps has no version number; members were added over time, and a page server newer than \
      this program may have added one. Readers pass it over.
      """,
    nextStep: "Nothing, unless it appears in many tenants: then use a newer version of this program."
  )

  static let initdbMissing = FindingEntry(
    .info,
    "a timeline without ancestor has no archive of initdb",
    cause: """
      Since November 2023 the result of initdb is kept beside a new timeline, always under the unsharded \
      folder of its tenant. Older, imported and detached timelines have none. It is needed only to rebuild \
      the timeline from its first WAL.
      """,
    nextStep: "Nothing; remember that this timeline cannot be rebuilt from WAL alone."
  )

  static let initdbEmpty = FindingEntry(
    .warning,
    "the archive of initdb has no bytes",
    cause: """
      An archive of about 1.5 MB is uploaded in one request. An empty object comes from a failed copy or an \
      overwriting tool. The running timeline does not need it; rebuilding the timeline from WAL does.
      """,
    nextStep: """
      Restore an earlier version of the object, or take an archive of the same PostgreSQL version from \
      initdb-preserved.tar.zst.
      """
  )

  static let initdbDamaged = FindingEntry(
    .warning,
    "the archive of initdb cannot be unpacked",
    cause: """
      It should be a tar archive, compressed by zstd, with the files of a fresh cluster. It does not decompress, its \
      parts do not fit, or it ends too early: the upload was cut off, or bytes were changed. The running timeline does \
      not need it; rebuilding the timeline from WAL does.
      """,
    nextStep: """
      Restore an earlier version of the object, or take an archive of the same PostgreSQL version from \
      initdb-preserved.tar.zst or another timeline made from it.
      """
  )

  static let tenantBadName = FindingEntry(
    .warning,
    "a folder under tenants/ is not named by a tenant",
    cause: """
      Below tenants/ stand tenant identifiers of 32 hex digits, with a dash and four more digits for a \
      shard. Another name was put there by a hand or a tool. Page servers pass it over; Neon's own scrubber \
      stops its whole run on it.
      """,
    nextStep: "Look at what it holds, and move it out of tenants/."
  )

  static let tenantDeletedMark = FindingEntry(
    .info,
    "the tenant has a deletion mark",
    cause: """
      From August 2023 to June 2024 the deletion of a tenant began with an empty object timelines/deleted. \
      Newer page servers neither write nor read it. If the tenant has other objects, its deletion never \
      finished.
      """,
    nextStep: "Ask the control plane whether the tenant is deleted; if so, all its objects are garbage."
  )

  static let objectUnknownName = FindingEntry(
    .warning,
    "an object whose name fits nothing that belongs here",
    cause: """
      Page servers write indices, layers, initdb archives, manifests and heatmaps, safekeepers segments of WAL, \
      and nothing else. Another name comes from a tool or a hand, or is a damaged name of one of these, which is \
      then missing where it belongs.
      """,
    nextStep:
      "Look for a missing object that this might be; if there is none, move it out of the tenant's folder."
  )
}

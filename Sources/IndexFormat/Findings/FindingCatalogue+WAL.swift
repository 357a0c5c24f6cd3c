/// The WAL that safekeepers keep in a bucket.
extension FindingEntry {
  static let walSegmentMissing = FindingEntry(
    .error,
    "a WAL segment that safekeepers say is in the bucket is not there",
    cause: """
      Safekeepers upload each complete segment before they raise backup_lsn over it, and may remove it from their \
      disks afterwards. The bucket was listed again and each segment asked for by name. If a control plane is \
      configured, it says that the timeline is alive. Something other than a safekeeper deleted the objects, or \
      they were lost.
      """,
    nextStep: """
      Stop everything that deletes in this bucket; then restore the objects from noncurrent versions, or copy the \
      segments from the disk of a safekeeper that still has them.
      """
  )

  static let walSegmentMissingUnknown = FindingEntry(
    .error,
    "segments are missing of a timeline that the control plane does not know",
    cause: """
      Safekeepers say that the segments are in the bucket, they are not, and the control plane has neither the \
      tenant's project nor the timeline's branch, not even as deleted. It may be a test tenant; or the control \
      plane that was asked is not that of this bucket's region, and then all its answers are worthless.
      """,
    nextStep: """
      Check with a timeline that is known to be alive that CLOUD_ADMIN_API_URL is right. If it is, find out \
      whose timeline this is before anything is deleted.
      """
  )

  static let walSegmentUnconfirmed = FindingEntry(
    .warning,
    "segments are missing, and whether the timeline still exists is not known",
    cause: """
      Safekeepers say that the segments are in the bucket, and they are not. A timeline that was deleted since is \
      the harmless explanation, but the control plane gave no answer. The request that failed is listed apart.
      """,
    nextStep: "Scan again when the control plane can be reached, or without it: then the WAL counts as lost."
  )

  static let walSegmentUnlisted = FindingEntry(
    .warning,
    "the listing lacks a WAL segment that can be read",
    cause: """
      Twice the listing did not have the object, but asked for by its name it is there. The store's listings lag \
      behind, or its index is damaged.
      """,
    nextStep: "Scan again later; if it stays so, have the store repair its index."
  )

  static let walSegmentSize = FindingEntry(
    .error,
    "a WAL segment has another size than segments have",
    cause: """
      Safekeepers upload a segment only when it is complete, so each has exactly the segment size, 16 MiB unless \
      the timeline says otherwise. A short one was cut off by a copy or an overwriting tool, and the WAL behind \
      the cut is lost.
      """,
    nextStep: """
      Restore an earlier version of the object, or copy the segment from a safekeeper's disk. If all segments of \
      the timeline have this size, give it with --wal-seg-size.
      """
  )

  static let walPartialSize = FindingEntry(
    .error,
    "a partial WAL segment has another size than its name says",
    cause: """
      A safekeeper uploads the beginning of its last segment up to its flush LSN, which is in the object's name. \
      The object is longer or shorter. If the safekeeper has evicted the timeline from its disk, this object is \
      its only copy of that WAL.
      """,
    nextStep: """
      If the safekeeper still has the timeline on its disk, it will upload a new one; else restore an earlier \
      version of the object.
      """
  )

  static let walPageDamaged = FindingEntry(
    .error,
    "a page of a WAL segment has a wrong header",
    cause: """
      Every 8 KiB of WAL begin with a header that says the format's version, the page's own address and how much \
      of an earlier record it begins with. These do not fit the place where the page is: bytes were changed, or \
      the object holds another segment's bytes.
      """,
    nextStep: """
      Restore an earlier version of the object, or copy the segment from a safekeeper's disk, and scan it again \
      with --depth wal.
      """
  )

  static let walRecordDamaged = FindingEntry(
    .error,
    "a record in a WAL segment is damaged",
    cause: """
      Each record has a length, names the record before it, and carries a CRC-32C of its bytes. One of these is \
      wrong, so bytes of the record or of its header were changed after writing. PostgreSQL and page servers stop \
      reading here.
      """,
    nextStep: """
      Restore an earlier version of the object, or copy the segment from a safekeeper's disk, and scan it again \
      with --depth wal.
      """
  )

  static let walEndsEarly = FindingEntry(
    .error,
    "the WAL ends inside of a complete segment",
    cause: """
      In a segment that is complete records go on to its end, unless one of them says that the rest is padding. \
      Here zeros stand where the next record must begin: the rest of the segment was never written, or was lost.
      """,
    nextStep: """
      Restore an earlier version of the object, or copy the segment from a safekeeper's disk, and scan it again \
      with --depth wal.
      """
  )

  static let walPartialMisnamed = FindingEntry(
    .warning,
    "the name of a partial WAL segment contradicts itself",
    cause: """
      The name holds a segment, a flush LSN and a commit LSN. The flush LSN must lie in the segment. It does not, \
      so no safekeeper will find its data in this object.
      """,
    nextStep: "Find out what made this object; safekeepers do not use it."
  )

  static let walPartialSuperseded = FindingEntry(
    .garbage,
    "an older partial WAL segment of a safekeeper",
    cause: """
      A safekeeper uploads a new partial segment and then deletes the one before it. When it is interrupted in \
      between, the older one stays. Only the newest of each safekeeper is in use.
      """,
    nextStep: "Nothing now; safekeepers remove such objects themselves. Delete it only if it stays for days."
  )

  static let walClaimInvalid = FindingEntry(
    .warning,
    "what safekeepers say of a timeline is impossible",
    cause: """
      The LSNs of a row contradict each other, a segment size is none that PostgreSQL has, or an identifier is \
      none. The row comes from the database, the dump or the list that was given, not from the bucket.
      """,
    nextStep: "Look at the timeline on its safekeepers (debug dump), and make the dump anew."
  )

  static let walClaimsDisagree = FindingEntry(
    .warning,
    "safekeepers disagree on a timeline",
    cause: """
      Where a timeline begins, how large its segments are and which database system it belongs to never changes, \
      so all safekeepers must say the same. They do not. The least start and the largest size were used.
      """,
    nextStep: "Compare the control files of the safekeepers that have the timeline."
  )

  static let walTimelineUnclaimed = FindingEntry(
    .warning,
    "there is WAL of a timeline that no safekeeper names",
    cause: """
      The bucket holds WAL, and the source of timelines has no row of the timeline. It is younger than the source, \
      or was deleted and its WAL was left behind, or all of its safekeepers have lost it.
      """,
    nextStep: """
      Scan again with a new dump. What stays is to be looked up in the control plane: set CLOUD_ADMIN_API_URL and \
      CLOUD_ADMIN_API_TOKEN, and the scan does so.
      """
  )

  static let walLeftover = FindingEntry(
    .garbage,
    "there is WAL of a timeline that was deleted",
    cause: """
      The control plane says that the timeline's branch or its project is deleted. Safekeepers remove the WAL of a \
      timeline when it is deleted; here that was interrupted or is still to come.
      """,
    nextStep: "Nothing now; if it stays for days, delete the timeline on its safekeepers again."
  )

  static let walTimelineDeleted = FindingEntry(
    .info,
    "the WAL of a deleted timeline is gone",
    cause: """
      Safekeepers named the timeline when the source was made, its WAL is not complete, and the control plane says \
      that it is deleted. So nothing is lost.
      """,
    nextStep: "Nothing."
  )

  static let walStartUnknown = FindingEntry(
    .info,
    "where the WAL of a timeline begins is not known",
    cause: """
      The start is 0/0, or 0/1, which old control files were given for want of a better one. The WAL was checked \
      from the first segment that is in the bucket; what may be missing before it cannot be told.
      """,
    nextStep: "Nothing."
  )

  static let walBeforeStart = FindingEntry(
    .info,
    "segments of WAL from before the timeline's start",
    cause: """
      The segments end before the LSN at which safekeepers say that the timeline begins. The start was stated \
      wrongly, or the objects were copied here.
      """,
    nextStep: "Nothing; nobody reads them."
  )

  static let walUploadBehind = FindingEntry(
    .info,
    "committed WAL is not yet in the bucket",
    cause: """
      Segments that are complete and committed are not uploaded yet. Uploads take a moment; when they are far \
      behind, the disks of the safekeepers hold the only copies.
      """,
    nextStep:
      "Nothing, if it is gone at the next scan; else look at the WAL upload of the timeline's safekeepers."
  )

  static let walTimelineCancelled = FindingEntry(
    .info,
    "all safekeepers are letting go of a timeline",
    cause: """
      Every row of the timeline is marked as cancelled: it is being deleted or moved. Its WAL may be incomplete \
      without anything being wrong, so it was not checked.
      """,
    nextStep: "Nothing."
  )

  static let walControlPlaneNotAsked = FindingEntry(
    .info,
    "the control plane was not asked whether timelines are deleted",
    cause: """
      WAL is missing, or nobody names its timeline, and no control plane is configured. A timeline that was \
      deleted since the source was made looks the same as one that has lost its WAL.
      """,
    nextStep: "Set CLOUD_ADMIN_API_URL and CLOUD_ADMIN_API_TOKEN to tell these apart."
  )
}

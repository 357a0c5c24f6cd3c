/// Timelines and their ancestors.
extension FindingEntry {
  static let timelineRelic = FindingEntry(
    .warning,
    "objects of a timeline that has no index, and nothing refers to it",
    cause: """
      A deletion removes the index last, so layers without index come from a page server that went on \
      writing after it, from a creation that did not finish, or from a re-import. It looks the same when the \
      index of a live timeline was lost.
      """,
    nextStep: """
      Ask the control plane whether the timeline should exist: if so, restore its index from a noncurrent \
      version; if not, the objects are garbage.
      """
  )

  static let timelineOnlyInitdb = FindingEntry(
    .info,
    "only the archive of initdb is left of a timeline",
    cause: """
      Deleting a timeline leaves an archive that was preserved on request, and a creation that failed early \
      may leave the archive alone. On sharded tenants the archive lies under the unsharded folder, apart \
      from the rest.
      """,
    nextStep: "Nothing; delete the archive when the timeline will not be asked for again."
  )

  static let timelineDeleting = FindingEntry(
    .garbage,
    "a timeline is marked as deleted, but objects are still there",
    cause: """
      A deletion first writes deleted_at into the index, then removes layers, archive and other objects, and \
      the index last. It is running, or was interrupted; until it ends the index may name layers that are \
      gone, which is no damage.
      """,
    nextStep: """
      Scan again later; if the objects stay, attach the tenant, which resumes the deletion, or delete the \
      timeline again.
      """
  )

  static let timelineArchived = FindingEntry(
    .info,
    "the timeline is archived",
    cause:
      "The index has archived_at: nobody works on the timeline until it is unarchived. Its data is kept.",
    nextStep: "Nothing."
  )

  static let timelineOffloaded = FindingEntry(
    .info,
    "the timeline is offloaded",
    cause: """
      The timeline is archived, and the tenant's manifest lists it, so page servers do not load it. The data \
      stays in the bucket and the index stays the authority on its existence.
      """,
    nextStep: "Nothing."
  )

  static let timelineInvisible = FindingEntry(
    .info,
    "the timeline is marked as invisible",
    cause:
      "The index has marked_invisible_at: from then on the timeline does not count towards the tenant's size.",
    nextStep: "Nothing."
  )

  static let timelineGcBlocked = FindingEntry(
    .info,
    "garbage collection of the timeline is blocked",
    cause: """
      The index has gc_blocking with the reasons: set by hand, or a detachment from the ancestor that is \
      under way or did not finish. History is kept without limit meanwhile, and space grows.
      """,
    nextStep: "If the block is old, find out whether its reason still holds, and take it away if not."
  )

  static let timelineImporting = FindingEntry(
    .info,
    "an import into the timeline is under way",
    cause: """
      The index says that a PostgreSQL data directory is being imported. Until it is done the timeline may \
      have no layers, and the tenant is not split.
      """,
    nextStep: "Scan again when the import is done; if it never ends, look into the page server's log."
  )

  static let timelineBadName = FindingEntry(
    .warning,
    "a folder under timelines/ is not named by a timeline",
    cause: """
      Below timelines/ stand timeline identifiers of 32 hex digits. Another name was put there by a hand or \
      a tool. Page servers pass it over; Neon's own scrubber stops its whole run on it.
      """,
    nextStep: "Look at what it holds, and move it out of the tenant's folder."
  )

  static let ancestorMissing = FindingEntry(
    .error,
    "the ancestor of a branch does not exist",
    cause: """
      A branch reads everything before its branch point from its ancestor's layers. The ancestor's index is \
      not in the bucket, although page servers refuse to delete a timeline that has branches. The branch \
      cannot be loaded, and pages not written since the branch point are lost with the ancestor.
      """,
    nextStep: """
      Restore the ancestor's index and layers from noncurrent versions or a backup before touching the \
      branch.
      """
  )

  static let ancestorSelf = FindingEntry(
    .error,
    "a timeline is its own ancestor",
    cause: """
      The index names the timeline itself as what it was branched from, which no page server writes. The \
      entry is damaged or was edited; a reader that follows it never arrives.
      """,
    nextStep: """
      Compare with the same timeline's index on other shards and in older generations, and restore the right \
      one.
      """
  )

  static let ancestorCycle = FindingEntry(
    .error,
    "following the ancestors leads back to the timeline",
    cause: """
      Branches form a tree. A ring means that at least one of the indices names a wrong ancestor, by damage \
      or by editing, for example a reparenting done by hand. No timeline of the ring can be loaded.
      """,
    nextStep: """
      Compare the ancestors of all timelines of the ring with older generations and the control plane, and \
      restore the wrong one.
      """
  )

  static let ancestorDeleted = FindingEntry(
    .error,
    "the ancestor of a branch is marked as deleted",
    cause: """
      The ancestor's index has deleted_at although this branch still reads through it. Page servers refuse \
      such a deletion, so they did not know of the branch. The deletion removes the ancestor's layers as \
      soon as it is resumed.
      """,
    nextStep: """
      Keep the tenant detached, save a copy of the ancestor's objects and noncurrent versions, then decide \
      with the control plane whether branch or deletion is wanted.
      """
  )

  static let ancestorLsnAhead = FindingEntry(
    .warning,
    "the branch point lies beyond what the ancestor has in layers",
    cause: """
      The branch was made at an LSN that the ancestor had received but not yet uploaded. Records from the \
      ancestor's disk_consistent_lsn to the branch point exist only in the WAL. It passes when the ancestor \
      is flushed; it stays when the ancestor's index was restored from an older version.
      """,
    nextStep: """
      Make sure that the safekeepers still have the ancestor's WAL of that range, let the page server flush, \
      and scan again.
      """
  )

  static let ancestorLsnCollected = FindingEntry(
    .error,
    "the ancestor no longer holds the branch point",
    cause: """
      Garbage collection spares what branches need at their branch points, which it learns from the indices \
      of the branches and from the manifest for offloaded ones. It did not know of this branch, because its \
      index or its manifest entry was lost or restored later, and removed history that the branch reads.
      """,
    nextStep: """
      Stop garbage collection of the tenant and restore the ancestor's layers and index from before the \
      collection.
      """
  )
}

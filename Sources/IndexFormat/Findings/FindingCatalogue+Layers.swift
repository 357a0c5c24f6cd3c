/// Layers: what an index says of them against what the bucket holds.
extension FindingEntry {
  static let layerMissing = FindingEntry(
    .error,
    "a layer that the index names is not in the bucket",
    cause: """
      A page server uploads a layer before any index that names it, and uploads an index without the layer \
      before it deletes the object; the newest index therefore never names an absent object by itself. \
      Something else took the object away: a garbage collection that did not know all references, a \
      lifecycle rule, a copy that stopped half-way, a hand. What the layer held and no other layer repeats \
      is lost.
      """,
    nextStep: """
      Stop everything that deletes in this bucket, then restore the object under exactly this key from a \
      noncurrent version or a backup; if there is none, restore the timeline as it was before the deletion.
      """
  )

  static let layerSizeMismatch = FindingEntry(
    .error,
    "the object has another size than the index says",
    cause: """
      The index records the size of each layer when it is uploaded, and a page server refuses a download of \
      another length. An object that is too short comes from a copy that was cut off or a damaged disk of \
      the store; one that is too long was overwritten by something that is no page server.
      """,
    nextStep: """
      Restore a version of the object with the expected size, or copy it again from where this bucket was \
      copied from; then scan again.
      """
  )

  static let layerSizeZero = FindingEntry(
    .error,
    "a layer has no bytes",
    cause: """
      No layer file is empty: it begins with a summary block. Size 0 in the index, or an object of 0 bytes, \
      comes from a file that was created but whose content never reached the disk, for example at a power \
      loss before the upload, or from a copy that failed.
      """,
    nextStep: """
      Restore an earlier version of the object; if the index itself says 0, there never was content in the \
      bucket: restore the timeline from before this index.
      """
  )

  static let layerBadRange = FindingEntry(
    .error,
    "the name of a layer has an empty or reversed range",
    cause: """
      A layer covers keys from the first up to the second of its name, and a delta layer LSNs likewise. A \
      start that is not below its end covers nothing, so what was meant to be in it cannot be found. Page \
      servers refuse such delta names with the whole index, but let such image names pass.
      """,
    nextStep: """
      Compare the entry with an older generation of the index and with the objects in the folder, and \
      correct the damaged name from those.
      """
  )

  static let layerDuplicate = FindingEntry(
    .warning,
    "the same layer occurs twice",
    cause: """
      A layer is known by its kind, its key range and its LSN range; shard and generation only say where its \
      object lies. Two entries that come down to the same layer (one may carry a generation or -v1 behind \
      its name) leave open which object is read. It comes from an index that was edited or merged by hand, \
      or from work that a second page server repeated.
      """,
    nextStep: """
      Check that both objects exist and hold the same data, then let the page server load the timeline and \
      write its index anew, which keeps one of them.
      """
  )

  static let layerOverlap = FindingEntry(
    .warning,
    "two delta layers hold the same keys at the same LSNs",
    cause: """
      Readers walk from layer to layer and rely on delta layers of the same keys to split the LSNs at the \
      same points. A compaction that was interrupted and repeated with other boundaries, or older versions \
      of the compaction, left layers that cross each other. Records in the common part are there twice; none \
      is lost.
      """,
    nextStep: """
      Note the two layers and watch reads of these keys for wrong pages; compaction of this range replaces \
      both layers and ends it.
      """
  )

  static let layerLsnGap = FindingEntry(
    .warning,
    "no delta layer covers a part of the timeline's LSNs",
    cause: """
      Each flush starts where the one before ended. A hole above what GC has removed means that a layer vanished from \
      the index, for example in one restored from an older version; pages changed within the hole would be rebuilt \
      without these changes. After a restart of an idle timeline it may also be WAL that changed no page.
      """,
    nextStep: """
      Look for delta layers of this LSN range among unreferenced objects, in older indices and in noncurrent \
      versions; if there are none, restore the timeline or replay the safekeepers' WAL of that range.
      """
  )

  static let layerAboveDiskConsistentLsn = FindingEntry(
    .warning,
    "a delta layer reaches beyond disk_consistent_lsn",
    cause: """
      The index speaks of data up to and including disk_consistent_lsn, so its newest delta layer ends one \
      byte behind it. A delta layer that goes further was uploaded by a page server that did not finish its \
      flush, or the LSN was set back by hand. The next attachment drops the layer and asks the safekeepers \
      for the WAL again.
      """,
    nextStep: """
      Nothing is lost as long as the safekeepers or their backup still have the WAL from disk_consistent_lsn \
      on: check that before the timeline is attached again.
      """
  )

  static let layerImageAhead = FindingEntry(
    .info,
    "image layers above disk_consistent_lsn",
    cause: """
      A page server makes images up to the end of its newest delta, which is one above disk_consistent_lsn, or of data \
      that it has not flushed yet. The next one to load the index drops them, as they hold nothing that the layers \
      below and the WAL do not. So this is normal in the index of a page server that is running, and tells of an older \
      index if the timeline has been loaded since.
      """,
    nextStep:
      "Nothing, unless a newer index is known to have been there: then look for it among deleted versions."
  )

  static let layerBelowBranchPoint = FindingEntry(
    .warning,
    "a layer of a branch begins before the branch point",
    cause: """
      A branch holds only what happened after its branch point; what was before is read from the ancestor. \
      Earlier layers stem from a detachment from the ancestor that was interrupted after copying layers, or \
      from an ancestor that was set by hand. Reads that meet such a layer do not go on to the ancestor.
      """,
    nextStep: """
      Find out whether a detachment from the ancestor is under way and let it finish; otherwise compare the \
      branch's ancestor and branch point with an older index.
      """
  )

  static let layerNewerThanIndex = FindingEntry(
    .warning,
    "the index names a layer of a later generation than its own",
    cause: """
      A page server writes its layers and its index with the generation it was attached with, so an index \
      names layers of its own or earlier generations. A later one means that the index was renamed, copied \
      from another generation, or edited.
      """,
    nextStep: """
      Look for an index of that later generation among noncurrent versions: it is the one that should be \
      read; restore it if it is gone.
      """
  )

  static let layerForeignShard = FindingEntry(
    .warning,
    "the index names a layer of a shard that is none of its ancestors",
    cause: """
      After a split a shard goes on reading layers of the shard it came from, under that shard's key; its \
      entries name no other shards. An entry with another shard comes from an index that was copied from a \
      sibling, or from a damaged entry. A missing shard member means unsharded, not the index's own shard.
      """,
    nextStep: """
      Compare this index with those of the sibling shards and with its older generations; restore the index \
      that belongs here.
      """
  )

  static let layerOrphan = FindingEntry(
    .garbage,
    "a layer object that no index names",
    cause: """
      The object is of an earlier generation than the newest index, or of a shard that was split, and \
      nothing refers to it any more. It stays behind when a page server stops between uploading a layer and \
      its index, when a node that lost its attachment goes on writing, or before a queued deletion is \
      carried out.
      """,
    nextStep: """
      Leave it until no page server can still be attached with an older generation and a rollback is out of \
      the question; then it may be deleted.
      """
  )

  static let layerUnindexed = FindingEntry(
    .info,
    "a layer object that is probably newer than its index",
    cause: """
      Layers are uploaded before the index that names them. An object of the index's own or a later \
      generation that is not named yet is usually just that; if the page server then died, it will become an \
      orphan.
      """,
    nextStep: "Scan again later: it is named by then, or has become an orphan."
  )

  static let layerUnknownGeneration = FindingEntry(
    .info,
    "a layer object of a generation that nothing else of the shard knows",
    cause: """
      No index, manifest or heatmap of this shard has the generation of the object. Either a page server was \
      attached a moment ago and uploaded a layer before anything else, or the name of the object is damaged, \
      or it was copied in from elsewhere.
      """,
    nextStep:
      "Scan again later; if it is still alone with its generation, find out who wrote it before deleting it."
  )

  static let layerUnconfirmed = FindingEntry(
    .warning,
    "the listing lacks a layer that can be read",
    cause: """
      The index names the object and a direct request finds it, but the listing of the bucket did not \
      contain it. It was uploaded while the scan ran, or the store's listing is behind or broken; everything \
      that works by listing (copies, garbage collection) passes the object over.
      """,
    nextStep: """
      Scan again; if the object is still not listed, report it to the operator of the store and do not trust \
      copies of this bucket.
      """
  )
}

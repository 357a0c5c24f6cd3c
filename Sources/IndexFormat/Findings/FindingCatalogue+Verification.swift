/// Timelines: what comes of their values when they are rebuilt, and how directories and catalogs agree.
extension FindingEntry {
  static let valueMissing = FindingEntry(
    .error,
    "a key that must have a value has none",
    cause: """
      The directories and sizes of the timeline say that the key exists at this LSN, and no layer has a \
      value of it: a layer is lost or is not in the index, or was made of too few values. Reads of the key \
      fail.
      """,
    nextStep: """
      Look with layer list which layers should cover the key, and restore the one that is lost from a \
      noncurrent version or a backup. An image layer above, or the WAL since the last image, gives the \
      value back for later LSNs.
      """
  )

  static let valueUnreadable = FindingEntry(
    .error,
    "a value cannot be read, as a layer on the way is damaged or gone",
    cause: """
      To rebuild the value at this LSN a layer must be read that is not there, or whose index or blob is \
      damaged. All keys that need this place of the layer are named together.
      """,
    nextStep: """
      Restore the layer's object from a noncurrent version or a backup; scan-metadata --depth blobs says what is \
      damaged in it. Later LSNs may be whole where an image layer lies above.
      """
  )

  static let valueDamaged = FindingEntry(
    .error,
    "a value is not what its key says",
    cause: """
      A key says what its value is: a directory, a size, a checkpoint, a control file with a checksum, a \
      page of an SLRU. The value that was rebuilt cannot be read as that. Bytes were changed in a layer, \
      or the value of another key is kept there.
      """,
    nextStep: """
      Look with page get and page history which layer the value comes from, and restore that object.
      """
  )

  static let valueUnknownKey = FindingEntry(
    .info,
    "a layer holds a key of an unknown family",
    cause: """
      The key begins as none that page servers have written. It may be of a later version of the page \
      server.
      """,
    nextStep: """
      Use a newer version of this program, if there is one. If keys have no such family in any version, \
      check the layer.
      """
  )

  static let pageNoBase = FindingEntry(
    .error,
    "records without a page to apply them to",
    cause: """
      There are records of WAL that change the page, and below them neither an image nor a record that \
      makes the page anew. The layer that has it is lost, or a bit in an index that says where reading may \
      end is wrong.
      """,
    nextStep: """
      Look with page history which LSNs are there, and restore the layer below the first record.
      """
  )

  static let pageRedoFailed = FindingEntry(
    .error,
    "a record cannot be applied to its page",
    cause: """
      The record does not fit the page below it: a row or a line pointer that it changes is not there, or \
      there is no room for what it adds. The record, the page below it, or a record between them was \
      damaged or is missing; or the record is kept under the wrong key. A page server stops at it, too.
      """,
    nextStep: """
      Check the layers that are named by a scan with --depth blobs. If they are whole, a layer between the image and \
      the record is missing: restore it.
      """
  )

  static let pageDamaged = FindingEntry(
    .error,
    "a rebuilt page is not as PostgreSQL makes it",
    cause: """
      All records were applied, and what came of it has a header, a line pointer, a row or another part \
      that does not fit. PostgreSQL may refuse the page, crash, or give wrong data. Bytes were changed in \
      an image or a record, or a record is missing.
      """,
    nextStep: """
      Look with page history at the versions of the page, and find the first LSN at which it is damaged: \
      the image or record of that LSN is to be restored. Check the relation with pg_amcheck.
      """
  )

  static let pageAhead = FindingEntry(
    .error,
    "a rebuilt page is of a later LSN than it was asked for",
    cause: """
      The page's header has the LSN of its last change, which cannot be behind the LSN for which the page \
      was rebuilt. The header was damaged, or a value is kept at the wrong LSN.
      """,
    nextStep: """
      Look with page history where the value comes from, and restore that layer.
      """
  )

  static let imageDiffers = FindingEntry(
    .error,
    "an image in a layer is not what the history below it leads to",
    cause: """
      Page servers make image layers by replaying the records below them, which are still there. Replaying \
      them again gives another value. Either the image was damaged after it was made, or a layer of the \
      history below it was damaged or lost since, or the page server replayed wrongly. If one bit differs, \
      storage or memory flipped it.
      """,
    nextStep: """
      If other keys of the image layer are right and one differs, the image is the likely one: page get at \
      the LSN before the image, with the records since, gives the value back. If all keys of a range \
      differ, a layer of the history is missing.
      """
  )

  static let directoryRepeatedEntry = FindingEntry(
    .warning,
    "a directory names something twice",
    cause: """
      A directory of databases, relations, segments or prepared transactions is a set, and this one has an \
      entry more than once. Page servers use the last one.
      """,
    nextStep: """
      Nothing at once; look which version of the page server wrote it.
      """
  )

  static let relationMissing = FindingEntry(
    .error,
    "a relation in pg_class has no storage",
    cause: """
      A committed row of pg_class says that the relation has a file, and the directory of relations does \
      not have it. Queries on the relation fail. The row, the directory, or pg_xact is damaged, or a \
      change of one of them is missing.
      """,
    nextStep: """
      Look with page history at the directory of relations of the database, and find the LSN at which the \
      relation was lost.
      """
  )

  static let relationUnlisted = FindingEntry(
    .info,
    "a relation has storage, and no row of pg_class names it",
    cause: """
      Its creation was not yet committed, or a server crashed in the middle of it: PostgreSQL leaves such \
      files. It costs storage only.
      """,
    nextStep: """
      Nothing, if there are few.
      """
  )

  static let relationForkAlone = FindingEntry(
    .warning,
    "a relation has a map of free space or visibility, and no main fork",
    cause: """
      All forks of a relation are dropped together, and its main fork is made first. Here the directory of \
      relations has a fork without the main one.
      """,
    nextStep: """
      Look with page history at the directory of relations, and find the LSN at which the main fork was \
      lost.
      """
  )

  static let relationUnmapped = FindingEntry(
    .error,
    "the relation map of a database contradicts its relations",
    cause: """
      The file of a catalog such as pg_class is told by the relation map alone. The map names a file that \
      the directory of relations does not have, or has none for a catalog that needs one. The database \
      cannot be opened.
      """,
    nextStep: """
      Look with page history at the relation map and at the directory of relations, and find the LSN at \
      which they began to differ.
      """
  )

  static let slruTooLong = FindingEntry(
    .error,
    "a segment of an SLRU is longer than segments are",
    cause: """
      Segments of pg_xact and pg_multixact have at most 32 pages. The size that is stored says more, so \
      its bytes were changed.
      """,
    nextStep: """
      Look with page history at the size of the segment, and restore the layer that it comes from.
      """
  )

  static let shardRelationLonger = FindingEntry(
    .error,
    "a shard has a longer relation than shard 0",
    cause: """
      Shard 0 knows the exact length of each relation, other shards the last block that they have \
      themselves. One of them claims a block behind the end.
      """,
    nextStep: """
      Look with page history at the size of the relation on both shards; one of the two is damaged or of \
      another LSN.
      """
  )

  static let shardRelationUnknown = FindingEntry(
    .error,
    "a shard has a relation that shard 0 does not have",
    cause: """
      Relations are made and dropped on all shards, and shard 0 has all of them. The directory of one of \
      the two shards is damaged, or a change of it is missing.
      """,
    nextStep: """
      Look with page history at the directory of relations on both shards.
      """
  )

  static let shardForeignValue = FindingEntry(
    .error,
    "a shard wrote values of another shard",
    cause: """
      Layers that were taken over from before a split hold values of other shards. This layer is the \
      shard's own, and has values of keys that belong to another shard: it is another shard's layer, or \
      the stripe size that was assumed is wrong.
      """,
    nextStep: """
      Check the stripe size first. Then restore the layer's object from a noncurrent version or a backup.
      """
  )
}

/// Layer files: what their values hold, against the keys and LSNs that they are kept under.
extension FindingEntry {
  static let layerImageDamaged = FindingEntry(
    .error,
    "an image is not what its key stands for",
    cause: """
      A key says what its value is: the size of a relation has 4 bytes, a checkpoint 88, a control file has a \
      checksum. This image has another length or a wrong checksum. Its bytes were changed after writing, or \
      the value of another key is kept here. Reads of the key fail, or give something else.
      """,
    nextStep: """
      Restore the object from a noncurrent version or a backup; if many layers are like this, use a newer \
      version of this program, as a page server newer than it may have written them.
      """
  )

  static let layerPageDamaged = FindingEntry(
    .error,
    "a page in a layer has a header that PostgreSQL refuses",
    cause: """
      Pages of relations begin with a header, or are zeros. This one has a wrong length, an unknown version, \
      or offsets that do not fit each other, so that PostgreSQL stops with an error when it reads the page, or \
      builds on it. Bytes were changed, in the layer or before it was written: a compressed page that was \
      damaged often looks like this.
      """,
    nextStep: """
      Restore the object from a noncurrent version or a backup. If it was always like this, look for an older \
      image of the key and the WAL since, or for the page in a backup.
      """
  )

  static let layerHeapDamaged = FindingEntry(
    .error,
    "a row in a table's page does not fit",
    cause: """
      A page of a table has a pointer to each of its rows. One leads out of the rows' part, into another row, \
      or to something that does not begin as a row does. PostgreSQL may crash on it or give wrong data, \
      without noticing. Bytes of the page were changed, in the layer or before it was written: often one bit \
      in a compressed page.
      """,
    nextStep: """
      Restore the object from a noncurrent version or a backup. If it was always like this, check the table \
      with pg_amcheck, and look for an older image of the page and the WAL since.
      """
  )

  static let layerPageAhead = FindingEntry(
    .error,
    "a page is of a later LSN than the value that holds it",
    cause: """
      A page's header has the LSN of its last change, and an image is kept at an LSN at or behind that. Here \
      the page claims to be of a later time than its image: its header was damaged, or another page was put in \
      its place. PostgreSQL refuses to write such a page back, as it waits for WAL that may never come.
      """,
    nextStep: "Restore the object from a noncurrent version or a backup."
  )

  static let layerPageChecksum = FindingEntry(
    .warning,
    "the checksum of an imported page is wrong",
    cause: """
      The timeline was made from a cluster with checksums, and by its LSN this page has not changed since; so \
      its checksum should still fit. Some of its bytes are not what they were. Pages that changed since the \
      import are not judged: page servers do not keep checksums up to date.
      """,
    nextStep: """
      Compare the page with the backup or the cluster that was imported, and restore the object from a \
      noncurrent version or a backup if they differ.
      """
  )

  static let layerRecordDamaged = FindingEntry(
    .error,
    "a WAL record in a layer is damaged",
    cause: """
      Records of PostgreSQL have a checksum over all of their bytes and the LSN of the record before. One of \
      them does not fit. Page servers hand records to PostgreSQL without looking, so that pages that need this \
      one come out wrong or not at all.
      """,
    nextStep: """
      Restore the object from a noncurrent version or a backup; or find the record in the safekeepers' WAL, \
      and ingest it anew.
      """
  )

  static let layerRecordMisplaced = FindingEntry(
    .error,
    "a record is kept under a key that it cannot change",
    cause: """
      Page servers make records for visibility maps, transaction status and multixacts, and each is kept under \
      the key of the page that it changes. This one stands under a key of another kind, and replaying it \
      fails. A key in the index or the kind of the record was changed.
      """,
    nextStep: "Restore the object from a noncurrent version or a backup."
  )
}

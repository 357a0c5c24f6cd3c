/// Layer files: what their bytes say, against their names and against each other.
extension FindingEntry {
  static let layerBadLength = FindingEntry(
    .error,
    "a layer file has a length that no layer has",
    cause: """
      Layer files consist of blocks of 8192 bytes, three or more. Another length comes from a copy or download that \
      was cut off, or from bytes that were put behind the file. The index stands at the end of the file, so without \
      it nothing in the layer is found.
      """,
    nextStep: "Restore the object from a noncurrent version or a backup, or copy it again; then scan again."
  )

  static let layerBadGeometry = FindingEntry(
    .error,
    "the summary of a layer does not fit the length of its file",
    cause: """
      The summary says where the index begins and which of its blocks is the root, and the root is the last block of \
      the file. The file was cut at a block, or extended, or one of the two numbers was changed. Page servers follow \
      the numbers and read something else as the index.
      """,
    nextStep: """
      Compare the object's size with the one in index_part.json, and restore the object from a noncurrent version or \
      a backup.
      """
  )

  static let layerSummaryMismatch = FindingEntry(
    .error,
    "the summary of a layer is not that of the layer its name says",
    cause: """
      A layer file begins with its kind, format version, tenant, key range and LSNs. Page servers compare them with \
      the name, and refuse the layer if they differ: the object was overwritten by another layer, copied under a wrong \
      name or from another tenant, or its first bytes are damaged.
      """,
    nextStep: """
      If all differs, find the object that belongs under this name; if one field does, restore the object from a \
      noncurrent version or a backup.
      """
  )

  static let layerForeignTimeline = FindingEntry(
    .info,
    "the summary of a layer names another timeline",
    cause: """
      When a timeline is detached from its ancestor, it takes over the ancestor's layers as they are, with the \
      ancestor's identifier inside. Page servers do not compare it.
      """,
    nextStep: "Nothing, if the timeline was detached; else look where the object was copied from."
  )

  static let layerTreeDamaged = FindingEntry(
    .error,
    "the index inside a layer is damaged",
    cause: """
      The index is a tree of blocks; one of them cannot be read, or does not lead to the blocks below it. Page \
      servers fail on keys that lie there, find none or others, or do not come to an end. No page server writes this: \
      the bytes were changed in the store, on a disk or by a copy.
      """,
    nextStep: """
      Restore the object from a noncurrent version or a backup. The blobs may be whole: values outside of the damaged \
      blocks can still be read.
      """
  )

  static let layerKeyOrder = FindingEntry(
    .error,
    "keys in the index of a layer do not ascend",
    cause: """
      Keys are found by halving, which needs ascending keys. Values behind the place may not be found, or the wrong \
      ones are. No page server writes this: bytes of a key or of a common prefix were changed.
      """,
    nextStep: "Restore the object from a noncurrent version or a backup."
  )

  static let layerKeyOutOfRange = FindingEntry(
    .error,
    "a layer holds a key or an LSN outside of its ranges",
    cause: """
      The name of a layer says which keys and LSNs it holds, and readers choose layers by that: they never find what \
      lies outside. Either bytes of the index were changed, and a value that should be found is not, or the layer was \
      renamed.
      """,
    nextStep: """
      Restore the object from a noncurrent version or a backup; if it was written so, keep a copy and report it as a \
      fault of the writer.
      """
  )

  static let layerBlobMisplaced = FindingEntry(
    .error,
    "the index of a layer and its values do not meet",
    cause: """
      Values stand back to back, in the order of the index. A position that does not ascend, lies outside, or does \
      not begin where the value before ended means that a position or a length was changed; a reader gets \
      something else than the value.
      """,
    nextStep: "Restore the object from a noncurrent version or a backup."
  )

  static let layerBlobDamaged = FindingEntry(
    .error,
    "a value in a layer cannot be read",
    cause: """
      The value's header is of a form that does not exist, its length reaches over its place, or it does not \
      decompress. Reads of this key that come to this layer fail. Its bytes were changed after writing.
      """,
    nextStep: """
      Restore the object from a noncurrent version or a backup; other values of the layer are not affected.
      """
  )

  static let layerValueDamaged = FindingEntry(
    .error,
    "a value in a delta layer is neither an image nor a record",
    cause: """
      Values of delta layers are an image or a WAL record in a known form, with nothing behind. This one has an \
      unknown kind, a length that does not fit, or a WAL record whose own length is another. Its bytes were changed, \
      or a page server newer than this program wrote it.
      """,
    nextStep: """
      If all layers of one time are like this, use a newer version of this program; else restore the object from a \
      noncurrent version or a backup.
      """
  )

  static let layerWillInitMismatch = FindingEntry(
    .error,
    "index and value differ in whether a value stands alone",
    cause: """
      The index marks values that need none from before, so that readers know where to stop. Where the mark is \
      wrong, a reader stops too early and cannot rebuild the page, or reads on for nothing. A bit was changed in \
      the index or in the value.
      """,
    nextStep: "Restore the object from a noncurrent version or a backup."
  )

  static let layerPaddingNotZero = FindingEntry(
    .warning,
    "a layer has bytes where only zeros should be",
    cause: """
      Behind the summary, the last value and the entries of an index block there are zeros to the end of the block. \
      Nobody reads them, so nothing is lost; but page servers write zeros there, so something has changed the file, \
      and may have changed other bytes that no check can tell.
      """,
    nextStep:
      "Compare the object with a noncurrent version or a backup, and restore that if it is without the bytes."
  )

  static let layerBlobUnusual = FindingEntry(
    .warning,
    "a value is stored in a way in which no page server stores it",
    cause: """
      It can be read: a compressed value in a delta layer, one that compression did not make shorter, or a long \
      header before a short value. A changed bit in a header may look like this, and so may the work of another \
      program.
      """,
    nextStep:
      "Find out what wrote the layer; if a page server did, compare it with a noncurrent version or a backup."
  )
}

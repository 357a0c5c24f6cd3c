/// Index files: `index_part.json` in all its generations.
extension FindingEntry {
  static let indexMissing = FindingEntry(
    .error,
    "a timeline that others refer to has no index",
    cause: """
      The index is what makes a timeline exist. A timeline without one is normal only when it was deleted or \
      is being created; but a branch, another shard, the manifest or the heatmap still counts on this one. \
      The index was deleted by something other than a page server.
      """,
    nextStep: """
      Restore the newest index_part.json of this timeline from a noncurrent version or a backup; the layers \
      alone do not say which of them belong together.
      """
  )

  static let indexUnreadable = FindingEntry(
    .error,
    "the newest index cannot be read",
    cause: """
      The bytes are no index: cut off, no JSON, without a required member, or with a value of the wrong \
      kind. An index is written in one request, so this is damage by the store, by a copy or by a hand. A \
      page server cannot load the timeline.
      """,
    nextStep: """
      Restore the last readable version of this object; an index of an older generation may name layers that \
      were deleted since, so use one only after comparing its layers with the bucket.
      """
  )

  static let indexBadChecksum = FindingEntry(
    .error,
    "the checksum of the timeline's metadata is wrong",
    cause: """
      Indices written until mid-2024 hold the metadata as 512 bytes whose first four are a CRC-32C of the \
      rest. The sum does not fit: a byte was changed after writing. The page server refuses the timeline.
      """,
    nextStep: """
      Restore an intact version of the index; if there is none, take LSNs, ancestor and PostgreSQL version \
      from an older generation or another shard.
      """
  )

  static let indexUnknownVersion = FindingEntry(
    .warning,
    "the index has a version that this program does not know",
    cause: """
      Versions 1 to 15 are known. The number is informative only, readers go by the members that are there, \
      so the index was checked all the same; but a newer page server may have given members another meaning.
      """,
    nextStep: """
      Use a version of this program that knows the number, and read this timeline's findings with care until \
      then.
      """
  )

  static let indexUnknownField = FindingEntry(
    .info,
    "the index has a member that this program does not know",
    cause: """
      A page server newer than this program wrote the member, or one so old that the member has been \
      forgotten. Readers pass it over, and it disappears at the next rewrite.
      """,
    nextStep: "Nothing, unless it appears in many timelines: then use a newer version of this program."
  )

  static let indexVersionBehind = FindingEntry(
    .info,
    "the index has members of a later version than it says",
    cause: """
      A page server that rewrites an index keeps the version number it has read, and adds the members of its own \
      version. The number tells when the timeline was made, not how the file is written.
      """,
    nextStep: "Nothing. Do not tell by the version what an index may hold."
  )

  static let indexBehindHeatmap = FindingEntry(
    .info,
    "the heatmap is of a later generation than the newest index",
    cause: """
      A page server that attaches a tenant and changes nothing uploads a heatmap but no index, so this is normal. It \
      is also all that is left to see when the newest index has been lost and an older one is read in its place.
      """,
    nextStep: """
      Look for an index of the heatmap's generation among the deleted versions of the timeline's objects, if the \
      tenant is known to have been written to in that generation.
      """
  )

  static let indexPreviousGeneration = FindingEntry(
    .info,
    "an index of the generation before the newest",
    cause: """
      While a tenant moves to another page server, the one it leaves may still read the index of its own generation. \
      Neon's garbage collection keeps this one on purpose.
      """,
    nextStep: "Nothing. It is also what to go back to if the newest index turns out to be damaged."
  )

  static let indexMisnamed = FindingEntry(
    .warning,
    "an object is named like an index but has no proper generation",
    cause: """
      Behind index_part.json stands nothing or a dash and the generation as hex digits. A temporary or \
      backup name comes from a tool or a hand. Page servers pass it over, but some tools go by the beginning \
      of the name and might take it for the index.
      """,
    nextStep: """
      Move the object out of the timeline's folder, after making sure that it is not the only copy of the \
      index.
      """
  )

  static let indexSuperseded = FindingEntry(
    .garbage,
    "an index of an older generation",
    cause: """
      Each attachment writes the index under its own generation, and older ones stay until a garbage \
      collection removes them. They may name layers that are long gone; that is no damage.
      """,
    nextStep: "Keep the last one or two as a help in need; older ones may be deleted."
  )

  static let indexSupersededUnreadable = FindingEntry(
    .warning,
    "an index of an older generation cannot be read",
    cause: """
      The newest index is fine, and nobody reads this one, but its bytes are damaged. What damages one \
      object may have damaged others, and this index can no longer help if the newest is lost.
      """,
    nextStep: "Find out what wrote or changed this object, and check other objects of the same time."
  )

  static let indexNoLayers = FindingEntry(
    .error,
    "an index without layers and without ancestor",
    cause: """
      A timeline without ancestor has all its data in its own layers, and page servers refuse to upload an \
      index that has neither, unless an import is under way. Here all entries are gone, so the timeline has \
      no content.
      """,
    nextStep: "Restore the last version of the index that names layers."
  )

  static let indexLsnMismatch = FindingEntry(
    .error,
    "disk_consistent_lsn of the index and of its metadata differ",
    cause: """
      The index holds this LSN twice, and both are written from the same value. If they differ, one was \
      changed afterwards, by damage or by editing, and it is open up to where the layers are complete.
      """,
    nextStep: """
      Compare both with the end of the newest delta layer (one more than the right value) and restore the \
      index that agrees with it.
      """
  )

  static let indexLsnOrder = FindingEntry(
    .error,
    "the LSNs of an index contradict each other",
    cause: """
      A timeline begins at its initdb or branch LSN and ends at disk_consistent_lsn; the GC cutoff and the \
      previous record lie between. An order that cannot be means that a value is damaged or was edited, or \
      that the ancestor's is not the right timeline.
      """,
    nextStep: """
      Compare the values with those of the other shards and of older generations; restore the index that \
      fits them.
      """
  )

  static let indexEndNotCovered = FindingEntry(
    .info,
    "no layer reaches disk_consistent_lsn",
    cause: """
      The index says that everything up to disk_consistent_lsn is in layers, but the newest layer ends before. A page \
      server raises the LSN without a layer when the WAL in between changed no page, so this may be in order. It is \
      also what an index looks like from which the last layers were taken out.
      """,
    nextStep: """
      Look whether layers up to this LSN are among the unreferenced objects or in older indices. If so, compare with \
      the WAL of that range before the timeline is attached.
      """
  )
}

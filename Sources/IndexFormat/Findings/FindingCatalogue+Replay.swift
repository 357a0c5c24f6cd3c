/// What a timeline holds against what the WAL leads to, from where the timeline or one before it stood.
extension FindingEntry {
  static let replayWALMissing = FindingEntry(
    .error,
    "the WAL ends before the LSN up to which it was to be replayed",
    cause: """
      Values were to be compared with what WAL leads to. It ends too early: a segment is not there, or the last one \
      is not complete. What comes behind could not be compared, and is counted as skipped.
      """,
    nextStep: """
      Look for the segment on the safekeepers' disks or in the bucket's noncurrent versions, and verify again; or \
      begin behind the gap.
      """
  )

  static let replayRecordRefused = FindingEntry(
    .error,
    "a record of WAL cannot be ingested on what was there before",
    cause: """
      The record is whole by its checksum, but makes no sense on the values before it: it creates a relation that \
      exists, say, or copies a database that does not. The WAL belongs to another timeline, or what the replay \
      began with does. What comes behind could not be compared.
      """,
    nextStep:
      "Make sure that the base and the WAL are those of this timeline, and that both meet at the LSN given."
  )

  static let replayRecordDiffers = FindingEntry(
    .error,
    "a stored record or image is not what the WAL has",
    cause: """
      Page servers store each record, and each full-page image, under the keys of the pages that it changes, byte \
      for byte. This one differs from what was made of the WAL anew. Bytes of the layer were changed after the \
      page server got them, and the page comes out wrong from here on until the next image.
      """,
    nextStep: """
      Restore the layer's object from a noncurrent version or a backup; the WAL that was replayed holds what the \
      value should be.
      """
  )

  static let replayRecordMissing = FindingEntry(
    .error,
    "a record of the WAL was not stored",
    cause: """
      By the WAL a value belongs under this key at this LSN, and no layer of the timeline has one, although history \
      is kept from before that LSN on. A layer was lost or emptied, its index leads to another place, or a page \
      server left the record out.
      """,
    nextStep: """
      See whether a layer of these keys and LSNs is missing in the index or lies in the bucket unindexed; else the \
      WAL must be ingested anew.
      """
  )

  static let replayRecordUnexpected = FindingEntry(
    .error,
    "a stored value is in no record of the WAL",
    cause: """
      A layer holds a value for a key and an LSN at which no record of the WAL changes that key. A key or an LSN in \
      the layer's index was changed, the layer belongs to another timeline, or the WAL does.
      """,
    nextStep: """
      Restore the layer's object from a noncurrent version or a backup. If all values of a layer are like this, \
      see which timeline it came from.
      """
  )

  static let replayValueDiffers = FindingEntry(
    .error,
    "a value is not what the WAL leads to",
    cause: """
      What was there before and the WAL since lead to other bytes than the timeline gives for this key at this LSN. \
      An image layer holds something else, or one of the records that the value is made of was changed, lost or \
      added: other findings name it if it is one of those.
      """,
    nextStep: """
      Compare both at the byte that is named; restore the layer from a noncurrent version or a backup, or put the \
      value back from the WAL.
      """
  )

  static let replayValueMissing = FindingEntry(
    .error,
    "keys have no value that must have one by the WAL",
    cause: """
      By directories and sizes that come of the WAL these keys exist at this LSN, and the timeline does not have \
      them. A directory or a size of it is wrong, or a layer was lost.
      """,
    nextStep:
      "See which directory or size differs, by other findings at this LSN, and restore the layer it stands in."
  )

  static let replayValueUnexpected = FindingEntry(
    .error,
    "keys have a value that do not exist by the WAL",
    cause: """
      The timeline's directories and sizes say that these keys exist at this LSN; those that come of the WAL do \
      not. A directory or a size of it is wrong, or a drop or a truncation was not ingested.
      """,
    nextStep: "See which directory or size differs, by other findings at this LSN, and restore its layer."
  )

  static let replayUnreadable = FindingEntry(
    .error,
    "a value that was to be compared with the WAL cannot be read",
    cause: """
      Neither side could be judged here: records do not fit the page that they are for, a directory cannot be \
      parsed, or there is nothing that they could be applied to. The message says on which side it was, the \
      timeline's or that of the replay.
      """,
    nextStep:
      "If it is the timeline's side, look at the layers of the key; else at those of the base."
  )
}

/// Shards and tenant manifests.
extension FindingEntry {
  static let shardMissing = FindingEntry(
    .error,
    "a shard of the tenant has no objects",
    cause: """
      The names of the other shards say how many there are, and each holds its own part of the pages. All \
      objects of this one are gone, and no older shard is left that could stand in, or a copy of the bucket \
      left it out.
      """,
    nextStep: "Restore the whole folder of the shard from noncurrent versions or the source of the copy."
  )

  static let shardTimelineMissing = FindingEntry(
    .error,
    "a timeline exists on some shards but not on this one",
    cause: """
      A timeline is created and deleted on all shards of a tenant. If one lacks it, its index was lost \
      there, or a creation or deletion stopped between shards. The pages that belong to this shard cannot be \
      read.
      """,
    nextStep: """
      Ask the control plane whether the timeline was just created or deleted; if it should be there, restore \
      its objects on this shard.
      """
  )

  static let shardBadNumber = FindingEntry(
    .warning,
    "the number of a shard is not below the number of shards",
    cause: """
      A shard is named NNCC: its number, from 0, and how many there are. A number that does not fit the \
      count is never written by a page server: the folder was renamed or made by hand, and nobody reads it.
      """,
    nextStep: "Look at what it holds, find the shard it was copied from, and move it away."
  )

  static let shardSplitUnfinished = FindingEntry(
    .warning,
    "a split of the tenant was begun but not finished",
    cause: """
      A split writes indices and a manifest for every child shard and then switches over. Here some children \
      lack their timelines while the shards they come from are whole: the split is running, or failed and \
      was rolled back, and the children's objects stayed.
      """,
    nextStep: """
      Ask the storage controller how many shards the tenant has: if the old number, the children are \
      garbage; if the new one, the children lack data.
      """
  )

  static let shardStripeSizeMixed = FindingEntry(
    .warning,
    "shards of a tenant state different stripe sizes",
    cause: """
      The stripe size decides which shard holds which page, so it is the same on all shards of one count. \
      The manifests repeat it for information, the storage controller is the authority. A shard with another \
      size was written by a page server with a wrong configuration, or its manifest was copied from \
      elsewhere.
      """,
    nextStep:
      "Compare with the stripe size that the storage controller has, before any import of this tenant."
  )

  static let shardAncestor = FindingEntry(
    .info,
    "a folder of before a split, kept for its layers",
    cause: """
      A split does not copy layers: the children's indices go on naming objects in the folder of the shard \
      they came from until compaction has rewritten them. Indices and manifest of the old shard stay, too, \
      but are not read.
      """,
    nextStep: "Nothing; its layers may be deleted once no index of any child names them, and never before."
  )

  static let manifestUnreadable = FindingEntry(
    .error,
    "the newest tenant manifest cannot be read",
    cause: """
      The manifest lists the tenant's offloaded timelines and what their ancestors must keep for them. Its \
      bytes are no manifest: cut off, no JSON, or with a wrong member. The page server cannot attach the \
      tenant.
      """,
    nextStep: """
      Restore an intact version of the object; an older generation serves if no timeline was offloaded or \
      unarchived since.
      """
  )

  static let manifestSupersededUnreadable = FindingEntry(
    .warning,
    "a tenant manifest of an older generation cannot be read",
    cause: """
      The newest manifest is fine, and nobody reads this one, but its bytes are damaged. What damages one \
      object may have damaged others.
      """,
    nextStep: "Find out what wrote or changed this object, and check other objects of the same time."
  )

  static let manifestUnknownVersion = FindingEntry(
    .warning,
    "the tenant manifest has a version that this program does not know",
    cause: """
      Versions 1 and 2 are known. The manifest was read by its members all the same, but a newer page server \
      may have given them another meaning.
      """,
    nextStep: """
      Use a version of this program that knows the number, and read this tenant's findings with care until \
      then.
      """
  )

  static let manifestUnknownField = FindingEntry(
    .info,
    "the tenant manifest has a member that this program does not know",
    cause: "A page server newer than this program wrote it. Readers pass it over.",
    nextStep: "Nothing, unless it appears in many tenants: then use a newer version of this program."
  )

  static let manifestMisnamed = FindingEntry(
    .warning,
    "an object is named like a tenant manifest but has no proper generation",
    cause: """
      A manifest is named tenant-manifest, a dash, 8 lower-case hex digits, .json. Another form comes from a \
      tool or a hand. Page servers look for the pattern anywhere in the name, so a longer name may be taken \
      for a manifest.
      """,
    nextStep: """
      Move the object out of the tenant's folder, after making sure that it is not the only copy of the \
      manifest.
      """
  )

  static let manifestMissing = FindingEntry(
    .warning,
    "a shard has no tenant manifest",
    cause: """
      Since October 2024 page servers write a manifest for every shard that they attach. It is normal that \
      one is missing if the shard has not been attached since; otherwise it was lost, and with it what is \
      known of offloaded timelines and the LSNs that their ancestors keep for them.
      """,
    nextStep: """
      If archived timelines exist, restore the manifest before the tenant is attached and garbage is \
      collected.
      """
  )

  static let manifestPreviousGeneration = FindingEntry(
    .info,
    "a tenant manifest of one of the two generations before the newest",
    cause: """
      A manifest is rewritten under the generation of its writer whenever what it says changes, and the older ones \
      stay. Neon's garbage collection keeps two of them.
      """,
    nextStep: "Nothing. It is also what to go back to if the newest manifest turns out to be damaged."
  )

  static let manifestSuperseded = FindingEntry(
    .garbage,
    "a tenant manifest of an older generation",
    cause: """
      A manifest is written under the generation of its attachment whenever its content changes; older ones \
      stay until a garbage collection removes them.
      """,
    nextStep: "Keep the last one or two as a help in need; older ones may be deleted."
  )

  static let manifestTimelineMissing = FindingEntry(
    .warning,
    "the tenant manifest lists an offloaded timeline that has no index",
    cause: """
      The index decides whether a timeline exists, and an entry may dangle for a while after a deletion. If \
      the timeline was not deleted, its index was lost, and the tenant will forget it at the next \
      attachment.
      """,
    nextStep: "Ask the control plane whether the timeline was deleted; if not, restore its index."
  )

  static let manifestNotArchived = FindingEntry(
    .warning,
    "the tenant manifest lists a timeline as offloaded that is not archived",
    cause: """
      Only archived timelines are offloaded, and unarchiving takes the entry away. If the index has no \
      archived_at, one of the two writes of archiving or unarchiving is missing, or one object was restored \
      from another time.
      """,
    nextStep:
      "Ask the control plane in which state the timeline should be, then archive or unarchive it once more."
  )

  static let manifestMismatch = FindingEntry(
    .warning,
    "tenant manifest and index say different things of an offloaded timeline",
    cause: """
      The manifest repeats an offloaded timeline's ancestor, the LSN that the ancestor keeps for it, and \
      when it was archived. They differ from the index when one of the two comes from another time. If the \
      manifest's are wrong, garbage collection of the ancestor spares the wrong LSN.
      """,
    nextStep: """
      Unarchive and archive the timeline again, which writes both anew; until then block garbage collection \
      of the ancestor.
      """
  )
}

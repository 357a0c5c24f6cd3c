extension VerifyCommand {
  static let declaration = CommandDeclaration(
    name: "verify",
    summary: "rebuild every value of a tenant, and say which are not right",
    usage: [
      "[SNAPSHOT]", "[--bucket URL|FOLDER]", "[--tenant-id ID]", "[--timeline-id ID...]", "[--lsn LSN...]",
      "[--level reconstruct|images|replay|all]", "[--wal FOLDER|URL]", "[--against SNAPSHOT]",
      "[--scratch FOLDER]",
      "[--sample P%]", "[--jobs N]", "[--memory BYTES]", "[--resume]",
      "[--journal FILE]", "[--stripe-size PAGES]", "[--at TIME]", "[--verbose]",
      "[--json|--format text|json|ndjson]",
    ],
    discussion: [
      "Looks at every key that the timelines of a tenant have: at their ends, where others branch off, and at the GC "
        + "horizon. Nothing is written but a journal, from which a run that was killed is gone on with, and with "
        + "--wal a scratch folder.",
      "With --wal the WAL is replayed on what the timelines began with, and all that came of it is compared with what "
        + "they hold, value by value. A timeline without WAL is named, and ends with exit code 1.",
      "What comes out does not depend on --jobs. A timeline that is being deleted is named and left out; every other "
        + "one that cannot be verified ends with exit code 1 or 2.",
    ],
    options: [
      OptionDeclaration(
        "bucket",
        .value(name: "URL|FOLDER"),
        help: "Where the data is: \(BucketAddress.allowedForms). SNAPSHOT is short for it."
      ),
      OptionDeclaration(
        "tenant-id",
        .value(name: "ID"),
        help: "The tenant, with all its shards. May be left out if the bucket holds one tenant only."
      ),
      OptionDeclaration(
        "timeline-id",
        .values(name: "ID"),
        help: "Only this timeline. May be repeated. Default: all timelines."
      ),
      OptionDeclaration(
        "lsn",
        .values(name: "LSN"),
        help:
          "Rebuild the values at this LSN. May be repeated. Default: the end of each timeline, where others branch "
          + "off, and the GC horizon."
      ),
      OptionDeclaration(
        "level",
        .value(name: "LEVEL"),
        help: "What to prove, see below. Default: all."
      ),
      OptionDeclaration(
        "wal",
        .value(name: "FOLDER|URL"),
        help:
          "Where WAL is to replay: a bucket or a folder of safekeepers, or a folder with segments of the only "
          + "timeline that is verified."
      ),
      OptionDeclaration(
        "against",
        .value(name: "SNAPSHOT"),
        help:
          "What replays begin with: an older snapshot or copy of the same tenant, which has the timeline; or a base "
          + "backup of the only timeline that is verified, as a tar archive or a data directory: of fullbackup, of "
          + "pg_basebackup, or of a server that was shut down. Default: each timeline itself, where its history "
          + "begins or its WAL does."
      ),
      OptionDeclaration(
        "scratch",
        .value(name: "FOLDER"),
        help:
          "Where what comes of the WAL is written: about as much as there is WAL. Removed at the end. Default: "
          + "beside the journal."
      ),
      OptionDeclaration(
        "sample",
        .value(name: "P%"),
        help:
          "Look at this share of the pages, the same ones each time; what is no page is looked at all the same. "
          + "Replays compare everything."
      ),
      OptionDeclaration(
        "jobs",
        short: "j",
        .value(name: "N"),
        help: "How much is worked on at the same time, \(VerifyOptions.allowedJobs.lowerBound) to "
          + "\(VerifyOptions.allowedJobs.upperBound). Default: as many as there are processors."
      ),
      OptionDeclaration(
        "memory",
        .value(name: "BYTES"),
        help:
          "What cached indices of layers and the values under work may take together, such as 512M. The indices of "
          + "the tenant, its list of units and the program itself come on top. Default: 256M."
      ),
      OptionDeclaration("resume", help: "Go on with a run that was not finished. Without one, begin."),
      OptionDeclaration(
        "journal",
        .value(name: "FILE"),
        help:
          "Where to note what is done; removed at the end. Default: a file in $XDG_STATE_HOME/scrubber, or in "
          + "~/.local/state/scrubber, named after what is verified."
      ),
      ForensicOptions.stripeOption, ForensicOptions.momentOption,
      OptionDeclaration("verbose", short: "v", help: "Say for each finding what to do about it."),
      OptionDeclaration(
        "format",
        .value(name: "FORMAT"),
        help: "text (for people), json (one object at the end), ndjson (a line for each finding, in order)."
      ),
      OptionDeclaration("json", help: "Short for --format json."), .help,
    ],
    maximumOperands: 1,
    tables: [
      CommandDeclaration.Table(
        title: "levels",
        rows: [
          [
            "reconstruct",
            "Every key can be rebuilt, and what comes of it has the shape that it must have; directories, sizes and "
              + "catalogs fit each other.",
          ],
          [
            "images",
            "Each image in a layer is what the history below it leads to, where that is still there.",
          ],
          [
            "replay",
            "All values, and each key at the LSNs, are what the WAL leads to from what was there before. Needs --wal.",
          ],
          ["all", "All of these; replay if there is --wal."],
        ]
      ),
      HelpText.exitCodes,
    ],
    examples: [
      .init(command: "scrubber verify snap", meaning: "A snapshot, all of it."),
      .init(
        command: "scrubber verify --bucket s3://name --tenant-id ID --timeline-id ID --sample 5%",
        meaning: "Some pages of a timeline in a bucket."
      ),
      .init(
        command: "scrubber verify snap --wal s3://name/wal",
        meaning: "A snapshot, against the WAL of safekeepers as well."
      ),
      .init(
        command: "scrubber verify snap --level replay --wal pg_wal --timeline-id ID --against older-snap",
        meaning: "What came to a timeline since an older snapshot, against segments in a folder."
      ),
      .init(
        command: "scrubber verify snap --level replay --wal pg_wal --timeline-id ID --against base.tar",
        meaning: "The same since a base backup."
      ),
      .init(
        command: "scrubber verify snap --format ndjson --resume > findings.ndjson",
        meaning: "Go on with a run that was killed; all findings are told again."
      ),
    ]
  )
}

import IndexFormat

extension ScanMetadataCommand {
  static let declaration = CommandDeclaration(
    name: "scan-metadata",
    summary: "check what page servers or safekeepers left in a bucket",
    usage: [
      "[--bucket URL|FOLDER]", "--node-kind pageserver|safekeeper", "[--tenant-id ID...]",
      "[--depth list|index|layers|blobs|wal]",
      "[--json | --format text|json|ndjson]", "[--strict]", "[--jobs N]", "[--at TIME]", "[--min-severity S]",
      "[--max-findings N]", "[--verbose]",
      "[--dump-db-connstr CONN --dump-db-table TABLE |", "--dump-file FILE... | --timeline-lsns JSON|@FILE]",
      "[--wal-seg-size BYTES]",
    ],
    discussion: [
      "Of page servers: lists the bucket, reads the indices of every timeline and the manifests and heatmaps of every "
        + "tenant, and compares all with each other and with the objects that are there. Nothing is written to the "
        + "bucket.",
      "Of safekeepers: compares the WAL segments that are there with those that safekeepers say are there. Which "
        + "timelines there are, and from where to where their WAL goes, comes from a table of debug dumps in "
        + "PostgreSQL, from files of such dumps, or from a list.",
      "Without --bucket the environment says where the data is: BUCKET and REGION, or else REMOTE_STORAGE_CONFIG.",
    ],
    options: [
      OptionDeclaration(
        "bucket",
        .value(name: "URL|FOLDER"),
        help: "Where the data is: \(BucketAddress.allowedForms)."
      ),
      OptionDeclaration(
        "node-kind",
        short: "n",
        .value(name: "KIND"),
        help: "Whose objects to check: pageserver or safekeeper."
      ),
      OptionDeclaration(
        "tenant-id",
        .values(name: "ID"),
        help:
          "Only this tenant, or one shard of it (NNCC behind a dash). May be repeated. Default: all tenants."
      ),
      OptionDeclaration(
        "depth",
        .value(name: "DEPTH"),
        help:
          "How far to read: list (names and sizes only); of page servers index (also index files, manifests, "
          + "heatmaps), layers (also summary and index of each layer that an index names: a few percent of its "
          + "bytes) or blobs (also all values in them: pages, WAL records; and archives of initdb); of safekeepers "
          + "wal (also every page and record of the WAL). Default: index, or list."
      ),
      OptionDeclaration("json", help: "Print one JSON object at the end; short for --format json."),
      OptionDeclaration(
        "format",
        .value(name: "FORMAT"),
        help:
          "text (for people), json (one object) or ndjson (a line for each finding as it is found, and for "
          + "progress). Default: text."
      ),
      OptionDeclaration("strict", help: "Warnings change the exit code to 3."),
      OptionDeclaration(
        "jobs",
        short: "j",
        .value(name: "N"),
        help:
          "Tenants that are worked on, and layers that are open, at the same time, "
          + "\(ScanOptions.allowedJobs.lowerBound) to "
          + "\(ScanOptions.allowedJobs.upperBound); of a folder at most one each for each processor. "
          + "Default: \(ScanOptions.defaultJobs)."
      ),
      OptionDeclaration(
        "at",
        .value(name: "TIME"),
        help: "Scan the bucket as it was at this moment, by its object versions: a UTC time like "
          + "2026-11-23T02:10:30Z."
      ),
      OptionDeclaration(
        "min-severity",
        .value(name: "S"),
        help: "Show only findings of this severity or worse: error, warning, garbage, info. The counts stay "
          + "complete. Default: info."
      ),
      OptionDeclaration(
        "max-findings",
        .value(name: "N"),
        help:
          "Keep at most so many findings, the worst; the rest is only counted, and the exit code is 75 if nothing "
          + "is worse. ndjson keeps none and has no limit. Default: 100000."
      ),
      OptionDeclaration(
        "verbose",
        short: "v",
        help: "Say for each finding what to do; tell progress also when there is no terminal."
      ),
      OptionDeclaration(
        "dump-db-connstr",
        .value(name: "CONN"),
        help:
          "Safekeepers only: connection string of the PostgreSQL database that holds debug dumps of all safekeepers, "
          + "as libpq reads it. Better leave the password to PGPASSFILE or PGPASSWORD: arguments can be seen by others."
      ),
      OptionDeclaration(
        "dump-db-table",
        .value(name: "TABLE"),
        help: "Safekeepers only: the table of these dumps."
      ),
      OptionDeclaration(
        "dump-file",
        .values(name: "FILE"),
        help:
          "Safekeepers only: a debug dump of a safekeeper (GET /v1/debug_dump?dump_all=true). One for each safekeeper."
      ),
      OptionDeclaration(
        "timeline-lsns",
        .value(name: "JSON|@FILE"),
        help:
          "Safekeepers only: look at these timelines alone; a JSON list of objects with tenant_id, timeline_id, "
          + "timeline_start_lsn and backup_lsn, or a file with one."
      ),
      OptionDeclaration(
        "wal-seg-size",
        .value(name: "BYTES"),
        help:
          "Safekeepers only: the size of WAL segments where no dump says it. Default: 16777216, unless the objects "
          + "speak for another one."
      ),
      .help,
    ],
    tables: [HelpText.exitCodes, Environment.documentation],
    examples: [
      .init(
        command: "scrubber scan-metadata --bucket /srv/copy --node-kind pageserver",
        meaning: "Check a copy of a bucket in a folder."
      ),
      .init(
        command: "scrubber scan-metadata --bucket s3://name -n pageserver",
        meaning: "Check a bucket of S3, at pageserver/v1/ in it."
      ),
      .init(
        command: "scrubber scan-metadata --bucket copy -n pageserver --format ndjson --min-severity error",
        meaning: "Follow the errors as they are found."
      ),
      .init(
        command: "scrubber scan-metadata --bucket copy -n pageserver --depth blobs",
        meaning: "Look at every byte of the layers, too."
      ),
      .init(
        command: "scrubber scan-metadata --bucket /srv/copy -n pageserver --strict --json > report.json",
        meaning: "For a nightly job: one report, and an exit code that also tells of warnings."
      ),
      .init(
        command: "scrubber scan-metadata --bucket s3://name -n safekeeper --dump-file sk1.json sk2.json",
        meaning: "Check the WAL at wal/ in a bucket against debug dumps of two safekeepers."
      ),
    ]
  )
}

import IndexFormat

extension ScanMetadataCommand {
  static let declaration = CommandDeclaration(
    name: "scan-metadata",
    summary: "check objects, index files and manifests of page servers",
    usage: [
      "[--bucket URL|FOLDER]", "--node-kind pageserver", "[--tenant-id ID...]", "[--depth list|index]",
      "[--json | --format text|json|ndjson]", "[--strict]", "[--jobs N]", "[--at TIME]", "[--min-severity S]",
      "[--max-findings N]", "[--verbose]",
    ],
    discussion: [
      "Lists the bucket, reads the indices of every timeline and the manifests and heatmaps of every tenant, and "
        + "compares all with each other and with the objects that are there. Nothing is written to the bucket.",
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
        help: "Whose objects to check: pageserver. Safekeepers are not supported yet."
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
          "How far to read: list (names and sizes only) or index (also index files, manifests, heatmaps). "
          + "Default: index."
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
        help: "Tenants that are worked on at the same time, \(ScanOptions.allowedJobs.lowerBound) to "
          + "\(ScanOptions.allowedJobs.upperBound); of a folder at most one for each processor. "
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
        command: "scrubber scan-metadata --bucket /srv/copy -n pageserver --strict --json > report.json",
        meaning: "For a nightly job: one report, and an exit code that also tells of warnings."
      ),
    ]
  )
}

extension TenantSnapshotCommand {
  static let declaration = CommandDeclaration(
    name: "tenant-snapshot",
    summary: "copy one tenant out of a bucket, as it was at one moment",
    usage: [
      "[--bucket URL|FOLDER]", "--tenant-id ID", "--output-path DIR", "[--timeline-id ID...]", "[--at TIME]",
      "[--all]", "[--resume]", "[--verify]", "[--jobs N]", "[--format text|json]",
    ],
    discussion: [
      "Takes the indices that a page server would choose, every layer that they name, the latest manifests, "
        + "the heatmaps and the initdb archives, under the names they have below tenants/, and writes "
        + "snapshot.json with the size and SHA-256 of each. All of it is of one moment, whatever is written "
        + "meanwhile: where the bucket keeps versions that moment is read, else what has changed is fetched again "
        + "until two looks agree.",
      "Nothing is written to the bucket, and no file in DIR is ever replaced.",
    ],
    options: [
      OptionDeclaration(
        "bucket",
        .value(name: "URL|FOLDER"),
        help: "Where the data is: \(BucketAddress.allowedForms)."
      ),
      OptionDeclaration("tenant-id", .value(name: "ID"), help: "The tenant; all its shards are taken."),
      OptionDeclaration(
        "output-path",
        short: "o",
        .value(name: "DIR"),
        help: "The folder to write. It must be empty, or hold this snapshot, finished or not."
      ),
      OptionDeclaration(
        "timeline-id",
        .values(name: "ID"),
        help: "Only this timeline and its ancestors. May be repeated. Default: all timelines."
      ),
      OptionDeclaration(
        "at",
        .value(name: "TIME"),
        help: "Take the tenant as it was at this moment, by its object versions: a UTC time like "
          + "2026-11-23T02:10:30Z."
      ),
      OptionDeclaration(
        "all",
        help:
          "Take everything in the tenant's folders: also older indices, layers that nothing names, shards of before "
          + "a split."
      ),
      OptionDeclaration("resume", help: "Go on with an unfinished snapshot in DIR. Without one, begin."),
      OptionDeclaration(
        "verify",
        help:
          "Read every file again and compare it with snapshot.json; of a finished snapshot in DIR do only that."
      ),
      OptionDeclaration(
        "jobs",
        short: "j",
        .value(name: "N"),
        help: "Objects that are read at the same time, "
          + "\(SnapshotOptions.allowedJobs.lowerBound) to \(SnapshotOptions.allowedJobs.upperBound): memory is bounded "
          + "by it, 4 MiB for each. Default: \(SnapshotOptions.defaultJobs)."
      ),
      OptionDeclaration(
        "format",
        .value(name: "FORMAT"),
        help: "text (for people) or json (one object). Default: text."
      ),
      .help,
    ],
    tables: [HelpText.exitCodes, Environment.documentation],
    examples: [
      .init(
        command: "scrubber tenant-snapshot --bucket s3://name --tenant-id ID -o snap",
        meaning: "Copy a tenant of a bucket of S3, at pageserver/v1/ in it."
      ),
      .init(
        command:
          "scrubber tenant-snapshot --bucket s3://name --tenant-id ID -o snap --at 2026-11-23T02:10:30Z",
        meaning: "As it was then; the bucket must keep versions."
      ),
      .init(
        command: "scrubber tenant-snapshot --bucket s3://name --tenant-id ID -o snap --resume",
        meaning: "Go on after an interruption."
      ),
      .init(
        command: "scrubber scan-metadata --bucket snap -n pageserver",
        meaning: "Check what was taken."
      ),
    ]
  )
}

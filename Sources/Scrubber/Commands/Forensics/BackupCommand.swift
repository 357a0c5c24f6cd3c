import Engine
import IndexFormat

/// `scrubber basebackup` and `scrubber fullbackup`: the data directory of a timeline at an LSN.
struct BackupCommand: Sendable, Equatable {
  var options: ForensicOptions
  var kind: BaseBackup.Kind
  /// Nil for the end of the timeline.
  var lsn: Lsn?
  var target: BackupTarget
  /// Without replication slots.
  var isForReplica: Bool
  /// Whether what was written is on the disk when the command ends.
  var syncs: Bool
  var cacheByteCount: Int

  static let computeDeclaration = CommandDeclaration(
    name: BaseBackup.Kind.compute.rawValue,
    summary: "write the data directory with which a compute starts at an LSN",
    usage: usage(["[--replica]"]),
    discussion: [
      "The directory that a page server gives a compute: all but the relations, which it fetches page by page. For a "
        + "directory with which PostgreSQL itself starts see fullbackup.",
      placeText, lsnText, safetyText,
    ],
    options: targetOptions + [
      OptionDeclaration(
        "replica",
        help: "Leave replication slots out, as for a compute that only reads."
      )
    ] + commonOptions,
    maximumOperands: 2,
    examples: [
      .init(
        command: "scrubber basebackup --bucket s3://name --tenant-id ID --timeline-id ID | tar -t",
        meaning: "What a compute of the timeline would get."
      )
    ]
  )

  static let fullDeclaration = CommandDeclaration(
    name: BaseBackup.Kind.full.rawValue,
    summary: "write a data directory with which PostgreSQL starts, as it was at an LSN",
    usage: usage([]),
    discussion: [
      "The whole data directory, made of nothing but layers. A stock PostgreSQL of the same major version starts from "
        + "it as it stands: control file and WAL are those of a clean shutdown at the LSN.",
      placeText, lsnText, safetyText,
    ],
    options: targetOptions + commonOptions,
    maximumOperands: 2,
    examples: [
      .init(
        command: "scrubber fullbackup --bucket s3://name --tenant-id ID --timeline-id ID --output-path data",
        meaning: "A folder for pg_ctl -D data start."
      ),
      .init(
        command: "scrubber fullbackup --bucket snap --timeline-id ID --lsn 0/147A958 | zstd > data.tar.zst",
        meaning: "An archive of how it was at an LSN, from a snapshot."
      ),
    ]
  )

  private static let placeText =
    "Without --output and --output-path an archive (tar) goes to standard output, which must not be a terminal, and "
    + "what there is to say to standard error. Of a tenant with several shards all of them are read."
  private static let lsnText =
    "--lsn says at which LSN of the timeline, --at from which moment of the bucket."
  private static let safetyText =
    "Nothing is ever overwritten, and what was not written to its end does not get the name asked for."

  private static func usage(_ more: [String]) -> [String] {
    [
      "[TENANT [TIMELINE]]", "[--lsn LSN]", "[--output FILE|--output-path DIR]", "[--no-sync]",
      "[--bucket URL|FOLDER]",
      "[--tenant-id ID]", "[--timeline-id ID]",
    ] + more + ["[--cache MIB]", "[--stripe-size PAGES]", "[--at TIME]", "[--json]"]
  }

  private static let targetOptions = [
    ForensicOptions.bucketOption,
    OptionDeclaration(
      "tenant-id",
      .value(name: "ID"),
      help: "The tenant; all its shards are read. May be left out if the bucket holds one tenant only."
    ),
    OptionDeclaration(
      "timeline-id",
      .value(name: "ID"),
      help: "The timeline. May be left out if there is only one."
    ),
    ForensicOptions.momentOption,
    OptionDeclaration(
      "lsn",
      .value(name: "LSN"),
      help: "The directory as it was at this LSN. Default: the end of the timeline."
    ),
    OptionDeclaration(
      "output",
      .value(name: "FILE"),
      help: "Write an archive to this file, which must not exist yet; - is standard output."
    ),
    OptionDeclaration(
      "output-path",
      short: "o",
      .value(name: "DIR"),
      help: "Write a folder, which must not exist yet or be empty."
    ),
    OptionDeclaration(
      "no-sync",
      help:
        "Do not wait until files are on the disk: faster, but if the machine crashes soon after, what was written may "
        + "be incomplete under its final name."
    ),
  ]

  private static let commonOptions = [
    PageOptions.cacheOption, ForensicOptions.stripeOption,
    OptionDeclaration(
      "json",
      help:
        "Say what was written as JSON: on standard output, or on standard error if the archive goes there."
    ), .help,
  ]

  init(_ arguments: ParsedArguments, kind: BaseBackup.Kind, environment: Environment) throws(UsageError) {
    self.kind = kind
    target = try BackupTarget(arguments)
    syncs = !arguments.has("no-sync")
    if !syncs, target == .standardOutput {
      throw UsageError(
        "\(kind.rawValue): --no-sync is given, and nothing is written that could be synced",
        hint: "It goes with --output FILE and --output-path DIR."
      )
    }
    options = try ForensicOptions(arguments, operands: arguments.operands, environment: environment)
    if case .shard(let shard)? = options.tenant, shard.shard.count > 1 {
      throw UsageError(
        "\(kind.rawValue): \(shard) is one of several shards, and a data directory needs all",
        hint: "Write --tenant-id \(shard.tenant)."
      )
    }
    lsn = try ForensicOptions.lsn(arguments)
    isForReplica = arguments.has("replica")
    cacheByteCount = try PageOptions.cacheByteCount(arguments)
  }
}

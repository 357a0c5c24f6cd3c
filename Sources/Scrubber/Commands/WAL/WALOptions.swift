import Engine
import IndexFormat

/// Which WAL a command reads, and which of its records: what these commands have in common. Options are named as those
/// of `pg_waldump`.
struct WALOptions: Sendable, Equatable {
  /// Segments or one folder; if there are none, the bucket is read.
  var paths: [String]
  var address: BucketAddress?
  var tenant: TenantID?
  var timeline: TimelineID?
  var segmentSize: WALSegmentSize?
  var filter: WALFilter
  var isJSON: Bool

  static let sourceUsage = [
    "[SEGMENT...|FOLDER]", "[--bucket URL|FOLDER]", "[--tenant-id ID]", "[--timeline-id ID]",
  ]
  static let sourceOptions = [
    OptionDeclaration(
      "bucket",
      .value(name: "URL|FOLDER"),
      help: "Where safekeepers put WAL, instead of files: \(BucketAddress.allowedForms)."
    ),
    OptionDeclaration(
      "tenant-id",
      .value(name: "ID"),
      help: "The tenant. May be left out if the bucket holds WAL of one timeline only."
    ),
    OptionDeclaration("timeline-id", .value(name: "ID"), help: "The timeline. The same holds for it."),
    OptionDeclaration(
      "wal-seg-size",
      .value(name: "BYTES"),
      help: "How long segments are, instead of what they say themselves."
    ),
  ]
  static let rangeOptions = [
    OptionDeclaration(
      "start",
      short: "s",
      .value(name: "LSN"),
      help: "Begin with the first record from here on."
    ),
    OptionDeclaration(
      "end",
      short: "e",
      .value(name: "LSN"),
      help: "Stop before the first record at or behind it."
    ),
  ]
  static let filterUsage = [
    "[--start LSN]", "[--end LSN]", "[--rmgr NAME...]", "[--relation SPC/DB/REL]", "[--block N]",
    "[--fork FORK]",
    "[--xid XID]", "[--fullpage]",
  ]
  static let filterOptions =
    rangeOptions + [
      OptionDeclaration(
        "rmgr",
        short: "r",
        .values(name: "NAME"),
        help: "Only records of these resource managers: names like Heap or Btree, or numbers."
      ),
      OptionDeclaration(
        "relation",
        short: "R",
        .value(name: "SPC/DB/REL"),
        help: "Only records that name a block of this relation."
      ),
      OptionDeclaration("block", short: "B", .value(name: "N"), help: "Only of this block; with --relation."),
      OptionDeclaration(
        "fork",
        short: "F",
        .value(name: "FORK"),
        help: "Only of this fork: main, fsm, vm or init."
      ),
      OptionDeclaration(
        "xid",
        short: "x",
        .value(name: "XID"),
        help: "Only of this transaction, or of subtransactions that name it."
      ),
      OptionDeclaration("fullpage", short: "w", help: "Only records with an image of a page."),
    ]

  init(_ arguments: ParsedArguments, environment: Environment) throws(UsageError) {
    paths = arguments.operands
    isJSON = arguments.has("json")
    filter = try Self.filter(arguments)
    if let number = try ScanMetadataCommand.number(arguments, "wal-seg-size", in: 1 << 20...1 << 30) {
      guard let size = WALSegmentSize(byteCount: UInt64(number)) else {
        throw UsageError(
          option: "--wal-seg-size",
          given: "\(number)",
          allowed: "a power of two from 1048576 to 1073741824"
        )
      }
      segmentSize = size
    }
    guard paths.isEmpty else {
      for name in ["bucket", "tenant-id", "timeline-id"] where arguments.has(name) {
        throw UsageError("--\(name) and \(paths[0]) are given together", hint: "Read files, or a bucket.")
      }
      return
    }
    address = try BucketAddress.resolve(option: arguments.first("bucket"), environment: environment)
    if let text = arguments.first("tenant-id") {
      guard let id = TenantID(text) else {
        throw UsageError(option: "--tenant-id", given: text, allowed: "a tenant (32 hex digits)")
      }
      tenant = id
    }
    if let text = arguments.first("timeline-id") {
      guard let id = TimelineID(text) else {
        throw UsageError(option: "--timeline-id", given: text, allowed: "a timeline (32 hex digits)")
      }
      timeline = id
    }
  }

  func open(_ desk: CommandDesk) async throws(ScanFailure) -> WALInput {
    let input: WALInput
    if let address {
      input = try await WALInput.bucket(address, tenant, timeline, size: segmentSize, desk.environment)
    } else {
      input = try await WALInput.files(paths, size: segmentSize)
    }
    for note in input.notes { desk.warn(note) }
    return input
  }

  // MARK: Filters

  private static func filter(_ arguments: ParsedArguments) throws(UsageError) -> WALFilter {
    var filter = WALFilter()
    for name in arguments.all("rmgr") { filter.resourceManagers.insert(try manager(name)) }
    if let text = arguments.first("relation") {
      guard let tag = RelationTag(text), tag.fork == .main else {
        throw UsageError(
          option: "--relation",
          given: text,
          allowed: "SPC/DB/REL, such as 1663/5/1259",
          hint: "A fork is named by --fork."
        )
      }
      filter.relation = WALFilter.Relation(tag.database, relation: tag.relation)
    }
    if let block = try ScanMetadataCommand.number(arguments, "block", in: 0...Int(UInt32.max) - 1) {
      guard filter.relation != nil else {
        throw UsageError(
          "--block is given without --relation",
          hint: "Write --relation SPC/DB/REL --block N."
        )
      }
      filter.block = BlockNumber(UInt32(clamping: block))
    }
    if let text = arguments.first("fork") { filter.fork = try fork(text) }
    if let xid = try ScanMetadataCommand.number(arguments, "xid", in: 0...Int(UInt32.max)) {
      filter.transaction = UInt32(clamping: xid)
    }
    filter.start = try ForensicOptions.lsn(arguments, "start") ?? .invalid
    filter.end = try ForensicOptions.lsn(arguments, "end") ?? Lsn(.max)
    filter.needsImage = arguments.has("fullpage")
    if filter.start > filter.end {
      throw UsageError(
        "--start \(filter.start) is behind --end \(filter.end)",
        hint: "There are no LSNs in between."
      )
    }
    return filter
  }

  private static func manager(_ text: String) throws(UsageError) -> UInt8 {
    if let manager = ResourceManager(name: text) { return manager.rawValue }
    if text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = UInt8(text) { return number }
    let names = ResourceManager.allCases.map(\.name)
    throw UsageError(
      option: "--rmgr",
      given: text,
      allowed: names.joined(separator: ", "),
      hint: NearestName.find(text, among: names).map { "Did you mean \($0)?" }
        ?? "All words behind --rmgr are names of it: write files before it."
    )
  }

  private static func fork(_ text: String) throws(UsageError) -> RelationFork {
    switch text {
    case "main": .main
    case "fsm": .freeSpaceMap
    case "vm": .visibilityMap
    case "init": .initial
    default: throw UsageError(option: "--fork", given: text, allowed: "main, fsm, vm or init")
    }
  }
}

import Engine
import IndexFormat

/// Which key is read, and how: what the commands that read values have in common.
struct PageOptions: Sendable, Equatable {
  var key: Key
  var cacheByteCount: Int

  static let keyOptions = [
    OptionDeclaration("key", .value(name: "KEY"), help: "\(KeyText.allowed.capitalizedFirst)."),
    OptionDeclaration(
      "rel",
      .value(name: "SPC/DB/REL[_FORK]"),
      help: "A relation by its numbers, such as 1663/5/1259 or 1663/5/1259_vm; with --block instead of --key."
    ),
    OptionDeclaration("block", .value(name: "N"), help: "The block of the relation."),
  ]
  static let cacheOption = OptionDeclaration(
    "cache",
    .value(name: "MIB"),
    help: "How much of the layers' indices to keep in memory, in MiB. "
      + "Default: \(OpenTimeline.defaultCacheByteCount >> 20)."
  )

  init(_ arguments: ParsedArguments, _ command: CommandDeclaration) throws(UsageError) {
    key = try Self.key(arguments, command)
    cacheByteCount = try Self.cacheByteCount(arguments)
  }

  static func cacheByteCount(_ arguments: ParsedArguments) throws(UsageError) -> Int {
    try ScanMetadataCommand.number(arguments, "cache", in: 1...(1 << 20)).map { $0 << 20 }
      ?? OpenTimeline.defaultCacheByteCount
  }

  private static func key(
    _ arguments: ParsedArguments,
    _ command: CommandDeclaration
  ) throws(UsageError) -> Key {
    let key = try ForensicOptions.key(arguments)
    guard let text = arguments.first("rel") else {
      if arguments.has("block") {
        throw UsageError("--block is given without --rel", hint: "Write --rel SPC/DB/REL --block N.")
      }
      guard let key else {
        throw UsageError(
          "\(command.name): no key is given",
          hint: "Write --key KEY, or --rel SPC/DB/REL --block N."
        )
      }
      return key
    }
    if key != nil { throw UsageError("--key and --rel are given together", hint: "Either is enough.") }
    let relation: RelationTag
    do throws(FormatError) {
      relation = try RelationTag(parsing: text)
    } catch {
      throw UsageError(
        option: "--rel",
        given: text,
        allowed: "SPC/DB/REL or SPC/DB/REL_FORK, such as 1663/5/1259_vm (\(error.expected))",
        hint: "A server tells the numbers by pg_relation_filepath('NAME'); "
          + "scrubber keyspace --show relations lists them."
      )
    }
    // The number behind the last block is that of the size.
    guard let block = try ScanMetadataCommand.number(arguments, "block", in: 0...Int(UInt32.max) - 1) else {
      throw UsageError("--rel is given without --block", hint: "Write --rel \(relation) --block N.")
    }
    return .relationBlock(relation, BlockNumber(UInt32(clamping: block)))
  }

  /// Opens the timeline on the shard that owns the key.
  func open(_ options: ForensicOptions, _ desk: CommandDesk) async throws(ScanFailure) -> OpenTimeline {
    let tenant = try await options.openTenant(desk.environment)
    let id = try tenant.timelineID(options.timeline)
    guard let shard = tenant.owner(of: key) else {
      throw ScanFailure(
        message: "key \(key) belongs to another shard",
        hint: "Leave the shard out of --tenant-id, and the owner is taken.",
        exitCode: .nothingMatched
      )
    }
    let view = try tenant.timeline(id, on: shard)
    return try OpenTimeline(view, in: tenant, cacheByteCount: cacheByteCount)
  }
}

import Engine
import IndexFormat

/// `scrubber verify`: is every value of a tenant right?
struct VerifyCommand: Sendable, Equatable {
  enum Format: String, Sendable, CaseIterable {
    case text, json, ndjson
  }

  enum Level: String, Sendable, CaseIterable {
    case reconstruct, images, replay, all

    func levels(hasWAL: Bool) -> Set<VerificationLevel> {
      switch self {
      case .reconstruct: [.reconstruct]
      case .images: [.images]
      case .replay: [.replay]
      case .all: VerifyOptions.levelsWithoutWAL.union(hasWAL ? [.replay] : [])
      }
    }
  }

  var bucket: ForensicOptions
  var options: VerifyOptions
  var format: Format
  var isVerbose: Bool

  init(_ arguments: ParsedArguments, environment: Environment) throws(UsageError) {
    bucket = try Self.bucket(arguments, environment)
    options = VerifyOptions()
    switch bucket.tenant {
    case .tenant(let tenant): options.tenant = tenant
    case .shard(let shard) where shard.shard.count <= 1: options.tenant = shard.tenant
    case .shard(let shard):
      throw UsageError(
        "verify: \(shard) is one of several shards, which are verified together",
        hint: "Write --tenant-id \(shard.tenant)."
      )
    case nil: break
    }
    options.timelines = try Self.timelines(arguments)
    options.lsns = try Self.lsns(arguments)
    let level: Level? = try ScanMetadataCommand.choice(arguments, "level")
    try Self.readReplay(arguments, level ?? .all, into: &options)
    options.sampleShare = try Self.sample(arguments) ?? options.sampleShare
    options.jobs =
      try ScanMetadataCommand.number(arguments, "jobs", in: VerifyOptions.allowedJobs)
      ?? min(Processors.count, VerifyOptions.allowedJobs.upperBound)
    options.memoryByteCount = try Self.memory(arguments) ?? options.memoryByteCount
    options.resumes = arguments.has("resume")
    options.journal = try Self.path(arguments, "journal", allowed: "a file on this machine")
    isVerbose = arguments.has("verbose")
    let chosen: Format? = try ScanMetadataCommand.choice(arguments, "format")
    if bucket.isJSON, let chosen, chosen != .json {
      throw UsageError("--json and --format \(chosen.rawValue) are given together")
    }
    format = bucket.isJSON ? .json : chosen ?? .text
  }

  /// The levels, and what replays need.
  private static func readReplay(
    _ arguments: ParsedArguments,
    _ level: Level,
    into options: inout VerifyOptions
  ) throws(UsageError) {
    options.wal = try address(arguments, "wal")
    options.against = try address(arguments, "against")
    options.scratch = try path(arguments, "scratch", allowed: "a folder on this machine")
    options.levels = level.levels(hasWAL: options.wal != nil)
    guard options.levels.contains(.replay) else {
      for name in ["wal", "against", "scratch"] where arguments.has(name) {
        let isLevel = options.wal != nil
        throw UsageError(
          "--\(name) is given, and nothing is replayed",
          hint: isLevel ? "Write --level replay or --level all." : "Say where the WAL is: --wal."
        )
      }
      return
    }
    guard options.wal != nil else {
      throw UsageError(
        "--level replay is given without --wal",
        hint: "Say where the WAL is: --wal FOLDER, or --wal s3://NAME/PREFIX."
      )
    }
  }

  private static func address(
    _ arguments: ParsedArguments,
    _ name: String
  ) throws(UsageError) -> BucketAddress? {
    guard let text = arguments.first(name) else { return nil }
    do throws(UsageError) {
      return try BucketAddress(option: text)
    } catch {
      throw UsageError(
        option: "--\(name)",
        given: text,
        allowed: BucketAddress.allowedForms,
        hint: error.hint
      )
    }
  }

  // MARK: Values

  /// The bucket by its option, or a snapshot as the operand.
  private static func bucket(
    _ arguments: ParsedArguments,
    _ environment: Environment
  ) throws(UsageError) -> ForensicOptions {
    var arguments = arguments
    if let snapshot = arguments.operands.first {
      if arguments.has("bucket") {
        throw UsageError(
          "SNAPSHOT \"\(snapshot)\" and --bucket are given together",
          hint: "Either is enough."
        )
      }
      arguments.add("bucket", snapshot)
    }
    return try ForensicOptions(arguments, environment: environment)
  }

  private static func timelines(_ arguments: ParsedArguments) throws(UsageError) -> [TimelineID] {
    var timelines: [TimelineID] = []
    for text in arguments.all("timeline-id") {
      guard let timeline = TimelineID(text) else {
        throw UsageError(option: "--timeline-id", given: text, allowed: "a timeline (32 hex digits)")
      }
      if !timelines.contains(timeline) { timelines.append(timeline) }
    }
    return timelines
  }

  private static func lsns(_ arguments: ParsedArguments) throws(UsageError) -> [Lsn] {
    var lsns: [Lsn] = []
    for text in arguments.all("lsn") {
      guard let lsn = Lsn(text) else {
        throw UsageError(option: "--lsn", given: text, allowed: "an LSN like 0/147A958")
      }
      if !lsns.contains(lsn) { lsns.append(lsn) }
    }
    return lsns
  }

  /// Hundredths of a percent: from `0.01` to `100`, a percent sign allowed.
  private static func sample(_ arguments: ParsedArguments) throws(UsageError) -> Int? {
    guard let text = arguments.first("sample") else { return nil }
    let parts = (text.hasSuffix("%") ? text.dropLast() : text[...])
      .split(separator: ".", omittingEmptySubsequences: false)
    let whole = parts.first.flatMap(Self.digits)
    let fraction = parts.count == 2 ? parts[1] : ""
    let padded = fraction + String(repeating: "0", count: max(0, 2 - fraction.count))
    guard (1...2).contains(parts.count), fraction.count <= 2, parts.count == 1 || !fraction.isEmpty,
      let whole, whole <= 100, let part = Self.digits(padded), case let share = whole * 100 + part,
      (1...VerificationOptions.everything).contains(share)
    else {
      throw UsageError(option: "--sample", given: text, allowed: "a share from 0.01% to 100%")
    }
    return share
  }

  /// Bytes, or so many K, M or G.
  private static func memory(_ arguments: ParsedArguments) throws(UsageError) -> Int? {
    guard let text = arguments.first("memory") else { return nil }
    let units: [Character: Int] = ["K": 10, "M": 20, "G": 30, "k": 10, "m": 20, "g": 30]
    let shift = text.last.flatMap { units[$0] }
    let number = Self.digits(shift == nil ? text[...] : text.dropLast())
    guard let number, number <= VerifyOptions.allowedMemory.upperBound >> (shift ?? 0),
      VerifyOptions.allowedMemory.contains(number << (shift ?? 0))
    else {
      throw UsageError(
        option: "--memory",
        given: text,
        allowed: "a number of bytes from 16M to 1024G, or with K, M or G behind it"
      )
    }
    return number << (shift ?? 0)
  }

  private static func digits(_ text: some StringProtocol) -> Int? {
    text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
  }

  private static func path(
    _ arguments: ParsedArguments,
    _ name: String,
    allowed: String
  ) throws(UsageError) -> String? {
    guard let path = arguments.first(name) else { return nil }
    guard !path.isEmpty, !path.contains("\0") else {
      throw UsageError(option: "--\(name)", given: path, allowed: allowed)
    }
    return path
  }
}

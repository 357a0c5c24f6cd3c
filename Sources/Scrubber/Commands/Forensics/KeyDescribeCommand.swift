import IndexFormat

/// `scrubber key describe`: what a key stands for, and which shard owns it.
struct KeyDescribeCommand: Sendable, Equatable {
  var key: Key
  /// Nil if nothing was asked about shards.
  var shardCount: UInt8?
  var stripeSize: StripeSize
  var isJSON: Bool

  static let declaration = CommandDeclaration(
    name: "key describe",
    summary: "say what a key stands for, and which shard owns it",
    usage: ["KEY", "[--shard-count N [--stripe-size PAGES]]", "[--json]"],
    discussion: ["KEY is \(KeyText.allowed), as logs have it."],
    options: [
      OptionDeclaration(
        "shard-count",
        .value(name: "N"),
        help: "Say which of so many shards owns it, 2 to 255."
      ),
      OptionDeclaration(
        "stripe-size",
        .value(name: "PAGES"),
        help:
          "Pages a stripe. Default: \(StripeSize.defaultSince2025.pages), as tenants have it since April 2025; before, "
          + "it was \(StripeSize.defaultBefore2025.pages)."
      ),
      ForensicOptions.jsonOption, .help,
    ],
    maximumOperands: 4,
    examples: [
      .init(
        command: "scrubber key describe 000000067F0000000400000A630100000000",
        meaning: "A key of a layer's name."
      ),
      .init(
        command: "scrubber key describe rel=1663/208101/2620_fsm blkno=2 --shard-count 4",
        meaning: "A page as logs name it."
      ),
    ]
  )

  init(_ arguments: ParsedArguments) throws(UsageError) {
    guard !arguments.operands.isEmpty else {
      throw UsageError("key describe: no key is given", hint: "KEY is \(KeyText.allowed).")
    }
    key = try KeyText.parse(arguments.operands, written: "KEY")
    shardCount = try ScanMetadataCommand.number(arguments, "shard-count", in: 2...255).map {
      UInt8(clamping: $0)
    }
    if arguments.has("stripe-size"), shardCount == nil {
      throw UsageError("--stripe-size is given without --shard-count")
    }
    stripeSize = try ForensicOptions.stripeSize(arguments) ?? .defaultSince2025
    isJSON = arguments.has("json")
  }

  func run(_ desk: CommandDesk) -> ExitCode {
    if isJSON {
      desk.write(json)
      desk.writeLine("")
    } else {
      desk.writeLines(lines)
    }
    return .ok
  }

  private var fields: [(String, UInt32)] {
    [
      ("field1", UInt32(key.field1)), ("field2", key.field2), ("field3", key.field3), ("field4", key.field4),
      ("field5", UInt32(key.field5)), ("field6", key.field6),
    ]
  }

  /// The questions that page servers ask of keys, as they answer them.
  private var answers: [(String, Bool)] {
    [
      ("rel_block", key.isRelationBlock), ("rel_vm_block", key.isVisibilityMapBlock),
      ("rel_fsm_block", key.isFreeSpaceMapBlock), ("slru_block", key.isSLRUBlock),
      ("inherited", key.isInherited),
      ("rel_size", key.isRelationSize), ("slru_segment_size", key.isSLRUSegmentSize),
    ]
  }

  private var owner: UInt8? {
    shardCount.map { ShardIdentity.owner(of: key, count: $0, stripeSize: stripeSize) }
  }

  private var lines: [String] {
    var lines = ["key: \(key)", "kind: \(KeyClass(key))"]
    lines.append(
      "fields: "
        + fields.map { "\($0.0) \(String($0.1, radix: 16, uppercase: true))" }.joined(separator: ", ")
    )
    lines += answers.map { "\($0.0): \($0.1)" }
    if let shardCount, let owner {
      lines.append("shard: \(ShardIndex(number: owner, count: shardCount)) of stripes of \(stripeSize)")
      if ShardIdentity.isGlobal(key) {
        lines.append("kept by every shard; \(ShardIndex(number: owner, count: shardCount)) is the one to ask")
      }
    }
    return lines
  }

  private var json: [UInt8] {
    var json = JSONWriter()
    json.object { json in
      json.member("key", key.description)
      json.member("kind", KeyClass(key).description)
      for (name, value) in fields { json.member(name, value) }
      for (name, value) in answers { json.member(name, value) }
      if let shardCount, let owner {
        json.member("shard", ShardIndex(number: owner, count: shardCount).description)
        json.member("stripe_size", stripeSize.pages)
        json.member("is_on_every_shard", ShardIdentity.isGlobal(key))
      }
    }
    return json.bytes
  }
}

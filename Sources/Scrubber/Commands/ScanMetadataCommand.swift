import IndexFormat

/// `scrubber scan-metadata`: checks what page servers or safekeepers left in a bucket.
struct ScanMetadataCommand: Sendable, Equatable {
  enum Format: String, Sendable, CaseIterable {
    case text, json, ndjson
  }

  var scan: ScanOptions
  var report: ReportOptions
  var format: Format

  init(_ arguments: ParsedArguments, environment: Environment) throws(UsageError) {
    let kind = try Self.nodeKind(arguments)
    scan = ScanOptions(
      address: try BucketAddress.resolve(option: arguments.first("bucket"), environment: environment)
    )
    scan.depth = try Self.depth(arguments, kind)
    scan.tenants = try Self.tenants(arguments)
    scan.jobs = try Self.number(arguments, "jobs", in: ScanOptions.allowedJobs) ?? ScanOptions.defaultJobs
    scan.moment = try Self.moment(arguments)
    scan.safekeepers = try Self.safekeepers(arguments, kind)
    report = ReportOptions()
    report.minimumSeverity = try Self.choice(arguments, "min-severity") ?? .info
    report.maximumFindings =
      try Self.number(arguments, "max-findings", in: 0...10_000_000) ?? report.maximumFindings
    report.isStrict = arguments.has("strict")
    report.isVerbose = arguments.has("verbose")
    format = try Self.format(arguments)
  }

  // MARK: Values

  private static func format(_ arguments: ParsedArguments) throws(UsageError) -> Format {
    let format: Format? = try choice(arguments, "format")
    guard arguments.has("json") else { return format ?? .text }
    guard format == nil else {
      throw UsageError("--json and --format are given together", hint: "--json is short for --format json.")
    }
    return .json
  }

  private static func tenants(_ arguments: ParsedArguments) throws(UsageError) -> [TenantSelector] {
    var tenants: [TenantSelector] = []
    for text in arguments.all("tenant-id") {
      guard let tenant = TenantSelector(text) else {
        throw UsageError(
          option: "--tenant-id",
          given: text,
          allowed: "a tenant (32 hex digits) or one of its shards (32 hex digits, a dash, 4 hex digits)"
        )
      }
      // Given twice it is still scanned once.
      if !tenants.contains(tenant) { tenants.append(tenant) }
    }
    return tenants
  }

  private static func moment(_ arguments: ParsedArguments) throws(UsageError) -> Timestamp? {
    guard let text = arguments.first("at") else { return nil }
    guard let moment = Timestamp(rfc3339: text) else {
      throw UsageError(
        option: "--at",
        given: text,
        allowed: "a UTC time like 2026-11-23T02:10:30Z, a fraction of a second allowed"
      )
    }
    return moment
  }

  private static func number(
    _ arguments: ParsedArguments,
    _ name: String,
    in range: ClosedRange<Int>
  ) throws(UsageError) -> Int? {
    guard let text = arguments.first(name) else { return nil }
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let value = Int(text), range.contains(value)
    else {
      // Neon's scrubber has -j for --json.
      let hint = name == "jobs" ? "-j is short for --jobs; for JSON write --json." : nil
      throw UsageError(
        option: "--\(name)",
        given: text,
        allowed: "a number from \(range.lowerBound) to \(range.upperBound)",
        hint: hint
      )
    }
    return value
  }

  static func choice<Choice: RawRepresentable & CaseIterable>(
    _ arguments: ParsedArguments,
    _ name: String
  ) throws(UsageError) -> Choice? where Choice.RawValue == String {
    guard let text = arguments.first(name) else { return nil }
    guard let choice = Choice(rawValue: text) else {
      let names = Choice.allCases.map(\.rawValue)
      let nearest = NearestName.find(text, among: names).map { "Did you mean \($0)?" }
      throw UsageError(
        option: "--\(name)",
        given: text,
        allowed: names.joined(separator: ", "),
        hint: nearest
      )
    }
    return choice
  }
}

import IndexFormat

/// Which tenant and timeline a command looks at, and how it prints: what these commands have in common.
struct ForensicOptions: Sendable, Equatable {
  var address: BucketAddress
  /// Nil for the only one of the bucket.
  var tenant: TenantSelector?
  /// Nil for the only one of the tenant, or for all: the command says which.
  var timeline: TimelineID?
  var moment: Timestamp?
  /// Instead of what manifests say.
  var stripeSize: StripeSize?
  var isJSON = false

  static let bucketOption = OptionDeclaration(
    "bucket",
    .value(name: "URL|FOLDER"),
    help: "Where the data is: \(BucketAddress.allowedForms)."
  )
  static let momentOption = OptionDeclaration(
    "at",
    .value(name: "TIME"),
    help:
      "Look at the bucket as it was at this moment, by its object versions: a UTC time like 2026-11-23T02:10:30Z."
  )
  static let jsonOption = OptionDeclaration("json", help: "Print JSON instead of text.")
  static let tenantOptions = [
    bucketOption,
    OptionDeclaration(
      "tenant-id",
      .value(name: "ID"),
      help: "The tenant, or one shard of it. May be left out if the bucket holds one tenant only."
    ),
    OptionDeclaration(
      "timeline-id",
      .value(name: "ID"),
      help: "The timeline. May be left out if there is only one."
    ),
    momentOption,
  ]
  static let stripeOption = OptionDeclaration(
    "stripe-size",
    .value(name: "PAGES"),
    help: "Pages a stripe, instead of what the tenant's manifests say."
  )

  /// - Parameter operands: may name the tenant, then the timeline, as far as options do not.
  init(
    _ arguments: ParsedArguments,
    operands: [String] = [],
    environment: Environment
  ) throws(UsageError) {
    address = try BucketAddress.resolve(option: arguments.first("bucket"), environment: environment)
    if let text = arguments.first("at"), Lsn(text) != nil {
      throw UsageError(
        "--at takes a moment of the bucket, and \(text) is an LSN",
        hint: "Write --lsn \(text)."
      )
    }
    moment = try ScanMetadataCommand.moment(arguments)
    isJSON = arguments.has("json")
    stripeSize = try Self.stripeSize(arguments)
    var rest = operands[...]
    if let text = arguments.first("tenant-id") {
      tenant = try Self.tenant(text, written: "--tenant-id")
    } else if let text = rest.popFirst() {
      tenant = try Self.tenant(text, written: "TENANT")
    }
    if let text = arguments.first("timeline-id") {
      timeline = try Self.timeline(text, written: "--timeline-id")
    } else if let text = rest.popFirst() {
      timeline = try Self.timeline(text, written: "TIMELINE")
    }
    if let text = rest.first { throw UsageError("unexpected argument \"\(text)\"") }
  }

  private static func tenant(_ text: String, written: String) throws(UsageError) -> TenantSelector {
    guard let tenant = TenantSelector(text) else {
      throw UsageError(
        option: written,
        given: text,
        allowed: "a tenant (32 hex digits) or one of its shards (32 hex digits, a dash, 4 hex digits)"
      )
    }
    return tenant
  }

  private static func timeline(_ text: String, written: String) throws(UsageError) -> TimelineID {
    guard let timeline = TimelineID(text) else {
      throw UsageError(option: written, given: text, allowed: "a timeline (32 hex digits)")
    }
    return timeline
  }

  static func stripeSize(_ arguments: ParsedArguments) throws(UsageError) -> StripeSize? {
    try ScanMetadataCommand.number(arguments, "stripe-size", in: 1...Int(UInt32.max))
      .flatMap { StripeSize(pages: UInt32(clamping: $0)) }
  }

  static func key(_ arguments: ParsedArguments) throws(UsageError) -> Key? {
    guard let text = arguments.first("key") else { return nil }
    return try KeyText.parse([text], written: "--key")
  }

  static func lsn(_ arguments: ParsedArguments, _ name: String = "lsn") throws(UsageError) -> Lsn? {
    guard let text = arguments.first(name) else { return nil }
    guard let lsn = Lsn(text) else {
      throw UsageError(option: "--\(name)", given: text, allowed: "an LSN like 0/147A958")
    }
    return lsn
  }

  // MARK: Opening

  func openBucket(_ environment: Environment) async throws(ScanFailure) -> ForensicBucket {
    try await ForensicBucket.open(address, environment, at: moment)
  }

  func openTenant(_ environment: Environment) async throws(ScanFailure) -> TenantView {
    try await TenantView.open(tenant, in: try await openBucket(environment), stripeSize: stripeSize)
  }
}

import IndexFormat

/// Findings about one layer, up to a limit: a file of noise has one at every byte.
struct FindingList {
  let object: LayerObject
  private(set) var findings: [Finding] = []
  /// How many more there were.
  private(set) var omittedCount = 0

  static let maximumCount = 100

  init(object: LayerObject) { self.object = object }

  var isEmpty: Bool { findings.isEmpty }

  @inline(never)
  mutating func add(
    _ code: FindingCode,
    at offset: UInt64,
    key: Key? = nil,
    lsn: Lsn? = nil,
    _ message: String,
    seen: String,
    expected: String
  ) {
    guard findings.count < Self.maximumCount else {
      omittedCount += 1
      return
    }
    findings.append(
      Finding(
        code,
        tenant: object.tenant,
        shard: object.shard,
        timeline: object.timeline,
        objectKey: object.key,
        offset: Int(clamping: offset),
        key: key,
        lsn: lsn,
        message: message,
        seen: seen,
        expected: expected
      )
    )
  }

  /// What a reader says of bytes that begin at `start` of the file.
  mutating func add(
    _ code: FindingCode,
    _ error: FormatError,
    from start: UInt64,
    key: Key? = nil,
    lsn: Lsn? = nil,
    _ message: String
  ) {
    let subject = error.field.isEmpty ? "" : ": \(error.field)"
    add(
      code,
      at: start &+ UInt64(clamping: error.offset),
      key: key,
      lsn: lsn,
      message + subject,
      seen: error.found,
      expected: error.expected
    )
  }
}

import IndexFormat

/// Reads the WAL of one timeline, segment by segment in pieces, follows its pages and records, and takes these apart.
struct WALReading: Sendable {
  let store: any ObjectStore
  let prefix: String
  let size: WALSegmentSize

  /// What is read at a time: a multiple of the page size.
  private static let pieceLength: UInt64 = 1 << 20
  /// Findings of one object; the rest is counted in one more.
  private static let maxFindings = 20

  func read(_ inventory: WALInventory, _ claim: TimelineClaim?, into verdict: inout TenantVerdict) async {
    guard !(claim?.isCancelled ?? false) else { return }
    let start = claim.flatMap { $0.start == .invalid ? nil : $0.start }
    let system = claim.flatMap { $0.systemIdentifier == 0 ? nil : $0.systemIdentifier }
    var verifier = WALVerifier(segmentSize: size, start: start, systemIdentifier: system)
    var records = WALRecordCheck(size: size, start: start)
    let folder = prefix + SafekeeperObjectKey.timelinePrefix(inventory.tenant, inventory.timeline)
    for segment in inventory.segments where segment.name.postgresTimeline == WALSegmentName.neonTimeline {
      guard !Task.isCancelled else { return }
      // Of another size it is damaged as a whole, and that has been said.
      guard segment.presence != .unknown, segment.size == size.byteCount,
        let number = segment.name.segment(size: size)
      else { continue }
      verifier.mayEnd = false
      verifier.begin(number)
      records.begin(number)
      let object = Object(
        key: "\(folder)\(segment.name)",
        size: segment.size,
        isListed: segment.presence == .listed
      )
      await read(object, at: number, &verifier, &records, inventory, &verdict)
    }
    for partial in inventory.partials where partial.size == partial.name.byteCount(size: size) {
      guard !Task.isCancelled else { return }
      guard partial.name.isConsistent(size: size), let number = partial.name.segment.segment(size: size)
      else { continue }
      // Each goes on from the same complete segment.
      var verifier = verifier
      var records = records.copy()
      verifier.mayEnd = true
      verifier.begin(number)
      records.begin(number)
      let object = Object(key: "\(folder)\(partial.name)", size: partial.size, isListed: true)
      await read(object, at: number, &verifier, &records, inventory, &verdict)
    }
  }

  private struct Object {
    var key: String
    var size: UInt64
    var isListed: Bool
  }

  private func read(
    _ object: Object,
    at number: WALSegmentNumber,
    _ verifier: inout WALVerifier,
    _ records: inout WALRecordCheck,
    _ inventory: WALInventory,
    _ verdict: inout TenantVerdict
  ) async {
    var offset: UInt64 = 0
    var problems: [WALProblem] = []
    var problemCount = 0
    let start = size.start(of: number) ?? Lsn(.max)
    while offset < object.size, !Task.isCancelled {
      let end = min(object.size, offset + Self.pieceLength)
      do throws(StoreError) {
        let request = ReadRequest(object.key, range: offset..<end, limit: Int(Self.pieceLength))
        let bytes = try await store.read(request).bytes
        guard UInt64(bytes.count) == end - offset else {
          let detail = "\(bytes.count) of \(end - offset) bytes: the object became shorter"
          throw StoreError(.shortRead, .read, key: object.key, detail: detail)
        }
        func report(_ problem: WALProblem) {
          problemCount += 1
          if problems.count < Self.maxFindings { problems.append(problem) }
        }
        verifier.add(bytes.span.bytes, report: report)
        records.add(bytes, at: Lsn(start.value &+ offset), report: report)
      } catch {
        if error.kind == .cancelled { return }
        verdict.lookErrors.append(
          LookError(objectKey: object.key, tenant: inventory.tenant, reason: error.description)
        )
        if object.isListed {
          // Its name and size were looked at, its content was not.
          verdict.coverage.objectsVisited -= 1
          verdict.coverage.bytesVisited &-= object.size
          verdict.coverage.skip(.unreadable, 1, bytes: object.size)
        }
        break
      }
      offset = end
    }
    for problem in problems { verdict.findings.append(finding(problem, object, inventory)) }
    if problemCount > problems.count {
      let more = problemCount - problems.count
      var rest = finding(problems[0], object, inventory)
      (rest.offset, rest.lsn, rest.seen, rest.expected) = (nil, nil, nil, nil)
      rest.message = "\(Count(more, "more problem")) in this object"
      verdict.findings.append(rest)
    }
  }

  private func finding(_ problem: WALProblem, _ object: Object, _ inventory: WALInventory) -> Finding {
    let code: FindingCode =
      switch problem.kind {
      case .page: .walPageDamaged
      case .record: .walRecordDamaged
      case .end: .walEndsEarly
      }
    return Finding(
      code,
      tenant: inventory.tenant,
      timeline: inventory.timeline,
      objectKey: object.key,
      offset: Int(clamping: size.offset(of: problem.lsn)),
      lsn: problem.lsn,
      message: problem.message,
      seen: problem.seen,
      expected: problem.expected
    )
  }
}

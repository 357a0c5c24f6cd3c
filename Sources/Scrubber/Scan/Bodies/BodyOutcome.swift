import Engine
import IndexFormat

/// What came of looking into an object.
enum BodyOutcome: Sendable {
  case checked(BodyReport)
  /// It is gone, or another one than was listed: nothing can be said of it before the tenant was listed again.
  case changed(String)
  /// The store gave no answer.
  case failed(String)
  case interrupted

  var isUnsettled: Bool {
    if case .changed = self { true } else { false }
  }
}

/// What was seen in an object.
struct BodyReport: Sendable {
  var findings: [Finding] = []
  var bytesRead: UInt64 = 0
  var entryCount = 0
  var valueCount = 0
  var valueByteCount: UInt64 = 0
  var pageCount = 0
  var walRecordCount = 0
  var fileCount = 0
  /// What a control file in it says; nil if there is none.
  var hasPageChecksums: Bool?
}

extension TenantVerdict {
  /// Adds what was seen in the objects of `bodies`, one outcome for each.
  mutating func add(_ outcomes: [BodyOutcome], of tenant: TenantID, _ tenantsPrefix: String) {
    var counts = BodyCounts()
    let judgesChecksums = Self.hasPageChecksums(outcomes)
    for (target, outcome) in zip(bodies, outcomes) {
      var objects = BodyCounts.Objects()
      objects.due = 1
      switch outcome {
      case .checked(let report):
        objects.checked = 1
        objects.byteCount = target.size
        objects.bytesRead = report.bytesRead
        counts.add(report)
        findings += report.findings.lazy.filter { judgesChecksums || $0.code != .layerPageChecksum }
      case .changed(let reason), .failed(let reason):
        objects.unreadable = 1
        lookErrors.append(
          LookError(objectKey: target.key(of: tenant, tenantsPrefix), tenant: tenant, reason: reason)
        )
        if target.isVisited { coverage.revoke(target.size, as: .unreadable) }
      case .interrupted:
        objects.interrupted = 1
        if target.isVisited { coverage.revoke(target.size, as: .interrupted) }
      }
      if target.isArchive { counts.archives += objects } else { counts.layers += objects }
    }
    bodyCounts = counts
    bodies = []
  }

  /// Whether the tenant's pages had checksums when they were imported: then those of unchanged pages must be right.
  private static func hasPageChecksums(_ outcomes: [BodyOutcome]) -> Bool {
    var isSaid = false
    for case .checked(let report) in outcomes {
      if report.hasPageChecksums == false { return false }
      isSaid = isSaid || report.hasPageChecksums == true
    }
    return isSaid
  }
}

extension BodyCounts {
  fileprivate mutating func add(_ report: BodyReport) {
    entryCount += report.entryCount
    valueCount += report.valueCount
    valueByteCount &+= report.valueByteCount
    pageCount += report.pageCount
    walRecordCount += report.walRecordCount
    archivedFileCount += report.fileCount
  }
}

extension Coverage {
  /// An object's name and size were looked at, but its content could not be.
  fileprivate mutating func revoke(_ byteCount: UInt64, as reason: SkipReason) {
    objectsVisited -= 1
    bytesVisited &-= byteCount
    skip(reason, 1, bytes: byteCount)
  }
}

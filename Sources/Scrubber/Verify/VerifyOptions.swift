import Engine
import IndexFormat

/// What to verify, and how: all that a verification needs to know of the command line.
struct VerifyOptions: Sendable, Equatable {
  /// Nil for the only tenant of the bucket.
  var tenant: TenantID?
  /// Empty for all.
  var timelines: [TimelineID] = []
  /// Empty for the LSNs that each timeline is verified at by default.
  var lsns: [Lsn] = []
  var levels: Set<VerificationLevel> = VerifyOptions.allLevels
  /// Of 10,000 pages so many.
  var sampleShare = VerificationOptions.everything
  /// Units that are worked on at the same time.
  var jobs = 1
  /// What caches and batches may hold together.
  var memoryByteCount = VerifyOptions.defaultMemoryByteCount
  /// Whether to go on with a run that was not finished.
  var resumes = false
  /// Nil for a file that is named after what is verified.
  var journal: String?

  /// What `--level all` runs. The others need more than a bucket.
  static let allLevels: Set<VerificationLevel> = [.reconstruct, .images]
  static let allowedJobs = 1...256
  static let defaultMemoryByteCount = 256 << 20
  static let allowedMemory = (16 << 20)...(1 << 40)

  /// Half of the memory is for indices of layers, the other half for values: twice what is asked for, as values are
  /// there packed and unpacked.
  var cacheByteCount: Int { memoryByteCount / 2 }

  var unitByteBudget: Int {
    min(max(memoryByteCount / 4 / max(jobs, 1), Self.leastUnitByteBudget), Self.mostUnitByteBudget)
  }

  private static let leastUnitByteBudget = 256 << 10
  private static let mostUnitByteBudget = 64 << 20

  var verification: VerificationOptions {
    var options = VerificationOptions()
    options.sampleShare = sampleShare
    options.byteBudget = unitByteBudget
    return options
  }
}

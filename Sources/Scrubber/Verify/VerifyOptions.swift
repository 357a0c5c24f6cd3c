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
  var levels: Set<VerificationLevel> = VerifyOptions.levelsWithoutWAL
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
  /// Where WAL is that timelines are replayed from; nil if they are not.
  var wal: BucketAddress?
  /// What holds the base of replays; nil for each timeline itself.
  var against: BucketAddress?
  /// Where what comes of WAL may be written; nil for the journal's folder.
  var scratch: String?

  /// What `--level all` runs without WAL; with it, `replay` as well.
  static let levelsWithoutWAL: Set<VerificationLevel> = [.reconstruct, .images]
  static let allowedJobs = 1...256
  static let defaultMemoryByteCount = 256 << 20
  static let allowedMemory = (16 << 20)...(1 << 40)

  /// Half of the memory is for indices of layers, the other half for values: twice what is asked for, as values are
  /// there packed and unpacked.
  /// Replays have half of the first half: for a base elsewhere, and for layers made of WAL.
  var cacheByteCount: Int { levels.contains(.replay) ? memoryByteCount / 4 : memoryByteCount / 2 }
  var baseCacheByteCount: Int { memoryByteCount / 8 }

  /// For each of so many pieces of replays.
  func grownCacheByteCount(_ count: Int) -> Int { memoryByteCount / 8 / max(count, 1) }

  /// Values of WAL that one ingest holds before they are written; that is over when units begin.
  var ingestByteCount: Int {
    min(max(memoryByteCount / 4 / max(jobs, 1), Self.leastIngestByteCount), Self.mostUnitByteBudget)
  }

  private static let leastIngestByteCount = 1 << 20

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

import IndexFormat

/// Where in a timeline's WAL a moment lies.
public struct LsnOfTime: Equatable, Sendable {
  public enum Kind: String, Sendable {
    /// Commits before the moment and at or behind it are known; the LSN is the last before it.
    case present
    /// All commits are before the moment.
    case future
    /// All commits that can still be read are at the moment or behind it.
    case past
    /// There are no commits to be read.
    case noData = "nodata"
  }

  public var kind: Kind
  public var lsn: Lsn

  public init(_ kind: Kind, _ lsn: Lsn) {
    self.kind = kind
    self.lsn = lsn
  }
}

/// Times of commits, which pages of pg_xact carry. Only shards with SLRUs can tell them.
extension TimelineCatalog {
  /// The latest commit time of all pages of pg_xact; nil if no page has one.
  public func commitTime(at lsn: Lsn) async throws(ReadError) -> PostgresTimestamp? {
    var latest: PostgresTimestamp?
    for segment in try await slruSegments(.transactionStatus, at: lsn).reversed() {
      for page in try await slruPages(segment, at: lsn) {
        guard let time = TransactionStatusPage.commitTime(of: page.span.bytes) else { continue }
        latest = max(latest ?? time, time)
      }
    }
    return latest
  }

  /// Searches the last LSN before the first commit at `time` or later, by halves.
  ///
  /// Pages carry the time of the commit that was applied last, and clocks go back: the answer is as good as the order
  /// of the times.
  ///
  /// - first: what can still be read: the larger one of GC cutoff and ancestor LSN.
  /// - last: of the last record.
  public func lsn(of time: PostgresTimestamp, from first: Lsn, to last: Lsn) async throws(ReadError)
    -> LsnOfTime
  {
    var low = first.value / 8
    var high = last.value / 8 + 1
    var foundEarlier = false
    var foundLater = false
    while low < high {
      let middle = low + (high - low) / 2
      let probe: CommitProbe
      do throws(ReadError) {
        probe = try await commits(around: time, at: Lsn(middle * 8))
      } catch {
        // What GC has taken away is the past.
        if case .missingKey = error { return LsnOfTime(.past, first) }
        throw error
      }
      foundEarlier = foundEarlier || probe.hasEarlier
      foundLater = foundLater || probe.hasLater
      if probe.hasLater { high = middle } else { low = middle + 1 }
    }
    let found = Lsn(low == 0 ? 0 : (low - 1) * 8)
    switch (foundEarlier, foundLater) {
    case (false, false): return LsnOfTime(.noData, first)
    case (false, true): return LsnOfTime(.past, first)
    case (true, _) where found < first: return LsnOfTime(.past, first)
    case (true, false): return LsnOfTime(.future, found)
    case (true, true): return LsnOfTime(.present, found)
    }
  }

  private struct CommitProbe {
    var hasEarlier = false
    var hasLater = false
  }

  /// Looks for commits before `time`, and at it or later, from the newest page on; the first later one ends it.
  private func commits(around time: PostgresTimestamp, at lsn: Lsn) async throws(ReadError) -> CommitProbe {
    var probe = CommitProbe()
    for segment in try await slruSegments(.transactionStatus, at: lsn).reversed() {
      for page in try await slruPages(segment, at: lsn).reversed() {
        guard let found = TransactionStatusPage.commitTime(of: page.span.bytes) else { continue }
        if found >= time {
          probe.hasLater = true
          return probe
        }
        probe.hasEarlier = true
      }
    }
    return probe
  }
}

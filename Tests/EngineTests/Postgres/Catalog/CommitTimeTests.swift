import Engine
import IndexFormat
import Testing

/// Moments in the WAL, found by the commit times of pages of pg_xact.
struct CommitTimeTests {
  /// A timeline whose page of pg_xact gets a new commit time now and then.
  struct History {
    /// LSN of each commit, and its time.
    var commits: [(lsn: UInt64, time: Int64)]
    /// Where the values begin.
    var start: UInt64 = 0
    var pages = 1

    func source() -> MemoryValueSource {
      let segment = SLRUSegment(.transactionStatus, number: 0)
      let first = Lsn(start)
      var history: [Key: [MemoryValueSource.Version]] = [:]
      history[.slruDirectory(.transactionStatus)] = [
        .init(lsn: first, bytes: [UInt8](hex: "0000000000000001 00000000"))
      ]
      history[.slruSegmentSize(segment)] = [.init(lsn: first, bytes: [UInt8(pages), 0, 0, 0])]
      for block in 0..<pages {
        history[.slruBlock(segment, BlockNumber(UInt32(block)))] = [
          .init(lsn: first, bytes: [UInt8](repeating: 0, count: 8192))
        ]
      }
      for (index, commit) in commits.enumerated() {
        var page = TransactionStatusPage()
        page.commitTime = PostgresTimestamp(microseconds: commit.time)
        var bytes: [UInt8] = []
        page.encode(into: &bytes)
        let block = BlockNumber(UInt32(index * pages / commits.count))
        history[.slruBlock(segment, block)]?.append(.init(lsn: Lsn(commit.lsn), bytes: bytes))
      }
      return MemoryValueSource(history)
    }

    func catalog() -> TimelineCatalog { TimelineCatalog(source(), ClusterBuilder.facts) }

    /// What the search must find: the last multiple of 8 at which no commit at `time` or later is seen.
    func expected(_ time: Int64, from first: UInt64, to last: UInt64) -> LsnOfTime {
      func isReached(_ lsn: UInt64) -> Bool { commits.contains { $0.lsn <= lsn && $0.time >= time } }
      func isSeen(_ lsn: UInt64) -> Bool { commits.contains { $0.lsn <= lsn } }
      let steps = first / 8..<last / 8 + 1
      let boundary = steps.first { isReached($0 * 8) } ?? last / 8 + 1
      let found = Lsn(boundary == 0 ? 0 : (boundary - 1) * 8)
      guard isSeen(last / 8 * 8) else { return LsnOfTime(.noData, Lsn(first)) }
      let hasEarlier = commits.contains { $0.lsn <= boundary * 8 && $0.time < time }
      if !hasEarlier || found < Lsn(first) { return LsnOfTime(.past, Lsn(first)) }
      return LsnOfTime(boundary > last / 8 ? .future : .present, found)
    }
  }

  @Test(arguments: [1, 3])
  func everyMomentIsFound(pages: Int) async throws {
    let history = History(
      commits: [(0x40, 100), (0x78, 200), (0xa1, 300), (0xa8, 300), (0x100, 400)],
      pages: pages
    )
    let catalog = history.catalog()
    for first in [0, 0x10, 0x48, 0x83, 0x100, 0x118] as [UInt64] {
      for time in [50, 100, 101, 200, 250, 300, 301, 400, 500] as [Int64] {
        let found = try await catalog.lsn(
          of: PostgresTimestamp(microseconds: time),
          from: Lsn(first),
          to: Lsn(0x123)
        )
        #expect(found == history.expected(time, from: first, to: 0x123), "\(time) from \(first)")
      }
    }
  }

  @Test func kindsAreTold() async throws {
    let catalog = History(commits: [(0x40, 100), (0x80, 200)]).catalog()
    func find(_ time: Int64, from first: UInt64 = 0x10) async throws -> LsnOfTime {
      try await catalog.lsn(of: PostgresTimestamp(microseconds: time), from: Lsn(first), to: Lsn(0x100))
    }
    #expect(try await find(150) == LsnOfTime(.present, Lsn(0x78)))
    #expect(try await find(300) == LsnOfTime(.future, Lsn(0x100)))
    #expect(try await find(50) == LsnOfTime(.past, Lsn(0x10)))
    #expect(try await find(150, from: 0x88) == LsnOfTime(.past, Lsn(0x88)))
    let empty = History(commits: []).catalog()
    let none = try await empty.lsn(of: PostgresTimestamp(microseconds: 1), from: Lsn(0x10), to: Lsn(0x20))
    #expect(none == LsnOfTime(.noData, Lsn(0x10)))
    #expect(try await empty.commitTime(at: Lsn(0x20)) == nil)
  }

  @Test func whatIsGoneIsThePast() async throws {
    let catalog = History(commits: [(0x90, 100)], start: 0x80).catalog()
    let found = try await catalog.lsn(of: PostgresTimestamp(microseconds: 1), from: Lsn(0x10), to: Lsn(0x100))
    #expect(found == LsnOfTime(.past, Lsn(0x10)))
  }

  @Test func endsOfTheNumbersAreNoTrap() async throws {
    let catalog = History(commits: [(0, 100)]).catalog()
    for (first, last) in [(0, UInt64.max), (UInt64.max, UInt64.max), (UInt64.max, 0), (0, 0)]
      as [(UInt64, UInt64)]
    {
      for time in [Int64.min, 100, Int64.max] {
        _ = try await catalog.lsn(of: PostgresTimestamp(microseconds: time), from: Lsn(first), to: Lsn(last))
      }
    }
  }

  @Test func timeOfAnLsnIsTheLatestOfAllPages() async throws {
    let catalog = History(commits: [(0x40, 500), (0x80, 200), (0xc0, 300)], pages: 3).catalog()
    #expect(try await catalog.commitTime(at: Lsn(0x3f)) == nil)
    #expect(try await catalog.commitTime(at: Lsn(0x100))?.microseconds == 500)
  }

  @Test func segmentOfTooManyPagesIsDamage() async throws {
    let segment = SLRUSegment(.transactionStatus, number: 0)
    var cluster = ClusterBuilder()
    cluster.put(.slruSegmentSize(segment), BlockCountValue(33))
    let catalog = cluster.catalog()
    let error = await readError { () async throws(ReadError) in try await catalog.commitTime(at: Lsn(8)) }
    guard case .damagedValue(.slruSegmentSize(segment), _, let format) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(format.kind == .limitExceeded)
  }
}

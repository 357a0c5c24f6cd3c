import IndexFormat

/// Grows a timeline from WAL: reads records out of bytes that come piece by piece, ingests them, and keeps the values
/// in memory until they are written to delta layers.
///
///     let growth = try await TimelineGrowth(above: timeline, at: lsn, rules)
///     while !growth.isPaused { try await growth.ingest(bytes) }
///
/// Strict: damaged WAL ends it, as it ends a page server's. Not to be used by several tasks at a time.
public final class TimelineGrowth {
  public let rules: IngestRules
  /// Where it stops; the record that ends there, or is the first to end behind, is the last one ingested.
  public var stop: Lsn?
  /// How many bytes of values are gathered before they are frozen into a run. While one is written the next one is
  /// gathered, so twice as many may be in memory.
  public var runByteCount: UInt64 = 64 << 20
  /// Where runs are written to; without it they stay in memory. Whoever gives one ends with `flush`, whatever came
  /// before: until then a layer may be on its way.
  public var destination: GrownLayers?

  private let wal: WALIngest
  private let loader: IngestLoader
  private let layer = MemoryLayer()
  /// What the timeline began with.
  private let base: GrowingTimeline.Base
  /// What was written since.
  private var layers: Timeline?
  /// Values that are not in layers yet, the oldest first.
  private var runs: [(run: MemoryRun, name: LayerName)] = []
  /// The oldest run, on its way into a layer.
  private var writing: Task<Result<IndexLayer, LayerWriteError>, Never>?
  /// Where the last record ended of which all is in memory.
  public private(set) var lastLsn: Lsn
  /// Why nothing can be ingested any more.
  private var failure: IngestError?
  /// Behind the last LSN that is in a run.
  private var frozenEnd: Lsn
  private var reader: WALReader
  /// Bytes from the reader's page on.
  private var buffer: [UInt8] = []
  /// Bytes before the reader's page that are still to come: the rest of one that has no records.
  private var passedByteCount = 0
  private let segmentSize: WALSegmentSize

  private init(
    _ rules: IngestRules,
    _ wal: WALIngest,
    _ loader: IngestLoader,
    _ source: GrowingTimeline,
    _ segmentSize: WALSegmentSize
  ) {
    self.rules = rules
    self.wal = wal
    self.loader = loader
    base = GrowingTimeline.Base(source, at: wal.lastLsn)
    self.segmentSize = segmentSize
    lastLsn = wal.lastLsn
    frozenEnd = wal.lastLsn.successor
    reader = WALReader(segmentSize: segmentSize, start: .record(wal.lastLsn), version: rules.version)
    reader.mayEnd = true
  }

  /// - Parameters:
  ///   - source: what the timeline holds at the LSN.
  ///   - lsn: where the last record ended that is in it; the WAL goes on there.
  public static func begin(
    above source: GrowingTimeline,
    at lsn: Lsn,
    _ rules: IngestRules,
    segmentSize: WALSegmentSize = .standard
  ) async throws(IngestError) -> TimelineGrowth {
    let loader = IngestLoader(source, at: lsn, rules)
    do throws(ReadError) {
      let wal = WALIngest(rules, try await loader.state(), at: lsn)
      return TimelineGrowth(rules, wal, loader, source, segmentSize)
    } catch {
      throw IngestError(.read(error), at: lsn)
    }
  }

  public var recordCount: UInt64 { wal.recordCount }
  public var isPaused: Bool { stop.map { lastLsn >= $0 } ?? false }

  /// Where the bytes must begin that are given next.
  public var wanted: Lsn { Lsn(reader.page.value &+ UInt64(buffer.count) &- UInt64(passedByteCount)) }

  /// The timeline as far as it has been ingested.
  public func timeline() -> GrowingTimeline { timeline(below: lastLsn.successor) }

  private func timeline(below end: Lsn) -> GrowingTimeline {
    freeze(below: end)
    return GrowingTimeline(runs.map(\.run), above: layers, base: base, redo: base.timeline.redo)
  }

  /// The runs that are in memory, with the names of the layers that they would be.
  public var frozen: [(run: MemoryRun, name: LayerName)] { runs }

  /// Ingests the records in the bytes, and keeps what is no whole record yet. Once it is paused bytes are only kept.
  /// After an error the timeline stands behind the last whole record, and each further call throws the same.
  public func ingest(_ bytes: [UInt8]) async throws(IngestError) {
    if let failure { throw failure }
    if buffer.isEmpty, passedByteCount == 0 {
      buffer = bytes
    } else {
      buffer += bytes.dropFirst(passedByteCount)
      passedByteCount -= min(passedByteCount, bytes.count)
    }
    do throws(IngestError) {
      try await ingest()
    } catch {
      failure = error
      throw error
    }
  }

  private func ingest() async throws(IngestError) {
    while !isPaused {
      let pending = try readOn()
      if let pending { try await resolve(pending) }
      if isFull { try await beginLayer() }
      if pending == nil { return }
    }
  }

  private var isFull: Bool { layer.byteCount >= runByteCount || layer.isFull }

  /// Writes what is in memory to layers, if there is a place for them.
  public func flush() async throws(IngestError) {
    freeze(below: lastLsn.successor)
    guard destination != nil else { return }
    while !runs.isEmpty {
      startWriting()
      try await finishWriting()
    }
  }

  /// Has what is in memory written while others go on. A layer that is still being written is waited for.
  private func beginLayer() async throws(IngestError) {
    freeze(below: lastLsn.successor)
    try await finishWriting()
    startWriting()
  }

  private func startWriting() {
    guard writing == nil, let folder = destination?.folder, let (run, name) = runs.first else { return }
    writing = Task {
      do throws(LayerWriteError) {
        return .success(try folder.write(run, as: name))
      } catch {
        return .failure(error)
      }
    }
  }

  /// A run stays readable until its layer is.
  private func finishWriting() async throws(IngestError) {
    guard let result = await writing?.value, let destination, let run = runs.first?.run else { return }
    writing = nil
    switch result {
    case .success(let layer):
      destination.add(layer)
      runs.removeFirst()
      layers = destination.timeline()
    case .failure(let error): throw IngestError(.write(error), at: run.lastLsn)
    }
  }

  private func freeze(below end: Lsn) {
    guard let run = layer.freeze(below: end) else { return }
    runs.append((run, LayerName(delta: .all, from: frozenEnd, to: end)))
    frozenEnd = end
  }

  // MARK: Records

  /// A record that cannot be ingested yet, or a database to copy.
  private struct Pending {
    var place: WALReader.Place
    var record: [UInt8] = []
    var copy: DatabaseCopy?
  }

  /// Reads until there is something to wait for, or no whole record any more: nil then.
  private func readOn() throws(IngestError) -> Pending? {
    var decoder = WALRecordDecoder(version: rules.version)
    var pending: Pending?
    var failure: IngestError?
    let page = reader.page
    _ = reader.read(buffer.span.bytes) { place, bytes in
      guard failure == nil else { return .pause }
      do throws(IngestError) {
        pending = try self.take(place, bytes, &decoder)
      } catch {
        failure = error
      }
      if self.isFull, pending == nil { pending = Pending(place: place) }
      return failure != nil || pending != nil || self.isPaused ? .pause : .goOn
    } report: {
      if failure == nil { failure = IngestError(.damaged($0), at: $0.lsn) }
    }
    let used = Int(reader.page.value &- page.value)
    passedByteCount += max(0, used - buffer.count)
    if used < buffer.count { buffer.removeFirst(used) } else { buffer = [] }
    if let failure { throw failure }
    return pending
  }

  private func take(
    _ place: WALReader.Place,
    _ bytes: RawSpan,
    _ decoder: inout WALRecordDecoder
  ) throws(IngestError) -> Pending? {
    let outcome: Result<Pending?, IngestFault>
    try checkPlace(place)
    do throws(WALRecordError) {
      let record = try decoder.decode(bytes)
      outcome = take(place, record)
    } catch {
      outcome = .failure(.malformed(error))
    }
    do throws(IngestFault) {
      return try outcome.get()
    } catch {
      throw IngestError(error, at: place.end, WALRecordHeader(bytes))
    }
  }

  /// No record may be left out: the reader goes on behind zeros.
  private func checkPlace(_ place: WALReader.Place) throws(IngestError) {
    var expected = wal.lastLsn
    if expected.value % UInt64(WALPageHeader.pageByteCount) == 0 {
      let isFirst = segmentSize.offset(of: expected) == 0
      let header = isFirst ? WALPageHeader.longByteCount : WALPageHeader.shortByteCount
      expected = Lsn(expected.value &+ UInt64(header))
    }
    guard place.start != expected else { return }
    let message = "the record does not stand behind the one before it"
    let problem = WALProblem(.record, place.start, message, seen: "\(place.start)", expected: "\(expected)")
    throw IngestError(.damaged(problem), at: place.start)
  }

  private func take(_ place: WALReader.Place, _ record: borrowing WALRecord) -> Result<Pending?, IngestFault>
  {
    do throws(IngestFault) {
      if try wal.need(of: record) != nil {
        return .success(Pending(place: place, record: record.bytes.copy(0..<record.bytes.byteCount)))
      }
      if let copy = try wal.ingest(record, endingAt: place.end, into: layer) {
        return .success(Pending(place: place, copy: copy))
      }
      lastLsn = place.end
      return .success(nil)
    } catch {
      return .failure(error)
    }
  }

  /// Loads what a record needs and ingests it; copies what it copies.
  private func resolve(_ pending: Pending) async throws(IngestError) {
    var pending = pending
    while !pending.record.isEmpty {
      let header = WALRecordHeader(pending.record.span.bytes)
      if let need = try need(of: pending) {
        do throws(ReadError) {
          wal.take(try await loader.answer(need))
        } catch {
          throw IngestError(.read(error), at: pending.place.end, header)
        }
        continue
      }
      var decoder = WALRecordDecoder(version: rules.version)
      let next = try take(pending.place, pending.record.span.bytes, &decoder)
      pending = next ?? Pending(place: pending.place)
    }
    guard let copy = pending.copy else { return }
    do throws(ReadError) {
      try await self.copy(copy, at: pending.place)
    } catch {
      throw IngestError(.read(error), at: pending.place.end)
    }
    lastLsn = pending.place.end
  }

  private func need(of pending: Pending) throws(IngestError) -> IngestNeed? {
    var decoder = WALRecordDecoder(version: rules.version)
    let outcome: Result<IngestNeed?, IngestFault>
    do throws(WALRecordError) {
      let record = try decoder.decode(pending.record.span.bytes)
      do throws(IngestFault) {
        outcome = .success(try wal.need(of: record))
      } catch {
        outcome = .failure(error)
      }
    } catch {
      outcome = .failure(.malformed(error))
    }
    do throws(IngestFault) {
      return try outcome.get()
    } catch {
      throw IngestError(error, at: pending.place.end, WALRecordHeader(pending.record.span.bytes))
    }
  }

  // MARK: Copies of databases

  /// Pages that are read at a time.
  private static let copiedBlockCount: UInt32 = 1024

  private func copy(_ copy: DatabaseCopy, at place: WALReader.Place) async throws(ReadError) {
    // As it was before the record.
    let source = timeline(below: place.end)
    let output = IngestOutput(layer: layer, lsn: place.end)
    let before = Lsn(place.end.value &- 1)
    let map = try await source.value(of: .relationMap(copy.source), at: before)
    output.put(.relationMap(copy.target), image: map.span.bytes)
    for relation in copy.relations {
      let from = relation.tag
      let to = RelationTag(copy.target, relation: from.relation, fork: from.fork)
      var start: UInt32 = 0
      while start < relation.blockCount {
        let end = min(relation.blockCount, start &+ Self.copiedBlockCount)
        try await copyBlocks(start..<end, from, to, source, before, output)
        start = end
      }
    }
  }

  private func copyBlocks(
    _ blocks: Range<UInt32>,
    _ from: RelationTag,
    _ to: RelationTag,
    _ source: GrowingTimeline,
    _ lsn: Lsn,
    _ output: IngestOutput
  ) async throws(ReadError) {
    var wanted = KeySpace()
    for block in blocks {
      let key = Key.relationBlock(from, BlockNumber(block))
      guard rules.shard.isLocal(key) else { continue }
      wanted.append(KeyRange(key))
    }
    for value in try await source.values(of: wanted, at: lsn) {
      output.put(.relationBlock(to, BlockNumber(value.key.field6)), image: value.bytes.span.bytes)
    }
  }
}

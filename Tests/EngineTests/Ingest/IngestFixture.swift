@testable import Engine
import IndexFormat
import Testing

/// Ingests single records on the small cluster of `ClusterBuilder`, each 8 bytes behind the last one.
final class IngestFixture {
  let wal: WALIngest
  private let loader: IngestLoader
  private let layer = MemoryLayer()

  static let start = Lsn(0x1000)
  static let database = ClusterBuilder.database

  init(
    _ version: PostgresVersion = .v17,
    shard: ShardIdentity = .unsharded(),
    _ change: (inout ClusterBuilder) -> Void = { _ in },
    _ changeRules: (inout IngestRules) -> Void = { _ in }
  ) async throws {
    var cluster = ClusterBuilder()
    cluster.values[.twoPhaseDirectory] = nil
    let width = TwoPhaseDirectory.Width(pgVersion: UInt32(version.major))
    cluster.put(.twoPhaseDirectory, TwoPhaseDirectory([], width: width))
    change(&cluster)
    var rules = IngestRules(version: version, shard: shard)
    changeRules(&rules)
    loader = IngestLoader(MemoryValueSource(cluster.values), at: Self.start, rules)
    wal = WALIngest(rules, try await loader.state(), at: Self.start)
  }

  /// What a record becomes.
  @discardableResult
  func ingest(_ bytes: [UInt8]) async throws -> [Key: LayerValue] {
    let lsn = try await take(bytes)
    var values: [Key: LayerValue] = [:]
    try layer.freeze()?.forEach { (key: Key, at: Lsn, bytes: RawSpan) throws in
      #expect(at == lsn)
      values[key] = try LayerValue(parsing: bytes)
    }
    return values
  }

  /// How many values a record becomes, without looking at them.
  func count(_ bytes: [UInt8]) async throws -> Int {
    // An error leaves a part of them.
    defer { _ = layer.freeze() }
    _ = try await take(bytes)
    return layer.entryCount
  }

  private func take(_ bytes: [UInt8]) async throws -> Lsn {
    while let need = try Self.need(wal, bytes) { wal.take(try await loader.answer(need)) }
    let lsn = Lsn(wal.lastLsn.value + 8)
    do {
      _ = try Self.ingest(wal, bytes, lsn, layer)
    } catch {
      _ = layer.freeze()
      throw error
    }
    return lsn
  }

  func ingest(_ record: IngestRecord) async throws -> [Key: LayerValue] { try await ingest(record.bytes) }

  /// Why a record is refused; nil if it is not.
  func refusal(_ record: IngestRecord) async -> IngestFault? {
    do {
      try await ingest(record.bytes)
      return nil
    } catch {
      return error as? IngestFault
    }
  }

  private static func need(_ wal: WALIngest, _ bytes: [UInt8]) throws -> IngestNeed? {
    var decoder = WALRecordDecoder(version: wal.rules.version)
    let record = try decoder.decode(bytes.span.bytes)
    return try wal.need(of: record)
  }

  private static func ingest(
    _ wal: WALIngest,
    _ bytes: [UInt8],
    _ lsn: Lsn,
    _ layer: MemoryLayer
  ) throws -> DatabaseCopy? {
    var decoder = WALRecordDecoder(version: wal.rules.version)
    let record = try decoder.decode(bytes.span.bytes)
    return try wal.ingest(record, endingAt: lsn, into: layer)
  }
}

/// A record put together for one test.
struct IngestRecord {
  var manager: UInt8
  var info: UInt8
  var transaction: UInt32 = 0
  var origin: UInt16?
  var blocks: [(tag: RelationTag, block: UInt32)] = []
  var main: [UInt8] = []

  static let relation = RelationTag(ClusterBuilder.database, relation: 16384)

  init(
    _ manager: ResourceManager,
    _ info: UInt8,
    transaction: UInt32 = 0,
    origin: UInt16? = nil,
    blocks: [(RelationTag, UInt32)] = [],
    _ main: [UInt8] = []
  ) {
    self.manager = manager.rawValue
    self.info = info
    self.transaction = transaction
    self.origin = origin
    self.blocks = blocks
    self.main = main
  }

  var bytes: [UInt8] {
    var parts: [UInt8] = []
    for (index, block) in blocks.enumerated() {
      parts += [UInt8(index), block.tag.fork.number, 0, 0]
      let database = block.tag.database
      for number in [database.tablespace, database.database, block.tag.relation, block.block] {
        parts.appendLittleEndian(number)
      }
    }
    if let origin {
      parts.append(253)
      parts.appendLittleEndian(origin)
    }
    if !main.isEmpty {
      parts.append(254)
      parts.appendLittleEndian(UInt32(main.count))
      parts += main
    }
    var bytes: [UInt8] = []
    WALRecordHeader(
      totalLength: UInt32(WALRecordHeader.byteCount + parts.count),
      transaction: transaction,
      previous: .invalid,
      info: info,
      resourceManager: manager
    )
    .encode(into: &bytes)
    return bytes + parts
  }
}

extension [UInt8] {
  /// Numbers of four bytes, little-endian.
  init(numbers: UInt32...) {
    self = []
    for number in numbers { appendLittleEndian(number) }
  }
}

extension LayerValue {
  init(_ value: some StoredValue) {
    var bytes: [UInt8] = []
    value.encode(into: &bytes)
    self = .image(bytes)
  }

  static let zeroPage = LayerValue.image([UInt8](repeating: 0, count: 8192))
}

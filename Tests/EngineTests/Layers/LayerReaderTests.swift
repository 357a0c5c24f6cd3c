import Engine
import Foundation
import IndexFormat
import Testing

/// Reading by ranges: the same values as a check of the whole file sees, with few requests.
struct LayerReaderTests {
  private func open(
    _ object: LayerObject,
    _ source: any LayerSource,
    byteCount: UInt64? = nil,
    budget: Int = 8 << 20
  ) async throws -> LayerReader {
    try await LayerReader.open(
      object,
      byteCount: byteCount,
      in: source,
      cache: BlockCache(byteBudget: budget),
      decoders: BlobDecoderPool()
    )
  }

  private func values(_ reader: LayerReader, _ entries: [LayerEntry]) async throws -> [SeenValue] {
    var seen: [SeenValue] = []
    let stream = reader.blobs(of: entries)
    while let batch = try await stream.next() { seen += try Self.decode(batch) }
    return seen
  }

  private static func decode(_ batch: BlobBatch) throws(LayerReadError) -> [SeenValue] {
    var seen: [SeenValue] = []
    try batch.decode { seen.append(SeenValue($0, $1)) }
    return seen
  }

  /// An image layer of small values.
  private static func large(count: UInt32) throws -> (object: LayerObject, bytes: [UInt8]) {
    let object = try LayerVectorTests.object(
      "000000067F00000001000000AE0000000000-000000067F00000001000001000000000000__0000DEADBEEF0000"
    )
    var writer = try ImageLayerWriter(
      object.name,
      tenant: LayerVectorTests.tenant,
      timeline: LayerVectorTests.timeline,
      compression: .none,
      sink: MemoryLayerSink()
    )
    for number in 0..<count {
      let value = withUnsafeBytes(of: number.bigEndian) { [UInt8]($0) }
      try writer.put(key(number), image: value.span.bytes)
    }
    return (object, try writer.finish().sink.bytes)
  }

  /// What a reader takes at once.
  private static let wholeIndexByteCount: UInt64 = 9 << 18

  /// Two common bytes only, so that few keys fit a block.
  private static func key(_ number: UInt32) -> Key {
    Key(0, 0x67f, 1, 0xae &+ number / 40_000, 0, number % 40_000)
  }

  @Test(arguments: LayerFile.committed)
  func wholeLayerIsReadLikeChecked(file: LayerFile) async throws {
    let bytes = try file.bytes()
    let expected = try file.object.values(bytes)
    let source = MemoryLayerSource([file.object.key: bytes])
    let reader = try await open(file.object, source)
    let entries = try await reader.entries()
    #expect(try await values(reader, entries) == expected)
  }

  @Test(arguments: LayerFile.small)
  func oneValueTakesThreeReads(file: LayerFile) async throws {
    let bytes = try file.bytes()
    let source = MemoryLayerSource([file.object.key: bytes])
    for expected in try file.object.values(bytes) {
      _ = source.takeReads()
      let reader = try await open(file.object, source, byteCount: UInt64(bytes.count))
      let entries = try await reader.entries(of: expected.key, lsns: expected.lsn..<expected.lsn.successor)
      #expect(try await values(reader, entries) == [expected])
      #expect(source.takeReads().count <= 3)
    }
  }

  @Test func keysThatAreNotThereHaveNoEntries() async throws {
    let file = try #require(LayerFile.small.first)
    let bytes = try file.bytes()
    let reader = try await open(file.object, MemoryLayerSource([file.object.key: bytes]))
    let known = Set(try file.object.values(bytes).map(\.key))
    let lsn = file.object.name.startLsn
    for key in known.compactMap(\.successor) where !known.contains(key) {
      #expect(try await reader.entries(of: key, lsns: Lsn(0)..<Lsn(.max)) == [])
    }
    let key = try #require(known.first)
    #expect(try await reader.entries(of: key, lsns: Lsn(0)..<lsn) == [])
    #expect(try await reader.entries(of: .max, lsns: Lsn(0)..<Lsn(.max)) == [])
  }

  /// How many reads one value of a layer takes that was not open, and how many more another one then.
  private func pointReads(_ object: LayerObject, _ bytes: [UInt8], _ numbers: [UInt32]) async throws -> [Int]
  {
    let source = MemoryLayerSource([object.key: bytes])
    var counts: [Int] = []
    for number in numbers {
      let reader = try await open(object, source, byteCount: UInt64(bytes.count))
      let key = Self.key(number)
      let entries = try await reader.entries(of: key, lsns: object.name.startLsn..<object.name.endLsn)
      let seen = try await values(reader, entries)
      #expect(seen.map(\.key) == [key])
      #expect(seen.first?.bytes == withUnsafeBytes(of: number.bigEndian) { [UInt8]($0) })
      let reads = source.takeReads()
      #expect(reads.reduce(0) { $0 + $1.count } <= 5 << 19)
      counts.append(reads.count)
    }
    return counts
  }

  @Test func oneValueBehindAnIndexOfTwoMegabytesTakesThreeReads() async throws {
    let (object, bytes) = try Self.large(count: 300_000)
    let reader = try await open(object, MemoryLayerSource([object.key: bytes]))
    #expect(
      2_000_000...Self.wholeIndexByteCount ~= reader.geometry.fileByteCount - reader.geometry.indexStart
    )
    #expect(try await pointReads(object, bytes, [0, 1, 39_999, 77_777, 299_999]).allSatisfy { $0 == 3 })
  }

  @Test func longIndexIsReadInParts() async throws {
    let (object, bytes) = try Self.large(count: 400_000)
    let source = MemoryLayerSource([object.key: bytes])
    let reader = try await open(object, source, byteCount: UInt64(bytes.count))
    #expect(reader.geometry.fileByteCount - reader.geometry.indexStart > Self.wholeIndexByteCount)
    #expect(try await pointReads(object, bytes, [0, 1, 40_000, 77_777, 399_999]).allSatisfy { $0 <= 5 })
    _ = source.takeReads()
    let all = try await reader.entries()
    #expect(all.count == 400_000)
    let scanned = source.takeReads()
    #expect(scanned.count < 20, "blocks are read ahead")
    var count = 0
    let stream = reader.blobs(of: all)
    while let batch = try await stream.next() {
      count += try Self.decode(batch).reduce(0) { $0 + $1.bytes.count }
    }
    #expect(count == 1_600_000)
    #expect(source.takeReads().count <= 2)
  }

  // MARK: Errors

  @Test func shorterFileIsAnErrorAndNoTrap() async throws {
    let file = try #require(LayerFile.small.first)
    let bytes = try file.bytes()
    let folder = FileManager.default.temporaryDirectory.appending(path: "scrubber-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    // The system clears its temporary folder.
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "layer")
    try Data(bytes).write(to: path)
    var object = file.object
    object.key = "layer"
    let source = FolderLayerSource(root: folder.path)
    let reader = try await open(object, source)
    let entries = try await reader.entries()
    #expect(try await values(reader, entries) == (try file.object.values(bytes)))
    // Cut while it is open.
    #expect(truncate(path.path, 8200) == 0)
    let error = await #expect(throws: LayerReadError.self) { try await values(reader, entries) }
    guard case .source(let cause) = error?.cause else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(cause.kind == .shortRead)
  }

  @Test func folderTellsWhyItCannotRead() async throws {
    let source = FolderLayerSource(root: FileManager.default.temporaryDirectory.path)
    func kind(_ key: String, _ range: Range<UInt64>? = nil) async -> LayerSourceError.Kind? {
      do throws(LayerSourceError) {
        if let range {
          _ = try await source.read(key, range)
        } else {
          _ = try await source.byteCount(of: key)
        }
        return nil
      } catch {
        return error.kind
      }
    }
    #expect(await kind("scrubber-none-\(UUID().uuidString)") == .notFound)
    #expect(await kind("../etc/passwd") == .badRequest)
    #expect(await kind("a/../../b") == .badRequest)
    #expect(await kind("x", 0..<UInt64.max) == .badRequest)
    #expect(await kind("") == .failed)
  }

  @Test func damagedLayersAreErrors() async throws {
    let file = try #require(LayerFile.small.last)
    let bytes = try file.bytes()
    let start = Int(try #require(try file.object.check(bytes).summary).indexStart)
    func cause(_ offset: Int, _ mask: UInt8) async -> LayerReadError.Cause? {
      var damaged = bytes
      damaged[offset] ^= mask
      do throws(LayerReadError) {
        let source = MemoryLayerSource([file.object.key: damaged])
        let reader = try await LayerReader.open(
          file.object,
          in: source,
          cache: BlockCache(byteBudget: 0),
          decoders: BlobDecoderPool()
        )
        let stream = reader.blobs(of: try await reader.entries())
        while let batch = try await stream.next() { try batch.decode { _, _ in } }
        return nil
      } catch {
        return error.cause
      }
    }
    #expect(await cause(8191, 1) == nil)
    for (offset, mask) in [(0, 1), (3, 1), (5, 1), (40, 1)] as [(Int, UInt8)] {
      guard case .summary = await cause(offset, mask) else {
        Issue.record("byte \(offset)")
        continue
      }
    }
    for (offset, mask) in [(91, 1), (95, 1), (start + 2, 1), (start + 4, 1), (8192, 0x20)] as [(Int, UInt8)] {
      guard case .damaged = await cause(offset, mask) else {
        Issue.record("byte \(offset)")
        continue
      }
    }
  }

  /// What a check accepts, a strict reader reads, and sees the same; flipped bits included.
  @Test(arguments: LayerFile.small)
  func strictReadingAgreesWithTheCheck(file: LayerFile) async throws {
    let bytes = try file.bytes()
    var generator = RepeatableGenerator(seed: Fuzzing.seed)
    var accepted = 0
    for _ in 0..<500 {
      var damaged = bytes
      damaged[generator.below(bytes.count)] ^= 1 << UInt8(generator.below(8))
      var seen: [SeenValue] = []
      let report = try file.object.check(damaged) { seen.append(SeenValue($0, $1)) }
      let source = MemoryLayerSource([file.object.key: damaged])
      do throws(LayerReadError) {
        let reader = try await LayerReader.open(
          file.object,
          in: source,
          cache: BlockCache(byteBudget: 0),
          decoders: BlobDecoderPool()
        )
        var read: [SeenValue] = []
        let stream = reader.blobs(of: try await reader.entries())
        while let batch = try await stream.next() { read += try Self.decode(batch) }
        if report.findings.isEmpty {
          accepted += 1
          #expect(read == seen)
        }
      } catch {
        #expect(!report.findings.isEmpty, "\(error)")
      }
    }
    #expect(accepted > 0)
  }

  // MARK: Parts

  @Test func planJoinsWhatIsNear() {
    let limits = ReadPlan.Limits(gapByteCount: 10, readByteCount: 100)
    func plan(_ wanted: [Range<UInt64>]) -> [Range<UInt64>] {
      ReadPlan(wanted, limits: limits).reads.map(\.range)
    }
    #expect(plan([]) == [])
    #expect(plan([0..<10, 10..<20, 30..<40]) == [0..<40])
    #expect(plan([0..<10, 21..<30]) == [0..<10, 21..<30])
    #expect(plan([0..<60, 60..<101]) == [0..<60, 60..<101])
    #expect(plan([0..<500, 500..<510]) == [0..<500, 500..<510])
    #expect(plan([50..<60, 0..<10]) == [50..<60, 0..<10])
    #expect(ReadPlan([0..<10, 10..<20, 90..<95], limits: limits).reads.map(\.items) == [0..<2, 2..<3])
  }

  @Test func cacheKeepsItsBudget() async throws {
    let (object, bytes) = try Self.large(count: 200_000)
    let source = MemoryLayerSource([object.key: bytes])
    let cache = BlockCache(byteBudget: 1 << 20)
    let reader = try await LayerReader.open(object, in: source, cache: cache, decoders: BlobDecoderPool())
    for _ in 0..<3 {
      #expect(try await reader.entries().count == 200_000)
      #expect(cache.byteCount > 0)
      #expect(cache.byteCount <= 1 << 20)
    }
  }

  /// Whole indices would drive each other out of a cache that is full.
  @Test func fullCacheReadsWhatIsWantedAlone() async throws {
    let (object, bytes) = try Self.large(count: 200_000)
    let source = MemoryLayerSource([object.key: bytes])
    let reader = try await open(object, source, budget: 512 << 10)
    #expect(reader.geometry.indexBlockCount > 128)
    _ = try await reader.entries()
    _ = source.takeReads()
    for number in stride(from: UInt32(0), to: 200_000, by: 997) {
      let entries = try await reader.entries(of: Self.key(number), lsns: Lsn(0)..<Lsn(.max))
      #expect(entries.map(\.key) == [Self.key(number)])
      let reads = source.takeReads()
      // From the root to a leaf, which has a neighbour at its end.
      #expect(reads.count <= 3 && reads.allSatisfy { $0.count <= 16 << 10 }, "\(reads)")
    }
  }

  @Test func checkByRangesIsTheCheckInMemory() async throws {
    for file in LayerFile.small {
      let bytes = try file.bytes()
      for depth in LayerCheckDepth.allCases {
        let source = MemoryLayerSource([file.object.key: bytes])
        guard let decoder = BlobDecoder() else { throw NoMemory() }
        let report = try await LayerCheck.run(
          file.object,
          in: source,
          byteCount: UInt64(bytes.count),
          depth: depth,
          decoder: decoder
        )
        #expect(report == (try file.object.check(bytes, depth: depth)))
        let reads = source.takeReads()
        #expect(depth != .tree || UInt64(reads.reduce(0) { $0 + $1.count }) == report.coverage.read)
        // What is read ahead is what is wanted then.
        #expect(Set(reads).count == reads.count)
      }
    }
  }
}

import Engine
import IndexFormat
import Testing

/// An image layer of 8,192 values whose index has eight leaves (blocks 0 to 7) and a root (block 8), with one thing
/// changed: what lies elsewhere is still seen.
struct DeepIndexDamageTests {
  private let object: LayerObject
  private let bytes: [UInt8]
  private let whole: [SeenValue]

  private static let indexStart = 6 * 8192

  init() throws {
    object = try LayerVectorTests.object(
      "000000067F00000001000000AE0000000000-000000067F00000001000000AE0000002000__0000DEADBEEF0000"
    )
    var writer = try ImageLayerWriter(
      object.name,
      tenant: object.tenant,
      timeline: object.timeline,
      compression: .none,
      sink: MemoryLayerSink()
    )
    for number in 0..<8192 as Range<UInt32> {
      let value = withUnsafeBytes(of: number.bigEndian) { [UInt8]($0) }
      try writer.put(try #require(object.name.keys.start.advanced(by: number)), image: value.span.bytes)
    }
    bytes = try writer.finish().sink.bytes
    whole = try object.values(bytes)
  }

  private func damaged(_ offset: Int, _ byte: UInt8) throws -> (codes: Set<FindingCode>, values: [SeenValue])
  {
    var damaged = bytes
    #expect(damaged[offset] != byte)
    damaged[offset] = byte
    var seen: [SeenValue] = []
    let report = try object.check(damaged) { seen.append(SeenValue($0, $1)) }
    return (Set(report.findings.map(\.code)), seen)
  }

  @Test func valuesBehindADamagedRootAreSeen() throws {
    #expect(whole.count == 8192)
    let root = Self.indexStart + 8 * 8192
    // Number of entries, level, lengths, a key, a block number.
    for (offset, byte) in [(0, 0xff), (1, 7), (2, 2), (4, 3), (5 + 18 + 17, 1), (5 + 8 * 18 + 5 + 4, 3)]
      as [(Int, UInt8)]
    {
      let found = try damaged(root + offset, byte)
      #expect(found.codes == [.layerTreeDamaged], "byte \(offset)")
      #expect(found.values == whole, "byte \(offset)")
    }
  }

  /// A leaf that cannot be read costs its own values, and nothing else is called damaged for it.
  @Test(arguments: 0..<8)
  func valuesOfOtherLeavesAreSeen(leaf: Int) throws {
    let found = try damaged(Self.indexStart + leaf * 8192 + 4, 1)
    #expect(found.codes == [.layerTreeDamaged])
    let first = leaf * 1167
    let lost = first..<min(first + 1167, 8192)
    #expect(found.values == Array(whole[..<lost.lowerBound] + whole[lost.upperBound...]))
  }

  /// 600 flipped bits of the index: found, or of a key that still lies between its neighbours.
  @Test func flippedBitsOfTheIndex() throws {
    var generator = RepeatableGenerator(seed: 42)
    var silent = 0
    for _ in 0..<600 {
      let place = Self.indexStart + generator.below(bytes.count - Self.indexStart)
      let found = try damaged(place, bytes[place] ^ 1 << UInt8(generator.below(8)))
      guard found.codes.isEmpty else { continue }
      silent += 1
      #expect(zip(found.values, whole).count { $0 != $1 } == 1, "byte \(place)")
    }
    // All numbers from the first to the last are keys, so only one at the end of a leaf has room to move.
    #expect(silent <= 1)
  }

  /// Two entries of the root lead to one leaf; a strict reader refuses it, and does not read it twice.
  @Test func leafThatIsReachedTwice() async throws {
    var damaged = bytes
    let values = Self.indexStart + 8 * 8192 + 5 + 8 * 18
    damaged[values + 9] = 0
    let report = try object.check(damaged)
    #expect(Set(report.findings.map(\.code)) == [.layerTreeDamaged])
    let reader = try await LayerReader.open(
      object,
      in: MemoryLayerSource([object.key: damaged]),
      cache: BlockCache(byteBudget: 0),
      decoders: BlobDecoderPool()
    )
    await #expect(throws: LayerReadError.self) { try await reader.entries() }
    // Of keys in front of it, nothing is wrong.
    let first = try await reader.entries(to: TreeKey(whole[1000].key))
    #expect(first.map(\.key) == whole[..<1000].map(\.key))
  }
}

import IndexFormat
import Testing

@testable import Engine

struct EntryOrderTests {
  private func positions(_ keys: [Key]) -> [UInt32] {
    let entries = keys.map {
      let place = ValueArena.Place(chunk: 0, offset: 0, byteCount: 0)
      return MemoryLayer.Entry(key: $0, willInit: false, isGap: false, place: place, lsn: Lsn(1))
    }
    return EntryOrder.positions(entries.span)
  }

  /// What comparing says, in which equal keys stay in their order.
  private func compared(_ keys: [Key]) -> [UInt32] {
    keys.indices.sorted { (keys[$0], $0) < (keys[$1], $1) }.map { UInt32($0) }
  }

  @Test func noKeysHaveNoOrder() { #expect(positions([]) == []) }

  @Test func keysThatDifferInOneByteAloneAreSortedByIt() {
    for byte in 0..<Key.byteCount {
      let keys = [UInt8](0...255).reversed().map { value in
        var bytes = [UInt8](repeating: 7, count: Key.byteCount)
        bytes[byte] = value
        return key(bytes)
      }
      #expect(positions(keys) == compared(keys), "byte \(byte)")
    }
  }

  @Test func blocksOfRelationsAreSortedAsByComparing() {
    var random = RepeatableGenerator(seed: Fuzzing.seed)
    let keys = (0..<20_000).map { _ in
      let relation = UInt32(random.next() % 300)
      let fork = UInt8(random.next() % 4)
      // The last block number stands for sizes.
      let block = random.next() % 50 == 0 ? UInt32.max : UInt32(random.next() % 3000)
      return Key(0, 1663, 5, relation, fork, block)
    }
    #expect(positions(keys) == compared(keys))
  }

  @Test func keysOfAnyBytesAreSortedAsByComparing() {
    var random = RepeatableGenerator(seed: Fuzzing.seed)
    var keys = (0..<5000).map { _ in key(random.bytes(Key.byteCount)) } + [.max, .min, .max]
    keys += keys.prefix(1000)
    #expect(positions(keys) == compared(keys))
  }

  private func key(_ bytes: [UInt8]) -> Key {
    func number(_ range: Range<Int>) -> UInt64 { bytes[range].reduce(0) { $0 << 8 | UInt64($1) } }
    return Key(high: number(0..<8), middle: number(8..<16), low: UInt16(number(16..<18)))
  }
}

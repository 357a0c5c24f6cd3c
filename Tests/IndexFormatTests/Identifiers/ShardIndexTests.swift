import Testing

@testable import IndexFormat

struct ShardIndexTests {
  @Test(
    arguments: [
      (0, 0, 2, [0, 1]), (0, 0, 4, [0, 1, 2, 3]), (0, 1, 2, [0, 1]), (1, 2, 8, [1, 3, 5, 7]),
      (3, 4, 8, [3, 7]),
      (0, 4, 16, [0, 4, 8, 12]),
    ] as [(UInt8, UInt8, UInt8, [UInt8])]
  )
  func split(number: UInt8, count: UInt8, newCount: UInt8, children: [UInt8]) {
    let parent = ShardIndex(number: number, count: count)
    #expect(parent.children(count: newCount) == children.map { ShardIndex(number: $0, count: newCount) })
    #expect(parent.children(count: newCount).allSatisfy { $0.parent(count: count) == parent })
  }

  @Test(
    arguments: [(7, 10, "070a"), (13, 17, "0d11"), (0, 0, "0000"), (0, 1, "0001")] as [(UInt8, UInt8, String)]
  )
  func text(number: UInt8, count: UInt8, text: String) {
    let shard = ShardIndex(number: number, count: count)
    #expect(shard.description == text)
    #expect(ShardIndex(text) == shard)
    #expect(shard.keySuffix == (count == 0 ? "" : "-" + text))
  }

  @Test(arguments: ["", "070", "070a0", "07 a", "-70a", "07g0"])
  func refused(text: String) { #expect(ShardIndex(text) == nil) }
}

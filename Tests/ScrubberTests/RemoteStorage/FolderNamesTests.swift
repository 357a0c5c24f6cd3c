import Testing

@testable import Scrubber

/// Names from a repeatable random generator, of few letters and with long equal stretches.
private func names(seed: UInt64) -> [[UInt8]] {
  var state = seed
  func next(_ count: UInt64) -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return (state >> 33) % count
  }
  let stems = (0..<3).map { _ in (0..<next(20)).map { _ in UInt8(ascii: "a") + UInt8(next(2)) } }
  var names = Set<[UInt8]>()
  for _ in 0..<next(60) {
    let tail = (0..<next(18) + 1).map { _ in [UInt8(ascii: "!"), 0x61, 0x30, 0xFF][Int(next(4))] }
    names.insert(stems[Int(next(3))] + tail)
  }
  return Array(names)
}

@Suite("Names of a folder")
struct FolderNamesTests {
  @Test("are sorted by their bytes, folders as if with a slash", arguments: 0..<300 as Range<UInt64>)
  func sorting(seed: UInt64) {
    let plain = names(seed: seed)
    var names = FolderNames()
    for (index, name) in plain.enumerated() {
      name.withUnsafeBufferPointer { names.append($0, isFolder: index % 3 == 0) { _ in true } }
    }
    names.sort()
    let sorted = names.names.map { Array(names.bytes[$0.offset..<$0.offset + Int($0.length)]) }
    let expected = plain.enumerated().map { $0 % 3 == 0 ? $1 + [0x2F] : $1 }
    #expect(sorted == expected.sorted { $0.lexicographicallyPrecedes($1) }, "seed \(seed)")
    #expect(names.names.allSatisfy { names.bytes[$0.offset + Int($0.length)] == 0 })
  }

  @Test("that are not wanted leave nothing behind")
  func unwanted() {
    var names = FolderNames()
    for text in ["a", "b", "c"] {
      Array(text.utf8).withUnsafeBufferPointer {
        names.append($0, isFolder: true) { $0.elementsEqual("b/".utf8) }
      }
    }
    names.sort()
    #expect(names.bytes == Array("b/\0".utf8))
    #expect(names.count == 1)
  }
}

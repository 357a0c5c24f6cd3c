@testable import Engine
import Foundation
import IndexFormat
import Testing

struct PageImageTests {
  /// What `pg_waldump --save-fullpage` wrote for these records, by length and checksum.
  @Test(arguments: [
    (WALVector.hole, "f2f07f9e22fc643f4de9003e6ae7f3dd245438fef435a9a808960b71ba19603c"),
    (WALVector.lz4, "6e199202e8ea9f302da65d25ad2e0699a94aa61708227ed04c6fc82013bba493"),
    (WALVector.zstd, "aed2a645d3fb899657eee8d609ebe42b5c445bc6da988d81e601b3a26db61f27"),
    (
      WALVector(version: .v17, hex: pglzRecord(bits: 0x07).hex),
      "3b5f3f3692594f27692c363f82c2a45f3dde7d5ce3f38c052bc106869ca22687"
    ),
  ])
  func aPageOfARealServerIsRestored(_ vector: WALVector, _ hash: String) throws {
    let pages = try restored(vector.bytes, vector.version)
    #expect(pages.count == 1)
    #expect(try sha256(pages[0]) == hash)
  }

  @Test func bitsOfVersion14MeanOtherwise() throws {
    // In 14, 0x05 is a hole and the image applied; 0x03 a hole and pglz.
    let pages = try [(PostgresVersion.v14, UInt8(0x03)), (.v15, 0x05)].map { version, bits in
      let image = try #require(try DecodedRecord(pglzRecord(bits: bits), version).block(0)?.image)
      #expect(image.compression == .pglz)
      #expect(!image.isApplied)
      return try restored(pglzRecord(bits: bits), version)
    }
    #expect(pages[0] == pages[1])
    #expect(try DecodedRecord(.hole).block(0)?.image?.isApplied == true)
    var old = WALVector.hole.bytes
    old[32] = 0x05
    let image = try #require(try DecodedRecord(old, .v14).block(0)?.image)
    #expect(image.isApplied && image.compression == .none)
    #expect(image.hole == 72..<72 + 8104)
  }

  @Test func aDamagedImageIsRefusedOrGivesAPage() throws {
    var generator = RepeatableGenerator(seed: Fuzzing.seed)
    let originals: [([UInt8], Range<Int>, PostgresVersion)] = try [
      WALVector.lz4, .zstd, WALVector(version: .v17, hex: pglzRecord(bits: 0x07).hex),
    ]
    .map { vector in
      (vector.bytes, try #require(try DecodedRecord(vector).block(0)?.image?.stored), vector.version)
    }
    var refused = 0
    for _ in 0..<Fuzzing.count(percent: 10) {
      var (bytes, range, version) = originals[generator.below(originals.count)]
      for _ in 0...generator.below(3) {
        bytes[range.lowerBound + generator.below(range.count)] = UInt8(generator.below(256))
      }
      do {
        _ = try restored(bytes, version)
      } catch let error as WALRecordError {
        #expect(error.kind == .corruptImage)
        refused += 1
      }
    }
    #expect(refused > 0)
  }

  @Test func aBlockWithoutImageAndAShortPageAreRefused() throws {
    let none = #expect(throws: WALRecordError.self) {
      try restored(WALVector.visible.bytes, .v15) { _ in true }
    }
    #expect(none?.kind == .noImage)
    for count in [0, 8191, 8193] {
      let short = #expect(throws: WALRecordError.self) {
        try restored(WALVector.hole.bytes, .v15, pageByteCount: count)
      }
      #expect(short?.kind == .badPageBuffer)
    }
  }
}

struct PGLZTests {
  private func decompress(_ input: [UInt8], count: Int) -> [UInt8]? {
    var output = [UInt8](repeating: 0, count: count)
    let isWhole = output.withUnsafeMutableBytes { PGLZ.decompress(input.span.bytes, into: $0) }
    return isWhole ? output : nil
  }

  @Test func literalsAndCopiesAreTold() {
    #expect(decompress([0, 65, 66, 67], count: 3) == [65, 66, 67])
    // A copy of 5 from 2 back repeats both bytes.
    #expect(decompress([0b100, 65, 66, 0x02, 2], count: 7) == [65, 66, 65, 66, 65, 66, 65])
    // Length 18 has another byte: 18 and 10 more.
    #expect(decompress([0b10, 65, 0x0f, 1, 10], count: 29) == [UInt8](repeating: 65, count: 29))
  }

  @Test func aCopyEndsWithTheRoom() {
    #expect(decompress([0b10, 65, 0x0f, 1, 10], count: 20) == [UInt8](repeating: 65, count: 20))
  }

  @Test func damageIsRefused() {
    // Distance 0, before the start, no second byte, no third byte, too little, too much.
    #expect(decompress([0b10, 65, 0x02, 0], count: 6) == nil)
    #expect(decompress([0b10, 65, 0x02, 2], count: 6) == nil)
    #expect(decompress([0b10, 65, 0x02], count: 6) == nil)
    #expect(decompress([0b10, 65, 0x0f, 1], count: 29) == nil)
    #expect(decompress([0, 65], count: 2) == nil)
    #expect(decompress([0, 65, 66], count: 1) == nil)
    #expect(decompress([], count: 1) == nil)
    #expect(decompress([], count: 0) == [])
  }
}

/// A record around the pglz image.
private func pglzRecord(bits: UInt8) -> [UInt8] {
  let image = WALVector.pglzImage
  var headers: [UInt8] = [0, 0x10, 0, 0, UInt8(image.count), 0, 36, 0, bits, 0x4c, 0x1e]
  headers += [0x7f, 6, 0, 0, 5, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 255, 3]
  var bytes: [UInt8] = []
  WALRecordHeader(
    totalLength: UInt32(24 + headers.count + image.count + 3),
    previous: .invalid,
    info: 0,
    resourceManager: 10
  )
  .encode(into: &bytes)
  return bytes + headers + image + [1, 2, 3]
}

/// By the program of the system: the sources have no use for it here.
private func sha256(_ bytes: [UInt8]) throws -> String {
  let process = Process()
  process.executableURL = URL(filePath: "/usr/bin/sha256sum")
  let (input, output) = (Pipe(), Pipe())
  process.standardInput = input
  process.standardOutput = output
  try process.run()
  try input.fileHandleForWriting.write(contentsOf: Data(bytes))
  try input.fileHandleForWriting.close()
  let said = try output.fileHandleForReading.readToEnd() ?? Data()
  process.waitUntilExit()
  return String(decoding: said.prefix(64), as: UTF8.self)
}

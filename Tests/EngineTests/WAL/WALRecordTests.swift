@testable import Engine
import IndexFormat
import Testing

/// Records written by hand, with valid lengths.
private func record(
  _ headers: [UInt8],
  payload: [UInt8] = [],
  resourceManager: UInt8 = 10,
  length: Int? = nil
) -> [UInt8] {
  var bytes: [UInt8] = []
  let count = WALRecordHeader.byteCount + headers.count + payload.count
  WALRecordHeader(
    totalLength: UInt32(length ?? count),
    previous: .invalid,
    info: 0,
    resourceManager: resourceManager
  )
  .encode(into: &bytes)
  return bytes + headers + payload
}

private let relation: [UInt8] = [0x7f, 6, 0, 0, 5, 0, 0, 0, 0, 0x40, 0, 0]

struct WALRecordTests {
  @Test(arguments: WALVector.all)
  func aRealRecordIsTakenApartAndItsChecksumIsRight(_ vector: WALVector) throws {
    #expect(try DecodedRecord(vector).hasValidChecksum)
    var damaged = vector.bytes
    damaged[damaged.count - 1] ^= 1
    #expect(try !DecodedRecord(damaged, vector.version).hasValidChecksum)
  }

  @Test func blocksAreFoundWithForkAndRepeatedRelation() throws {
    let record = try DecodedRecord(.visible)
    #expect(record.blocks.count == 2)
    #expect("\(try #require(record.block(0)).relation)" == "1663/5/16384_vm")
    let heap = try #require(record.block(1))
    #expect("\(heap.relation)" == "1663/5/16384")
    #expect(heap.block == BlockNumber(1))
    #expect(heap.data.isEmpty)
    #expect(record.mainData == [0xd5, 2, 0, 0, 3])
  }

  @Test func dataAndMainDataStandWhereTheyShould() throws {
    let record = try DecodedRecord(.neonUpdate)
    #expect(record.data.map(\.count) == [0x43])
    // Length of the prefix, length of the suffix.
    #expect(record.data[0].prefix(4) == [0x58, 0, 0x30, 0])
    #expect(record.mainData.count == 18)
    #expect(record.mainData.suffix(2) == [6, 0])
  }

  @Test func originAndTopLevelTransactionAreRead() throws {
    #expect(try DecodedRecord(.commitWithOrigin).origin == 1)
    let headers: [UInt8] = [253, 7, 1, 252, 1, 2, 3, 4, 254, 2, 0, 0, 0]
    let decoded = try DecodedRecord(record(headers, payload: [8, 9]), .v14)
    #expect(decoded.origin == 0x107)
    #expect(decoded.topLevelTransaction == 0x0403_0201)
    #expect(decoded.mainData == [8, 9])
  }

  @Test func allThirtyThreeBlocksFit() throws {
    var headers: [UInt8] = []
    for id in UInt8(0)...32 {
      headers += [id, id == 0 ? 0x20 : 0xa0, 1, 0]
      if id == 0 { headers += relation }
      headers += [id, 0, 0, 0]
    }
    let decoded = try DecodedRecord(record(headers + [255, 1], payload: Array(0...32) + [99]), .v16)
    #expect(decoded.data == (UInt8(0)...32).map { [$0] })
    #expect(decoded.blocks.allSatisfy { $0.relation.relation == 0x4000 })
    #expect(decoded.blocks.map(\.block.value) == Array(0...32))
    #expect(decoded.mainData == [99])
  }

  @Test func idsMayHaveGaps() throws {
    var headers: [UInt8] = [0, 0x00, 0, 0] + relation
    headers += [1, 0, 0, 0, 3, 0x82, 0, 0, 2, 0, 0, 0, 255, 1]
    let decoded = try DecodedRecord(record(headers, payload: [1]), .v17)
    #expect(decoded.block(1) == nil)
    #expect(decoded.block(3)?.fork == .visibilityMap)
  }

  @Test func aDecoderForgetsTheRecordBefore() throws {
    var decoder = WALRecordDecoder(version: .v15)
    let (first, second) = (WALVector.visible.bytes, WALVector.logicalMessage.bytes)
    let count = try decoder.decode(first.span.bytes).blocks.count
    #expect(count == 2)
    let none = try decoder.decode(second.span.bytes).blocks.count
    #expect(none == 0)
  }
}

struct WALRecordRefusalTests {
  private static let page = [UInt8](repeating: 0, count: 8192)
  private static let block0 = relation + [0, 0, 0, 0]

  /// What PostgreSQL's decoder refuses: headers, payload, and the reason.
  private static let cases: [([UInt8], [UInt8], WALRecordError.Kind)] = [
    ([1, 0, 0, 0] + block0 + [1, 0x80, 0, 0, 0, 0, 0, 0, 255, 1], [0], .blockOutOfOrder),
    ([0, 0x20, 0, 0] + block0 + [255, 1], [0], .badDataLength),
    ([0, 0, 1, 0] + block0, [0], .badDataLength),
    // Hole at 0; compressed with a hole of 0; compressed and announced by the numbers alone; page of full length.
    ([0, 0x10, 0, 0, 2, 0, 0, 0, 0x03] + block0, [0, 0], .missingHole),
    ([0, 0x10, 0, 0, 2, 0, 9, 0, 0x07, 0, 0] + block0, [0, 0], .missingHole),
    ([0, 0x10, 0, 0, 0, 32, 9, 0, 0x03] + block0, page, .missingHole),
    ([0, 0x10, 0, 0, 2, 0, 0, 0, 0x02] + block0, [0, 0], .unannouncedHole),
    ([0, 0x10, 0, 0, 0, 32, 9, 0, 0x02] + block0, page, .unannouncedHole),
    (
      [0, 0x10, 0, 0, 0, 32, 0, 0, 0x06] + block0, page,
      .incompressibleImage
    ),
    ([0, 0x10, 0, 0, 1, 32, 0, 0, 0x06] + block0, page + [0], .imageTooLong),
    ([0, 0x10, 0, 0, 2, 0, 9, 0, 0x07, 0, 32] + block0, [0, 0], .holeBeyondPage),
    ([0, 0x80, 0, 0, 0, 0, 0, 0, 255, 1], [0], .noRelationBefore),
    ([33, 0, 0, 0], [0], .badBlockID),
    ([251, 0, 0, 0], [0], .badBlockID),
    ([255, 2], [0], .badPayloadLength),
    ([255, 1], [0, 0], .badPayloadLength),
    ([254, 0xff, 0xff, 0xff, 0xff], [0], .badPayloadLength),
    ([254, 1, 0], [], .truncatedPartHeader),
    ([253, 1], [], .truncatedPartHeader),
    ([252, 1, 2, 3], [], .truncatedPartHeader),
    ([255], [], .truncatedPartHeader),
    ([0, 0], [], .truncatedPartHeader),
    ([0, 0, 0, 0, 1, 2, 3], [], .truncatedPartHeader),
  ]

  @Test(arguments: cases.indices)
  func whatPostgresRefusesIsRefusedWithItsPlace(_ index: Int) throws {
    let (headers, payload, kind) = Self.cases[index]
    let error = try #require(refusal(record(headers, payload: payload)))
    #expect(error.kind == kind)
    #expect((24...24 + headers.count).contains(error.offset))
    #expect("\(error)".contains("byte \(error.offset) of the record"))
  }

  @Test func headersMustFitTheBytes() {
    #expect(refusal([])?.kind == .truncatedHeader)
    #expect(refusal([UInt8](repeating: 0, count: 23))?.kind == .truncatedHeader)
    #expect(refusal(record([255, 1], payload: [0], length: 26))?.kind == .badLength)
    #expect(refusal(record([255, 1], payload: [0], length: 28))?.kind == .badLength)
    #expect(refusal(record([255, 1], payload: [0], length: 27)) == nil)
  }

  @Test func numbersOfNoResourceManagerAreRefused() {
    #expect(refusal(record([], resourceManager: 21)) == nil)
    #expect(refusal(record([], resourceManager: 22))?.kind == .badResourceManager)
    #expect(refusal(record([], resourceManager: 127))?.kind == .badResourceManager)
    #expect(refusal(record([], resourceManager: 134)) == nil)
    // Custom resource managers came with 15.
    #expect(refusal(record([], resourceManager: 134), .v14)?.kind == .badResourceManager)
  }
}

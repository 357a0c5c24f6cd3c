import Engine
import IndexFormat
import Testing

struct LayerValueTests {
  /// Values of the original's tests, and forms worked out from its source.
  static let vectors: [(value: LayerValue, hex: String)] = [
    (.image(Array("foobar".utf8)), "00000000 0000000000000006 666f6f626172"),
    (.image([]), "00000000 0000000000000000"),
    (
      .record(.postgres(willInit: true, record: Array("foobar".utf8))),
      "00000001 00000000 01 0000000000000006 666f6f626172"
    ),
    (.record(.postgres(willInit: false, record: [])), "00000001 00000000 00 0000000000000000"),
    (
      .record(.clearVisibilityMapFlags(newHeapBlock: 0x11, oldHeapBlock: nil, flags: 3)),
      "00000001 00000001 01 00000011 00 03"
    ),
    (
      .record(.clearVisibilityMapFlags(newHeapBlock: 1, oldHeapBlock: 2, flags: 3)),
      "00000001 00000001 01 00000001 01 00000002 03"
    ),
    (
      .record(.clogSetCommitted(transactions: [0x2d1, 0x2d2], timestamp: 0x0002_a1b2_c3d4_e5f6)),
      "00000001 00000002 0000000000000002 000002d1 000002d2 0002a1b2c3d4e5f6"
    ),
    (.record(.clogSetAborted(transactions: [0x2d3])), "00000001 00000003 0000000000000001 000002d3"),
    (.record(.multixactOffsetCreate(multixact: 1, offset: 2)), "00000001 00000004 00000001 00000002"),
    (
      .record(
        .multixactMembersCreate(
          offset: 1,
          members: [.init(transaction: 0x2d1, status: 4), .init(transaction: 0x2d2, status: 5)]
        )
      ),
      "00000001 00000005 00000001 0000000000000002 000002d1 00000004 000002d2 00000005"
    ),
    (
      .record(.auxFile(path: "one", content: Array("content1".utf8))),
      "00000001 00000006 0000000000000003 6f6e65 01 0000000000000008 636f6e74656e7431"
    ),
    (.record(.auxFile(path: "three", content: nil)), "00000001 00000006 0000000000000005 7468726565 00"),
    (
      .record(.truncateVisibilityMap(byte: 5, bitOffset: 4)),
      "00000001 00000007 0000000000000005 0000000000000004"
    ),
    (
      .record(.test(append: "foo", clear: false, willInit: false, onlyIf: nil)),
      "00000001 00000008 0000000000000003 666f6f 00 00 00"
    ),
    (
      .record(.test(append: "", clear: true, willInit: true, onlyIf: "x")),
      "00000001 00000008 0000000000000000 01 01 01 0000000000000001 78"
    ),
  ]

  @Test func vectorsAreReadAndWritten() throws {
    for (value, hex) in Self.vectors {
      let bytes = [UInt8](hex: hex)
      let read = try LayerValue(parsing: bytes.span.bytes)
      #expect(read == value)
      var written: [UInt8] = []
      value.encode(into: &written)
      #expect(written == bytes)
      let outline = try ValueOutline(parsing: bytes.span.bytes)
      #expect(outline.willInit == value.willInit)
      #expect(outline.body.upperBound == bytes.count)
      // Cut anywhere, and with a byte more, it is refused.
      for count in 0..<bytes.count {
        let cut = Array(bytes.prefix(count))
        #expect(formatError { () throws(FormatError) in try LayerValue(parsing: cut.span.bytes) } != nil)
        #expect(formatError { () throws(FormatError) in try ValueOutline(parsing: cut.span.bytes) } != nil)
      }
      let longer = bytes + [0]
      #expect(formatError { () throws(FormatError) in try LayerValue(parsing: longer.span.bytes) } != nil)
    }
    let tags = Set(
      Self.vectors.compactMap { if case .record(let record) = $0.value { record.tag } else { nil } }
    )
    #expect(tags.count == NeonRecord.Tag.allCases.count)
  }

  @Test(arguments: [
    "00000002", "00000001 00000009", "00000001 00000000 02 0000000000000000",
    "00000000 ffffffffffffffff 00", "00000000 8000000000000000 00",
    "00000001 00000001 02 00000011 00 03", "00000001 00000003 4000000000000001 000002d3",
    "00000001 00000006 0000000000000001 ff 00", "00000001 00000006 0000000000000000 02",
  ])
  func wrongFormsAreRefused(hex: String) {
    let bytes = [UInt8](hex: hex)
    let error = formatError { () throws(FormatError) in try LayerValue(parsing: bytes.span.bytes) }
    #expect(error != nil)
    #expect(formatError { () throws(FormatError) in try ValueOutline(parsing: bytes.span.bytes) } == error)
  }

  /// The outline accepts exactly what the whole reader accepts, and what is accepted is written as it was.
  @Test func mutatedValuesNeverTrap() {
    var generator = RepeatableGenerator(seed: Fuzzing.seed)
    var accepted = 0
    for _ in 0..<Fuzzing.count(percent: 25) {
      let base = [UInt8](hex: Self.vectors[generator.below(Self.vectors.count)].hex)
      let bytes = Fuzzing.mutate(base, &generator)
      var value: LayerValue?
      let error = formatError { () throws(FormatError) in value = try LayerValue(parsing: bytes.span.bytes) }
      var outline: ValueOutline?
      let other = formatError { () throws(FormatError) in
        outline = try ValueOutline(parsing: bytes.span.bytes)
      }
      #expect(error == other, "seed \(Fuzzing.seed): \(bytes.hex)")
      guard let value, let outline else { continue }
      accepted += 1
      var written: [UInt8] = []
      value.encode(into: &written)
      #expect(written == bytes)
      #expect(outline.willInit == value.willInit)
    }
    #expect(accepted > 1000)
  }
}

import Testing

@testable import IndexFormat

struct TimelineMetadataTests {
  private struct Vector {
    var hex: String
    var disk: UInt64
    var previous: UInt64?
    var ancestor: String?
    var branchPoint: UInt64 = 0
    var gcCutoff: UInt64
    var initdb: UInt64
    var postgres: UInt32
    var format: UInt16 = 4

    func decoded() throws -> TimelineMetadata {
      TimelineMetadata(
        diskConsistentLsn: Lsn(disk),
        prevRecordLsn: previous.map { Lsn($0) },
        ancestorTimeline: try ancestor.map { try #require(TimelineID($0)) },
        ancestorLsn: Lsn(branchPoint),
        latestGcCutoffLsn: Lsn(gcCutoff),
        initdbLsn: Lsn(initdb),
        pgVersion: postgres
      )
    }
  }

  private static let vectors: [Vector] = [
    Vector(
      hex: IndexVectors.metadataA,
      disk: 0x169_60e8,
      previous: 0x169_6070,
      gcCutoff: 0x169_6070,
      initdb: 0x169_6070,
      postgres: 14
    ),
    Vector(
      hex: IndexVectors.metadataB,
      disk: 0x253_2648,
      previous: 0x253_2620,
      ancestor: "57c6f08761772d7d261d9ba18c8dffd2",
      branchPoint: 0x253_2648,
      gcCutoff: 0x149_f0c0,
      initdb: 0x149_f0c0,
      postgres: 15
    ),
    Vector(
      hex: IndexVectors.metadataC,
      disk: 0x15a_7618,
      gcCutoff: 0x14e_f420,
      initdb: 0x14e_f420,
      postgres: 16
    ),
    Vector(
      hex: "d86ffcd000360004000000000149fd9001000000000149fd18000000000000000000000000000149fd180000000001"
        + "49fd180000000f",
      disk: 0x149_fd90,
      previous: 0x149_fd18,
      gcCutoff: 0x149_fd18,
      initdb: 0x149_fd18,
      postgres: 15
    ),
    Vector(
      hex: "4a689e690046000400000000000002000100000000000001000111223344556677881122334455667788000000000000"
        + "00000000000000000000000000000000000000000010",
      disk: 0x200,
      previous: 0x100,
      ancestor: "11223344556677881122334455667788",
      gcCutoff: 0,
      initdb: 0,
      postgres: 16
    ),
    Vector(
      hex: "877158ea0042000300000000000002000100000000000001000111223344556677881122334455667788000000000000"
        + "000000000000000000000000000000000000",
      disk: 0x200,
      previous: 0x100,
      ancestor: "11223344556677881122334455667788",
      gcCutoff: 0,
      initdb: 0,
      postgres: 14,
      format: 3
    ),
    Vector(
      hex: "c42dda30002e000400000000016960e800000000000000000000000000000000000000000000000000000000000e",
      disk: 0x169_60e8,
      gcCutoff: 0,
      initdb: 0,
      postgres: 14
    ),
  ]

  @Test(arguments: vectors.indices)
  func vectorsBothWays(number: Int) throws {
    let vector = Self.vectors[number]
    let bytes = IndexVectors.bytes(vector.hex)
    let decoded = try TimelineMetadata(binary: bytes.span.bytes)
    #expect(decoded == (try vector.decoded()))
    #expect(decoded.binary(format: vector.format) == bytes)
  }

  @Test func jsonOfVectorD() throws {
    let object =
      #"{"disk_consistent_lsn":"0/149FD90","prev_record_lsn":"0/149FD18","ancestor_timeline":null,"#
      + #""ancestor_lsn":"0/0","latest_gc_cutoff_lsn":"0/149FD18","initdb_lsn":"0/149FD18","pg_version":15}"#
    let index = try IndexPart(text: IndexVectors.minimal(#""metadata_bytes":\#(object)"#))
    #expect(index.metadata == (try Self.vectors[3].decoded()))
    // The options may be missing, on reading.
    let short = object.replacing(#""ancestor_timeline":null,"#, with: "")
    #expect(
      try IndexPart(text: IndexVectors.minimal(#""metadata_bytes":\#(short)"#)).metadata == index.metadata
    )
  }

  private func mistake(_ bytes: [UInt8]) -> FormatError? {
    formatError { () throws(FormatError) in try TimelineMetadata(binary: bytes.span.bytes) }
  }

  @Test(arguments: [0, 1, 7, 8, 54, 511, 513, 1024])
  func otherLengthsAreRefused(count: Int) {
    let bytes = (IndexVectors.bytes(IndexVectors.metadataA) + [UInt8](repeating: 0, count: 512)).prefix(count)
    #expect(mistake(Array(bytes))?.kind == .badValue)
  }

  /// Bytes behind the body are not looked at; every bit before is guarded by the checksum or by what it means.
  @Test func everyBitOfHeaderAndBodyCounts() {
    let good = IndexVectors.bytes(IndexVectors.metadataB)
    for offset in good.indices {
      for bit in 0..<8 {
        var bytes = good
        bytes[offset] ^= 1 << UInt8(bit)
        let error = mistake(bytes)
        if offset >= 70 {
          #expect(error == nil)
        } else if offset == 6 || offset == 7 {
          #expect(error != nil)
        } else if offset < 4 {
          #expect(error?.kind == .checksumMismatch)
        } else {
          #expect(error?.kind == .checksumMismatch || error?.kind == .badValue)
        }
      }
    }
  }

  /// A body cut or lengthened with a checksum that is right: the structure itself is checked.
  @Test func everySizeWithTheRightChecksum() {
    for format in [UInt16(3), 4, 5] {
      for size in 0...600 {
        var bytes = IndexVectors.bytes(IndexVectors.metadataB)
        bytes[4] = UInt8(size >> 8)
        bytes[5] = UInt8(size & 0xff)
        bytes[7] = UInt8(format)
        if 8...512 ~= size {
          let checksum = CRC32C.checksum(bytes[8..<size].span.bytes)
          for index in 0..<4 { bytes[index] = UInt8(truncatingIfNeeded: checksum >> UInt32(24 - 8 * index)) }
        }
        let isWhole = format == 4 && size == 70 || format == 3 && size == 66
        let error = mistake(bytes)
        #expect((error == nil) == isWhole, "format \(format), size \(size)")
        if let error { #expect(error.offset <= 512 && error.found.count <= 40) }
      }
    }
  }

  @Test func unalignedOnlyInFormat3() throws {
    var metadata = try Self.vectors[0].decoded()
    metadata.diskConsistentLsn = Lsn(0x201)
    #expect(mistake(metadata.binary())?.field == "disk_consistent_lsn")
    #expect(mistake(metadata.binary(format: 3)) == nil)
  }

  @Test func optionBytesAreZeroOrOne() {
    for value in UInt8.min...UInt8.max {
      var bytes = IndexVectors.bytes(IndexVectors.metadataC)
      bytes[16] = value
      let checksum = CRC32C.checksum(bytes[8..<46].span.bytes)
      for index in 0..<4 { bytes[index] = UInt8(truncatingIfNeeded: checksum >> UInt32(24 - 8 * index)) }
      let error = mistake(bytes)
      switch value {
      case 0: #expect(error == nil)
      case 1: #expect(error?.kind == .truncated || error?.kind == .badValue)
      default: #expect(error?.kind == .badValue && error?.offset == 16)
      }
    }
  }

  /// The bytes of an index are kept until the fields say something else.
  @Test func paddingIsKeptUntilAFieldChanges() throws {
    var numbers = IndexVectors.bytes(IndexVectors.metadataA)
    numbers[511] = 77
    let document = IndexVectors.minimal(
      #""metadata_bytes":[\#(numbers.map { String($0) }.joined(separator: ","))]"#
    )
    var index = try IndexPart(text: document)
    #expect(index.text == document)
    index.metadata.latestGcCutoffLsn = Lsn(0x169_6078)
    #expect(try IndexPart(parsing: index.encode()).metadata == index.metadata)
    #expect(!index.text.contains(",77]"))
  }
}

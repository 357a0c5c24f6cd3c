import Testing

@testable import IndexFormat

struct VerifiedUnitTests {
  private static func full() -> VerifiedUnit {
    var unit = VerifiedUnit(number: 7)
    unit.findings = [
      Finding(.objectUnknownName, message: "a message with \"quotes\", a \u{1b} and an é"),
      Finding(
        .layerMissing,
        tenant: TenantID(high: 1, low: 2),
        shard: ShardIndex(number: 1, count: 4),
        timeline: TimelineID(high: 3, low: 4),
        objectKey: "tenants/x/\u{202e}y",
        offset: 12,
        key: Key("000000067F00000005000004EB0000000FA0"),
        lsn: Lsn(0x147_A958),
        message: "gone",
        seen: "nothing",
        expected: "something",
        bytes: 1 << 40
      ),
    ]
    unit.omittedFindingCount = 3
    unit.keys.present = 10
    unit.keys.checked = 8
    unit.keys.skipped = ["damaged": 1, "unreachable": 1]
    unit.values.present = .max
    unit.records.checked = 1
    unit.bytes.skipped = ["no-history": 5]
    unit.depths = [0, 4, 5]
    unit.readByteCount = 99
    return unit
  }

  @Test func whatIsWrittenIsReadBack() throws {
    let unit = Self.full()
    #expect(try VerifiedUnit(parsing: unit.encode()) == unit)
    #expect(!unit.encode().contains(UInt8(ascii: "\n")))
    let empty = VerifiedUnit(number: 0)
    #expect(try VerifiedUnit(parsing: empty.encode()) == empty)
    let header = VerificationHeader(
      tool: "scrubber 0.1.0",
      fingerprint: "abc",
      location: "a\nb",
      tenant: TenantID(high: 1, low: 2),
      unitCount: 12
    )
    #expect(try VerificationHeader(parsing: header.encode()) == header)
  }

  @Test func aLineThatIsCutOffIsNoUnit() throws {
    let line = Self.full().encode()
    for end in line.indices {
      #expect(throws: FormatError.self, "\(end)") { try VerifiedUnit(parsing: Array(line[..<end])) }
    }
  }

  @Test func aDamagedLineIsRefusedOrWhatItSays() throws {
    let line = Self.full().encode()
    for place in line.indices {
      for bit in [0, 3, 6] {
        var bytes = line
        bytes[place] ^= 1 << bit
        do throws(FormatError) {
          let unit = try VerifiedUnit(parsing: bytes)
          #expect(try VerifiedUnit(parsing: unit.encode()) == unit)
        } catch {
          #expect(!error.expected.isEmpty)
        }
      }
    }
  }

  @Test(arguments: [
    #"{"findings":[]}"#, #"{"unit":-1}"#, #"{"unit":1,"unit":2}"#, #"{"unit":1,"keys":5}"#,
    #"{"unit":1,"findings":[{"code":"no.such-code","message":""}]}"#,
    #"{"unit":1,"findings":[{"message":""}]}"#,
    #"{"unit":1,"findings":[{"code":"layer.missing"}]}"#,
    #"{"unit":1,"findings":[{"code":"layer.missing","message":"","key":"xyz"}]}"#,
    #"{"unit":1,"findings":[{"code":"layer.missing","message":"","lsn":"5"}]}"#,
    #"{"unit":1,"depths":[18446744073709551616]}"#, #"{"unit":1,"keys":{"skipped":{"damaged":"x"}}}"#,
  ])
  func wrongMembersAreRefused(_ line: String) {
    #expect(throws: FormatError.self) { try VerifiedUnit(parsing: Array(line.utf8)) }
  }
}

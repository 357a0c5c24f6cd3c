import Engine
import Foundation
import IndexFormat
import Testing

/// What records say in words. That the words are those of `pg_waldump` is tested with the command that prints them.
struct WALDescriptionTests {
  /// A record without blocks.
  private static func record(_ manager: UInt8, _ info: UInt8, _ main: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = []
    let header = main.isEmpty ? 0 : main.count > 255 ? 5 : 2
    bytes += little(UInt32(24 + header + main.count)) + little(UInt32(733)) + little(UInt64(0))
    bytes += [info, manager, 0, 0, 0, 0, 0, 0]
    if main.count > 255 { bytes += [254] + little(UInt32(main.count)) + main }
    if !main.isEmpty, main.count <= 255 { bytes += [255, UInt8(main.count)] + main }
    return bytes
  }

  private static func little<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
  }

  private static func text(
    _ manager: ResourceManager,
    _ info: UInt8,
    _ main: [UInt8],
    _ version: PostgresVersion
  ) throws -> String {
    var decoder = WALRecordDecoder(version: version)
    let bytes = record(manager.rawValue, info, main)
    return WALDescription(try decoder.decode(bytes.span.bytes)).text
  }

  /// Whatever a record holds, it is told in a text of bounded length, and on one line.
  @Test func noRecordIsTooStrange() throws {
    var random = RepeatableGenerator(seed: 20_261_123)
    var longest = 0
    let managers = Array(UInt8(0)...21) + [134, 200]
    for version in PostgresVersion.allCases {
      for manager in managers where manager < 128 || version >= .v15 {
        for code in UInt8(0)..<16 {
          for length in [0, 1, 3, 7, 8, 12, 13, 14, 20, 24, 28, 40, 60, 88, 100, 400] {
            let main = (0..<length).map { _ in
              // Small numbers make counts that go on behind the first item.
              Bool.random(using: &random)
                ? UInt8.random(in: 0...3, using: &random) : .random(in: 0...255, using: &random)
            }
            var decoder = WALRecordDecoder(version: version)
            let bytes = Self.record(manager, code << 4, main)
            let text = WALDescription(try decoder.decode(bytes.span.bytes)).text
            longest = max(longest, text.utf8.count)
            if text.utf8.contains(where: { $0 < 0x20 }) { Issue.record("\(manager) \(code): \(text)") }
          }
        }
      }
    }
    #expect((100..<100_000).contains(longest))
  }

  @Test func aRecordThatIsTooShortIsToldAsFarAsItGoes() throws {
    #expect(try Self.text(.heap, 0x00, [3, 0], .v15) == "(data: found 2 bytes, expected 3 or more)")
    // Two of three transactions.
    let list =
      Self.little(UInt32(700)) + Self.little(UInt32(3)) + Self.little(UInt32(701)) + Self.little(UInt32(702))
    #expect(
      try Self.text(.transaction, 0x50, list, .v17)
        == "xtop 700: subxacts: 701 702 (data: found 16 bytes, expected 20 or more)"
    )
    // A count that no record has room for.
    let huge = Self.little(UInt32(700)) + Self.little(UInt32.max)
    #expect(try Self.text(.transaction, 0x50, huge, .v17) == "xtop 700: subxacts:")
  }

  @Test func longListsAreCut() throws {
    var main = Self.little(UInt32(1)) + Self.little(UInt32(20_000))
    for number in UInt32(0)..<20_000 { main += Self.little(number) }
    let text = try Self.text(.transaction, 0x50, main, .v16)
    #expect(text.hasSuffix(" 9999 … 20000 in all"))
  }

  @Test func controlCharactersOfNamesAreWrittenAsNumbers() throws {
    let name = Array("a\n\u{1b}[31mb".utf8) + [0]
    let main = [UInt8](repeating: 0, count: 8) + name
    #expect(try Self.text(.xlog, 0x70, main, .v17) == "a\\x0A\\x1B[31mb")
  }

  /// The two dialects of Neon beside the stock form: the same record, the same words.
  @Test func dialectsOfNeonAreTold() throws {
    let stock = Self.little(UInt32(9)) + Self.little(UInt16(4)) + [0x10, 0x01]
    let embedded =
      Self.little(UInt32(9)) + Self.little(UInt16(4)) + [0, 0] + Self.little(UInt32(77)) + [0x10, 0x01]
    let old = "off 4 flags 0x01 KEYS_UPDATED "
    #expect(try Self.text(.heap, 0x10, stock, .v15) == old)
    #expect(try Self.text(.heap, 0x10, embedded, .v15) == old)
    let new = "xmax: 9, off: 4, infobits: [KEYS_UPDATED], flags: 0x01"
    #expect(try Self.text(.heap, 0x10, stock, .v16) == new)
    #expect(try Self.text(.neon, 0x10, stock + Self.little(UInt32(77)), .v16) == new)
  }
}

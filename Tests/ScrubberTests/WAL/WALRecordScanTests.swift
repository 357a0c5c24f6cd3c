import Foundation
import IndexFormat
import Testing

@testable import Scrubber

/// Records with a right checksum that make no sense are found by who takes records apart.
@Suite(.enabled(if: RealPostgres.isInstalled, RealPostgres.absence), .timeLimit(.minutes(60)))
struct WALRecordScanTests {
  /// A segment in which one record's first block has an impossible id, and the LSN of that record.
  private func senseless() async throws -> (bytes: [UInt8], lsn: Lsn) {
    let wal = try await RealWAL.made()
    let dumped = try await ForensicRecord.run(["wal", "dump", wal.path, "--rmgr=Heap", "--limit", "50"])
    for line in dumped.output.split(separator: "\n") {
      let words = line.split { " ,/".contains($0) }.map(String.init)
      let lsn = try #require(words.firstIndex(of: "lsn:"))
      let low = try #require(UInt64(words[lsn + 2], radix: 16))
      let length = try #require(words.firstIndex(of: "tot):").flatMap { Int(words[$0 + 2]) })
      // All of it on one page.
      guard Int(low % 8192) + length < 8192 else { continue }
      var bytes = try wal.bytes()
      let start = Int(low % (16 << 20))
      bytes[start + 24] = 99
      let checksum = WALRecordHeader.checksum(of: bytes[start..<start + length].span.bytes) as UInt32
      withUnsafeBytes(of: checksum.littleEndian) { bytes.replaceSubrange(start + 20..<start + 24, with: $0) }
      return (bytes, Lsn(low))
    }
    throw ForensicTestError(arguments: ["no record"])
  }

  @Test func aVerificationFindsIt() async throws {
    let (bytes, lsn) = try await senseless()
    let folder = try TemporaryFolder()
    try folder.write("000000010000000000000001", bytes)
    let verified = try await ForensicRecord.run(["wal", "verify", folder.path])
    #expect(verified.exitCode == .damage && verified.output.contains("1 problem\n"), "\(verified.output)")
    #expect(verified.output.contains("cannot be taken apart: block id: found 99"), "\(verified.output)")
    #expect(verified.output.contains("LSN \(lsn)"))
  }

  @Test func aScanOfWhatSafekeepersLeftFindsIt() async throws {
    let (bytes, lsn) = try await senseless()
    let row = WALFixture.row(WALFixture.main, 0x100_0028, 0x200_0000)
    for isDamaged in [true, false] {
      let store = MemoryObjectStore()
      try store.put(
        WALFixture.key(WALFixture.main, WALFixture.segment(1)),
        body: .bytes(isDamaged ? bytes : try await RealWAL.made().bytes()),
        lastModified: Timestamp(nanoseconds: 1)
      )
      let record = await WALFixture.scan(store, WALFixture.claims([row], isWhole: false)) { $0.depth = .wal }
      let found = record.findings.filter { $0.message.contains("cannot be taken apart") }
      #expect(found.count == (isDamaged ? 1 : 0), "\(record.findings)")
      #expect(found.allSatisfy { $0.code == .walRecordDamaged && $0.lsn == lsn })
    }
  }
}

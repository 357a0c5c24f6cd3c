import Foundation
import IndexFormat
import Synchronization
import Testing

@testable import Scrubber

/// Dumps of layers that are damaged, and of all real ones.
struct LayerDumpTests {
  /// The image of the samples, changed and dumped.
  private func dump(
    _ more: [String] = [],
    command: String = "dump",
    _ change: (inout [UInt8]) -> Void
  ) async throws -> ForensicRecord {
    let folder = try TemporaryFolder()
    var bytes = [UInt8](try Data(contentsOf: URL(filePath: ForensicRecord.file(ForensicRecord.image))))
    change(&bytes)
    try folder.write(ForensicRecord.image, bytes)
    return try await ForensicRecord.run(["layer", command, "\(folder.path)/\(ForensicRecord.image)"] + more)
  }

  /// Lines of values.
  private func values(_ record: ForensicRecord) -> [Substring] {
    record.output.split(separator: "\n").filter { $0.hasPrefix("  key ") }
  }

  @Test func aDamagedValueIsAnErrorInItsPlaceAndTheRestFollows() async throws {
    let whole = try await dump { _ in }
    #expect(values(whole).count == 243 && whole.exitCode == .ok)
    // The fifth value gets a compression that there is none of.
    let tail = try #require(values(whole)[4].split(separator: " offset ").last)
    let offset = try #require(Int(tail.prefix { $0 != ";" }))
    let record = try await dump { $0[offset] = 0xf0 }
    #expect(record.exitCode == .damage)
    let lines = record.output.split(separator: "\n")
    let position = try #require(lines.firstIndex { $0.contains("ERROR: key") })
    #expect(lines[position].contains("layer.blob-damaged") && lines[position].contains("byte \(offset)"))
    #expect(lines[position - 1] == values(whole)[3] && lines[position + 1] == values(whole)[5])
    #expect(values(record).count == 242)
    #expect(lines.last?.hasPrefix("243 entries, 242 values of 1,548,500 bytes, 1 error") == true)
  }

  @Test func anIndexThatLeadsInCirclesEnds() async throws {
    let record = try await dump { bytes in
      let root = bytes.count - 8192
      // An internal node all of whose entries lead to itself, or to a block that there is none of.
      bytes[root + 2] = 1
      let count = Int(bytes[root]) << 8 | Int(bytes[root + 1])
      let values = root + 5 + Int(bytes[root + 3]) + count * Int(bytes[root + 4])
      for entry in 0..<count {
        for (index, byte) in [0x80, 0, 0, 0, UInt8(entry == 0 ? 0 : 200)].enumerated() {
          bytes[values + entry * 5 + index] = byte
        }
      }
    }
    #expect(record.exitCode == .damage)
    #expect(record.output.contains("ERROR: block 0 has been here before"))
    #expect(record.output.contains("ERROR: block 200 lies behind the root"))
  }

  @Test(arguments: [0, 1, 100, 8191, 8192, 20_000, 100_000])
  func aTruncatedLayerIsDamagedAndNeverTraps(length: Int) async throws {
    for command in ["dump", "show"] {
      let record = try await dump(command: command) { $0.removeSubrange(length...) }
      #expect(record.exitCode == .damage, "\(record.output.suffix(300)) \(record.error)")
    }
  }

  @Test func flippedBitsNeverTrap() async throws {
    var random = SeededRandom(seed: 7)
    var damaged = 0
    for _ in 0..<25 {
      let flips = (0..<40).map { number in
        (number < 20
          ? UInt64.random(in: 0..<229_376, using: &random)
          : 221_184 + UInt64.random(in: 0..<5000, using: &random))
      }
      let record = try await dump { bytes in for flip in flips { bytes[Int(flip)] ^= UInt8(1 << (flip % 8)) }
      }
      damaged += record.exitCode == .damage ? 1 : 0
    }
    #expect(damaged == 25)
  }

  @Test func aLayerUnderTheNameOfAnotherIsToldApart() async throws {
    let folder = try TemporaryFolder()
    let other =
      "\(folder.path)/" + ForensicRecord.image.replacing("00000A630100000000-", with: "00000A620100000000-")
    try FileManager.default.copyItem(atPath: ForensicRecord.file(ForensicRecord.image), toPath: other)
    let record = try await ForensicRecord.run(["layer", "dump", other, "--no-tree"])
    #expect(record.output.contains("warning: filename does not match what is expected from in-file summary"))
    #expect(record.output.contains("layer.summary-mismatch"))
    #expect(values(record).count == 243 && record.exitCode == .damage)
  }

  @Test func oneKeyIsPickedOut() async throws {
    let record = try await dump(["--no-tree", "--key", "rel=1663/4/2660 blkno=1"]) { _ in }
    #expect(values(record).count == 1 && record.exitCode == .ok)
    let none = try await dump(["--no-tree", "--key", "rel=1663/4/2660 blkno=99"]) { _ in }
    #expect(values(none) == [] && none.exitCode == .nothingMatched)
    let tree = try await dump(["--index"]) { _ in }
    #expect(values(tree) == [] && tree.output.contains("blk #0"))
  }

  @Test(.enabled(if: Golden.isPresent, Golden.absence), arguments: Golden.tenants)
  func allRealLayersAreDumpedWithoutAnError(_ archive: String) async throws {
    let folder = try QuickFolder()
    try Golden.unpack(archive, into: folder.path)
    let bucket = try await ForensicBucket.open(.folder(path: folder.path), Environment([:]), at: nil)
    let tenant = try await TenantView.open(nil, in: bucket)
    var keys = Set<String>()
    for timeline in tenant.timelineIDs {
      for view in try tenant.timelines(timeline) {
        // Of a timeline that is being deleted layers may be gone.
        for layer in view.layers where view.index.deletedAt == nil || layer.presence == .present {
          #expect(layer.presence == .present)
          keys.insert(layer.key)
        }
      }
    }
    for key in keys {
      let sink = ErrorLookout()
      let desk = CommandDesk(environment: Environment([:]), output: sink, error: sink)
      let exitCode = try await LayerDump(target: try await LayerTarget.object(key, in: bucket), desk: desk)
        .run()
      desk.flush()
      #expect(exitCode == .ok && sink.isClean, "\(key)")
    }
    #expect(!keys.isEmpty)
  }
}

/// Notices errors in what is written, and keeps none of it.
private final class ErrorLookout: OutputSink {
  private let errors = Mutex(0)

  var isClean: Bool { errors.withLock { $0 == 0 } }

  func write(_ bytes: [UInt8]) {
    // An E is in no other word of a dump but the names of keys.
    let isError = bytes.split(separator: UInt8(ascii: "\n")).contains { $0.starts(with: "  ERROR".utf8) }
    if isError { errors.withLock { $0 += 1 } }
  }
}

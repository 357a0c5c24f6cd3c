import Engine
import Foundation
import Testing

/// Archives of initdb: a real one, and ones with one thing wrong.
struct InitdbArchiveCheckTests {
  private static func real() throws -> [UInt8] {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let path =
      "samples/bucket/pageserver/v1/tenants/f8d29c5dd92e0ee1bdf5d3a6513060f1/"
      + "timelines/368c353096ae11b85437e6760663c46f/initdb.tar.zst"
    return [UInt8](try Data(contentsOf: root.appending(path: path)))
  }

  private func check(_ bytes: [UInt8]) throws -> InitdbArchiveReport {
    guard var check = InitdbArchiveCheck(byteCount: UInt64(bytes.count)) else { throw NoMemory() }
    while let range = check.wanted {
      check.supply(bytes.span.bytes.extracting(Int(range.lowerBound)..<Int(range.upperBound)))
    }
    return check.finish()
  }

  @Test func realArchiveUnpacks() async throws {
    let bytes = try Self.real()
    let report = try check(bytes)
    #expect(report.problem == nil)
    #expect(report.fileCount == 968)
    #expect(report.contentByteCount > 20 << 20)
    let source = MemoryLayerSource(["a": bytes])
    #expect(try await InitdbArchiveCheck.run("a", in: source, byteCount: UInt64(bytes.count)) == report)
    #expect(source.takeReads().reduce(0) { $0 + $1.count } == bytes.count)
  }

  @Test func everyCutIsSeen() throws {
    let bytes = try Self.real()
    for count in [0, 1, 4, 100, 1000] + Array(stride(from: 10_007, to: bytes.count, by: 200_003)) + [
      bytes.count - 1
    ] {
      let problem = try #require(try check(Array(bytes.prefix(count))).problem, "cut to \(count)")
      #expect(problem.offset <= UInt64(count))
    }
  }

  @Test func otherBytesBehindItAreSeen() throws {
    let bytes = try Self.real()
    #expect(try check(bytes + [0]).problem != nil)
    #expect(try check(Array("not an archive".utf8)).problem != nil)
    #expect(try check([UInt8](repeating: 0, count: 5000)).problem != nil)
  }

  /// A changed bit is seen, or makes other bytes of the same count in a file.
  @Test func flippedBitsNeverTrap() throws {
    let bytes = try Self.real()
    var generator = RepeatableGenerator(seed: Fuzzing.seed)
    var seen = 0
    for _ in 0..<12 {
      var damaged = bytes
      damaged[generator.below(bytes.count)] ^= 1 << UInt8(generator.below(8))
      if try check(damaged).problem != nil { seen += 1 }
    }
    #expect(seen > 0)
  }

  // MARK: Built ones

  /// One entry, with the content's blocks.
  private func entry(
    _ name: String,
    _ content: [UInt8] = [],
    kind: UInt8 = 0,
    _ change: (inout [UInt8]) -> Void = { _ in }
  ) -> [UInt8] {
    var header = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, at offset: Int) {
      header.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8)
    }
    put(name, at: 0)
    put(octal(content.count, 11), at: 124)
    put("        ", at: 148)
    header[156] = kind
    put("ustar ", at: 257)
    let sum = header.reduce(0) { $0 + Int($1) }
    put(octal(sum, 7), at: 148)
    header[155] = 0
    change(&header)
    return header + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
  }

  private func octal(_ value: Int, _ width: Int) -> String {
    let digits = String(value, radix: 8)
    return String(repeating: "0", count: width - digits.count) + digits
  }

  private static let end = [UInt8](repeating: 0, count: 1024)

  /// One frame of blocks that are stored as they are.
  private func compressed(_ content: [UInt8], window: UInt8 = 0x58) -> [UInt8] {
    var frame: [UInt8] = [0x28, 0xb5, 0x2f, 0xfd, 0, window]
    var rest = content[...]
    repeat {
      let piece = rest.prefix(100_000)
      rest = rest.dropFirst(piece.count)
      let header = piece.count << 3 | (rest.isEmpty ? 1 : 0)
      frame += (0..<3).map { UInt8(truncatingIfNeeded: header >> (8 * $0)) } + piece
    } while !rest.isEmpty
    return frame
  }

  private func problem(_ tar: [UInt8]) throws -> String? {
    try check(compressed(tar)).problem.map { "\($0.error.field), \($0.error.found)" }
  }

  @Test func structureOfTar() throws {
    let control = entry("global/pg_control", [1, 2, 3])
    let whole = control + Self.end
    #expect(try problem(whole) == nil)
    #expect(try problem(entry("./global/pg_control") + Self.end) == nil)
    #expect(try problem(entry("base", kind: UInt8(ascii: "5")) + whole) == nil)
    #expect(try problem(entry("PG_VERSION", [0x31]) + Self.end) == "archive, 1 files without it")
    #expect(try problem(control) == "tar end, its end behind an entry")
    #expect(try problem(Array(control.prefix(700))) == "tar end, its end, 324 bytes before that of the entry")
    #expect(try problem(Array(control.prefix(511))) == "tar end, its end inside a header")
    #expect(try problem(control + Self.end.prefix(512)) == "tar end, its end behind one block of zeros")
    #expect(try problem(whole + control) == "tar end, bytes behind the end of the archive")
    #expect(try problem(whole + Self.end) == nil)
    let changed: [(Int, UInt8, String)] = [
      (0, UInt8(ascii: "x"), "tar checksum"), (130, UInt8(ascii: "9"), "tar checksum"),
      (150, UInt8(ascii: "8"), "tar checksum"), (257, 0, "tar magic"),
    ]
    for (offset, byte, field) in changed {
      let damaged = entry("global/pg_control") { $0[offset] = byte } + Self.end
      #expect(try problem(damaged)?.hasPrefix(field) == true, "byte \(offset)")
    }
    #expect(try problem(entry("x", kind: UInt8(ascii: "!")) + whole)?.hasPrefix("tar kind") == true)
  }

  /// A few kilobytes that claim to be more than the limit: the check stops there, and needs no memory for it.
  @Test func bombIsRefused() throws {
    let header = entry("global/pg_control") { header in
      // 6 GiB, and the checksum of that.
      header.replaceSubrange(124..<135, with: octal(6 << 30, 11).utf8)
      header.replaceSubrange(148..<156, with: "        ".utf8)
      let sum = header.reduce(0) { $0 + Int($1) }
      header.replaceSubrange(148..<155, with: octal(sum, 7).utf8)
    }
    var frame = compressed(header)
    // The one block is not the last; behind it come blocks of one byte, repeated 128 KiB.
    frame[6] &= 0xfe
    let size = (128 << 10) << 3 | 2
    let block = (0..<3).map { UInt8(truncatingIfNeeded: size >> (8 * $0)) } + [0]
    for _ in 0..<(5 << 30) / (128 << 10) { frame += block }
    let problem = try #require(try check(frame).problem)
    #expect(problem.error.kind == .limitExceeded)
    #expect(problem.error.field == "archive")
  }

  @Test func windowIsBounded() throws {
    let whole = entry("global/pg_control") + Self.end
    // 10 + 17 = 27 bits are the most.
    #expect(try check(compressed(whole, window: 17 << 3)).problem == nil)
    let problem = try #require(try check(compressed(whole, window: 18 << 3)).problem)
    #expect(problem.error.field == "zstd")
  }
}

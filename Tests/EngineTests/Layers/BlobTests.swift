import Engine
import IndexFormat
import Testing

struct BlobTests {
  /// The value of the blob at the start of `bytes`.
  private func decode(_ bytes: [UInt8], limit: Int = BlobHeader.maximumByteCount) throws -> [UInt8] {
    guard var decoder = BlobDecoder(limit: limit) else { throw NoMemory() }
    do throws(BlobError<Never>) {
      return try decoder.decode(bytes.span.bytes) { _, value in value.withUnsafeBytes { [UInt8]($0) } }
    } catch {
      throw error.format
    }
  }

  private func error(_ bytes: [UInt8], limit: Int = BlobHeader.maximumByteCount) -> FormatError.Kind? {
    do {
      _ = try decode(bytes, limit: limit)
      return nil
    } catch let error as FormatError {
      return error.kind
    } catch {
      return nil
    }
  }

  @Test(arguments: [
    (0, "00"), (1, "01"), (127, "7f"), (128, "80000080"), (8192, "80002000"), (8204, "8000200c"),
  ])
  func headerFollowsTheLength(count: Int, hex: String) throws {
    let header = try #require(BlobHeader(byteCount: count, storedByteCount: count, compression: .none))
    var bytes: [UInt8] = []
    header.encode(into: &bytes)
    #expect(bytes.hex == hex)
    let again = try BlobHeader(parsing: bytes.span.bytes)
    #expect(again == header)
    let value = [UInt8](repeating: 0xa5, count: count)
    #expect(try decode(bytes + value) == value)
    if count > 0 { #expect(error(bytes + value.dropLast()) == .truncated) }
  }

  @Test func longestLength() throws {
    let longest = try #require(
      BlobHeader(byteCount: 0x0fff_ffff, storedByteCount: 0x0fff_ffff, compression: .none)
    )
    var bytes: [UInt8] = []
    longest.encode(into: &bytes)
    #expect(bytes.hex == "8fffffff")
    #expect(BlobHeader(byteCount: 0x1000_0000, storedByteCount: 5, compression: .zstd) == nil)
  }

  @Test func framesOfPageServersDecompress() throws {
    #expect(
      try decode([UInt8](hex: "90000011 28b52ffd004845000010414101003b0558"))
        == Array(repeating: 0x41, count: 128)
    )
    #expect(
      try decode([UInt8](hex: "90000012 28b52ffd00484d00001000000100fbdf032c"))
        == Array(repeating: 0, count: 8192)
    )
  }

  @Test(arguments: [0xa0, 0xb0, 0xc3, 0xd0, 0xe0, 0xff] as [UInt8])
  func reservedCompressionIsRefused(first: UInt8) {
    #expect(error([first, 0, 0, 1, 0]) == .badValue)
  }

  @Test func damagedFramesAreRefused() {
    let frame = [UInt8](hex: "28b52ffd004845000010414101003b0558")
    func blob(_ frame: [UInt8]) -> [UInt8] { [0x90, 0, 0, UInt8(frame.count)] + frame }
    for count in 0..<frame.count { #expect(error(blob(Array(frame.prefix(count)))) == .truncated) }
    #expect(error(blob(frame + [0])) == .trailingBytes)
    // A second frame, and a skippable one in front.
    #expect(error(blob(frame + frame)) == .trailingBytes)
    #expect(error(blob([UInt8](hex: "502a4d18 01000000 00") + frame)) == .badValue)
    // Asks for a dictionary; a reserved bit; a block of the reserved kind.
    #expect(error(blob([UInt8](hex: "28b52ffd 01 48 07 010000"))) == .badValue)
    #expect(error(blob([UInt8](hex: "28b52ffd 08 48 010000"))) == .badValue)
    #expect(error(blob([UInt8](hex: "28b52ffd 00 48 070000"))) == .badValue)
  }

  /// 2,000 blocks of 128 KiB of one byte, 4 bytes each: 250 MiB out of 8 KB.
  @Test func bombIsRefusedBeforeMemoryIsTaken() {
    var frame = [UInt8](hex: "28b52ffd 00 58")
    for index in 0..<2000 {
      let header = (128 << 10) << 3 | 1 << 1 | (index == 1999 ? 1 : 0)
      frame += [UInt8(header & 0xff), UInt8(header >> 8 & 0xff), UInt8(header >> 16), 0]
    }
    let blob = [0x90, 0, UInt8(frame.count >> 8), UInt8(frame.count & 0xff)] + frame
    #expect(error(blob, limit: 1 << 20) == .limitExceeded)
    let limit = formatError { () throws(FormatError) in
      try ZstdFrame(parsing: frame.span.bytes, limit: 1 << 20)
    }
    #expect(limit?.kind == .limitExceeded)
  }

  /// A frame that says so itself, and one that only turns out to be too long.
  @Test func contentAboveTheLimitIsRefused() {
    #expect(
      error([0x90, 0, 0, 17] + [UInt8](hex: "28b52ffd e0 ffffffffffffff7f 0b0000 00")) == .limitExceeded
    )
    let page = [UInt8](hex: "90000012 28b52ffd00484d00001000000100fbdf032c")
    #expect(error(page, limit: 8192) == nil)
    #expect(error(page, limit: 8191) == .limitExceeded)
  }

  @Test func compressorKeepsOnlyWhatIsShorter() throws {
    guard let made = ZstdCompressor(level: 1) else { throw NoMemory() }
    let compressor = Holder(made)
    var output: [UInt8] = []
    var generator = RepeatableGenerator(seed: 1)
    let noise = generator.bytes(4096)
    #expect(compressor.compress(noise, &output) == nil)
    let text = Array(repeating: UInt8(ascii: "x"), count: 8192)
    let compressed = compressor.compress(text, &output)
    let count = try #require(compressed)
    #expect(count < 40)
    #expect(try decode([0x90, 0, 0, UInt8(count)] + output.prefix(count)) == text)
  }

  /// Longer than one block of a frame, and than the memory that is taken at first.
  @Test(arguments: [130_000, 300_000, 2_500_000])
  func longValuesDecompress(count: Int) throws {
    guard let made = ZstdCompressor(level: 1) else { throw NoMemory() }
    var output: [UInt8] = []
    let value = (0..<count).map { UInt8(truncatingIfNeeded: $0 / 700) }
    let compressed = Holder(made).compress(value, &output)
    let length = try #require(compressed)
    let header = try #require(BlobHeader(byteCount: count, storedByteCount: length, compression: .zstd))
    var blob: [UInt8] = []
    header.encode(into: &blob)
    blob += output.prefix(length)
    #expect(try decode(blob) == value)
    #expect(error(blob, limit: count) == nil)
    #expect(error(blob, limit: count - 1) == .limitExceeded)
  }

  /// Macros cannot hold what cannot be copied.
  private final class Holder {
    private let compressor: ZstdCompressor
    init(_ compressor: consuming ZstdCompressor) { self.compressor = compressor }
    func compress(_ bytes: [UInt8], _ output: inout [UInt8]) -> Int? {
      compressor.compress(bytes.span.bytes, into: &output)
    }
  }

  @Test func randomBytesNeverTrap() throws {
    guard var decoder = BlobDecoder(limit: 1 << 20) else { throw NoMemory() }
    var generator = RepeatableGenerator(seed: Fuzzing.seed)
    let frame = [UInt8](hex: "90000012 28b52ffd00484d00001000000100fbdf032c")
    var accepted = 0
    for _ in 0..<Fuzzing.count(percent: 20) {
      let bytes =
        Bool.random(using: &generator)
        ? Fuzzing.mutate(frame, &generator) : [0x90, 0, 0, 40] + generator.bytes(40)
      do throws(BlobError<Never>) {
        try decoder.decode(bytes.span.bytes) { _, value in
          accepted += 1
          #expect(value.byteCount <= 1 << 20)
        }
      } catch {
        #expect(error.format.offset <= bytes.count, "seed \(Fuzzing.seed): \(bytes.hex)")
      }
    }
    #expect(accepted > 100)
  }
}

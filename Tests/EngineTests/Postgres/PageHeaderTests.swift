import Engine
import IndexFormat
import Testing

/// Headers and checksums of pages; the pages are of a cluster of PostgreSQL 15 with checksums.
struct PageHeaderTests {
  /// A page of zeros with bytes put into it.
  static func page(_ start: String, end: String = "", others: [Int: UInt8] = [:]) -> [UInt8] {
    var page = [UInt8](repeating: 0, count: 8192)
    let (first, last) = ([UInt8](hex: start), [UInt8](hex: end))
    page.replaceSubrange(0..<first.count, with: first)
    page.replaceSubrange((8192 - last.count)..<8192, with: last)
    for (offset, byte) in others { page[offset] = byte }
    return page
  }

  /// An index's leaf, block 1 of its main fork.
  static let indexPage = page(
    "0000000070ed4501dfc400001c00e01ff01f042000000000e09f2000",
    end: "0000000001001000f73400000000000000000000000000000000000003000000"
  )
  /// Block 1 of a free space map.
  static let freeSpacePage = page(
    "0000000000cd5c01e7d10000180000200020042000000000000000000f0f000f0000000f",
    others: [
      43: 0x0f, 59: 0x0f, 91: 0x0f, 155: 0x0f, 283: 0x0f, 539: 0x0f, 1051: 0x0f, 2075: 0x0f, 4123: 0x0f,
    ]
  )
  /// Block 0 of a visibility map.
  static let visibilityPage = page("0000000000d47101b106000018000020002004200000000003")

  private static func problem(_ page: [UInt8]) -> FormatError? { PageHeader.problem(of: page.span.bytes) }

  @Test func fieldsAreRead() throws {
    let header = try PageHeader(parsing: Self.indexPage.span.bytes)
    #expect(header.lsn == Lsn(0x145_ed70) && header.checksum == 0xc4df && header.flags == 0)
    #expect(header.lower == 28 && header.upper == 8160 && header.special == 8176)
    #expect(header.pageSize == 8192 && header.layoutVersion == 4 && header.pruneTransaction == 0)
    #expect(header.sizeAndVersion == PageHeader.knownSizeAndVersion)
    var bytes: [UInt8] = []
    header.encode(into: &bytes)
    #expect(bytes == Array(Self.indexPage[..<PageHeader.byteCount]))
  }

  @Test func realPagesAreWhole() {
    for page in [Self.indexPage, Self.freeSpacePage, Self.visibilityPage] {
      #expect(Self.problem(page) == nil)
    }
    #expect(Self.problem([UInt8](repeating: 0, count: 8192)) == nil)
  }

  @Test func shortHeaderIsTruncated() {
    for count in 0..<PageHeader.byteCount {
      let bytes = Array(Self.indexPage[..<count])
      #expect(
        formatError { () throws(FormatError) in try PageHeader(parsing: bytes.span.bytes) }?.kind
          == .truncated
      )
    }
    #expect(Self.problem(Array(Self.indexPage.dropLast()))?.kind == .truncated)
    #expect(Self.problem(Self.indexPage + [0])?.kind == .trailingBytes)
  }

  @Test(arguments: [
    (10, 0x0008, "pd_flags"), (10, 0x8000, "pd_flags"), (12, 0x2000, "pd_lower"), (14, 0x1ff8, "pd_upper"),
    (16, 0x1ff1, "pd_special"), (16, 0x2008, "pd_special"), (16, 0xffff, "pd_special"), (16, 0, "pd_upper"),
  ])
  func fieldThatCannotBeIsNamed(offset: Int, value: Int, field: String) {
    var page = Self.indexPage
    page[offset] = UInt8(value & 0xff)
    page[offset + 1] = UInt8(value >> 8)
    let problem = Self.problem(page)
    #expect(problem?.kind == .badValue && problem?.field == field)
  }

  @Test func newPageWithContentIsDamaged() {
    for offset in [0, 8, 23, 24, 4096, 8191] {
      var page = [UInt8](repeating: 0, count: 8192)
      page[offset] = 1
      #expect(Self.problem(page)?.offset == offset)
    }
  }

  @Test func checksumsOfRealPagesAgree() {
    #expect(PageChecksum.checksum(of: Self.indexPage.span.bytes, at: BlockNumber(1)) == 0xc4df)
    #expect(PageChecksum.checksum(of: Self.freeSpacePage.span.bytes, at: BlockNumber(1)) == 0xd1e7)
    #expect(PageChecksum.checksum(of: Self.visibilityPage.span.bytes, at: BlockNumber(0)) == 0x06b1)
    #expect(PageChecksum.problem(of: Self.indexPage.span.bytes, at: BlockNumber(1)) == nil)
    #expect(
      PageChecksum.problem(of: Self.indexPage.span.bytes, at: BlockNumber(2))?.kind == .checksumMismatch
    )
    let zeros = [UInt8](repeating: 0, count: 8192)
    #expect(PageChecksum.problem(of: zeros.span.bytes, at: BlockNumber(2)) == nil)
    let short = [UInt8](zeros.dropLast())
    #expect(PageChecksum.checksum(of: short.span.bytes, at: BlockNumber(0)) == nil)
  }

  @Test func checksumSeesFlippedBits() {
    for offset in Array(0..<24) + Array(stride(from: 24, to: 8192, by: 67)) {
      var page = Self.indexPage
      page[offset] ^= 1 << UInt8(offset % 8)
      let problem = PageChecksum.problem(of: page.span.bytes, at: BlockNumber(1))
      #expect(problem?.kind == .checksumMismatch, "byte \(offset)")
    }
  }

  @Test func damagedPagesAreJudgedWithoutTraps() throws {
    var generator = RepeatableGenerator(seed: Fuzzing.seed)
    for _ in 0..<Fuzzing.count(percent: 1) {
      var page = Self.indexPage
      // Mostly in the header, where it matters.
      let header = Fuzzing.mutate(Array(page[..<24]), &generator)
      page.replaceSubrange(0..<24, with: header)
      let problem = Self.problem(page)
      if page.count == 8192 {
        let read = try PageHeader(parsing: page.span.bytes)
        let isSane =
          read.flags <= 7 && read.lower <= read.upper && read.upper <= read.special && read.special <= 8192
          && read.special % 8 == 0 && read.upper != 0
        #expect((problem == nil) == isSane, "\(header.hex)")
        #expect(
          (PageChecksum.problem(of: page.span.bytes, at: BlockNumber(1)) == nil) == (page == Self.indexPage)
        )
      } else {
        #expect(problem != nil && PageChecksum.problem(of: page.span.bytes, at: BlockNumber(1)) != nil)
      }
    }
  }
}

import IndexFormat

/// Follows the structure of a tar archive that comes in pieces, and keeps nothing of it but a header. Who wants the
/// files takes one event after the other.
///
/// | offset | size | field | check |
/// |---|---|---|---|
/// | 0 | 100 | name, filled with NUL | not empty |
/// | 124 | 12 | size: octal digits, or big-endian behind a byte of `80` | at most the limit |
/// | 148 | 8 | checksum: the sum of all bytes of the header, these eight read as spaces | compared |
/// | 156 | 1 | kind: NUL or `0` a file, `5` a folder | one that tar knows |
/// | 257 | 6 | `ustar`, then NUL or a space | compared |
/// | 512 | size | content, then zeros to the next multiple of 512 | not looked at |
///
/// Behind the last entry there are two blocks of zeros; behind these, zeros only.
///
/// Source: POSIX `pax`; GNU tar, `tar.h`.
struct TarWalk {
  private enum State {
    case header
    /// Of a file: how much of it is still to come, and of the zeros behind it.
    case content(left: UInt64, padding: UInt64)
    /// What nobody wants.
    case skipped(left: UInt64)
    /// So many blocks of zeros were seen.
    case end(blocks: Int)
  }

  enum Event: Equatable {
    /// A file begins.
    case file(name: [UInt8], byteCount: UInt64)
    /// The next bytes of the file: where they stand in what was given.
    case content(Range<Int>)
    case fileEnd
    /// A link or a device, which has no content.
    case other(name: [UInt8])
  }

  private var state = State.header
  /// A file has begun, and its event has not been told.
  private var begun: Event?
  /// The header, as far as it has come.
  private var header: [UInt8] = []
  /// Where in the archive the bytes stand that come next.
  private(set) var offset: UInt64 = 0

  private(set) var entryCount = 0
  private(set) var fileCount = 0
  /// Whether a file of this name was there.
  private(set) var hasWantedFile = false
  private let wantedFile: [UInt8]

  private static let blockByteCount = 512
  private static let contentByteLimit: UInt64 = 1 << 40
  private static let nameRange = 0..<100
  private static let sizeRange = 124..<136
  private static let checksumRange = 148..<156
  private static let kindOffset = 156
  private static let magicOffset = 257

  /// - Parameter wantedFile: the name of a file to look out for.
  init(lookingFor wantedFile: String) {
    self.wantedFile = Array(wantedFile.utf8)
    header.reserveCapacity(Self.blockByteCount)
  }

  /// Goes on over the next bytes. Offsets of errors count from the start of the archive.
  mutating func add(_ bytes: RawSpan) throws(FormatError) {
    var position = 0
    while try next(bytes, from: &position) != nil {}
  }

  /// What comes next; nil when all bytes are used. Offsets of errors count from the start of the archive.
  ///
  /// - position: where in the bytes it goes on.
  mutating func next(_ bytes: RawSpan, from position: inout Int) throws(FormatError) -> Event? {
    while true {
      if let event = begun {
        begun = nil
        return event
      }
      switch state {
      case .content(0, let padding):
        state = padding == 0 ? .header : .skipped(left: padding)
        return .fileEnd
      case .content(let left, let padding):
        guard position < bytes.byteCount else { return nil }
        let count = Int(min(left, UInt64(bytes.byteCount &- position)))
        state = .content(left: left &- UInt64(count), padding: padding)
        position &+= count
        offset &+= UInt64(count)
        return .content(position &- count..<position)
      case .skipped(let left):
        guard position < bytes.byteCount else { return nil }
        let count = Int(min(left, UInt64(bytes.byteCount &- position)))
        position &+= count
        offset &+= UInt64(count)
        state = left == UInt64(count) ? .header : .skipped(left: left &- UInt64(count))
        continue
      case .header, .end: break
      }
      guard position < bytes.byteCount else { return nil }
      let count = min(Self.blockByteCount &- header.count, bytes.byteCount &- position)
      header.append(bytes.extracting(position..<position &+ count))
      position &+= count
      offset &+= UInt64(count)
      guard header.count == Self.blockByteCount else { return nil }
      try takeBlock(at: offset &- UInt64(Self.blockByteCount))
      header.removeAll(keepingCapacity: true)
    }
  }

  /// Goes behind the content of the file that has begun, or what is left of anything else that nobody wants: whoever
  /// can read the archive at any place need not read it. `offset` says where it goes on.
  mutating func passContent() {
    switch state {
    case .content(let left, let padding):
      offset &+= left &+ padding
      state = .header
    case .skipped(let left):
      offset &+= left
      state = .header
    case .header, .end: break
    }
  }

  /// Whether two blocks of zeros were there.
  var hasEnded: Bool { if case .end(2) = state { header.isEmpty } else { false } }

  /// That the archive has ended where it may.
  func finish() throws(FormatError) {
    if case .end(let blocks) = state, blocks >= 2, header.isEmpty { return }
    let found =
      switch state {
      case .content(let left, let padding): "its end, \(left + padding) bytes before that of the entry"
      case .skipped(let left): "its end, \(left) bytes before that of the entry"
      case .header where !header.isEmpty: "its end inside a header"
      case .header: "its end behind an entry"
      case .end: "its end behind one block of zeros"
      }
    throw error("end", at: offset, found, "two blocks of zeros")
  }

  private mutating func takeBlock(at start: UInt64) throws(FormatError) {
    let isZero = header.span.bytes.firstNonZero(in: 0..<header.count) == nil
    switch (state, isZero) {
    case (.end(let blocks), true): state = .end(blocks: min(blocks &+ 1, 2))
    case (.end, false): throw error("end", at: start, "bytes behind the end of the archive", "zeros")
    case (_, true): state = .end(blocks: 1)
    case (_, false): try takeHeader(at: start)
    }
  }

  private mutating func takeHeader(at start: UInt64) throws(FormatError) {
    guard header[Self.magicOffset..<Self.magicOffset + 5].elementsEqual("ustar".utf8) else {
      throw error("magic", at: start + UInt64(Self.magicOffset), "other bytes", "ustar")
    }
    let expected = try number(in: Self.checksumRange, "checksum", at: start)
    var sum: UInt64 = 0
    for index in header.indices { sum &+= Self.checksumRange.contains(index) ? 0x20 : UInt64(header[index]) }
    guard sum == expected else {
      throw error("checksum", at: start + UInt64(Self.checksumRange.lowerBound), "\(expected)", "\(sum)")
    }
    let size = try number(in: Self.sizeRange, "size", at: start)
    guard size <= Self.contentByteLimit else {
      throw error(
        "size",
        at: start + UInt64(Self.sizeRange.lowerBound),
        "\(size)",
        "\(Self.contentByteLimit) or less"
      )
    }
    entryCount += 1
    switch header[Self.kindOffset] {
    case 0, UInt8(ascii: "0"), UInt8(ascii: "7"):
      fileCount += 1
      hasWantedFile = hasWantedFile || isNamed(wantedFile)
      begun = .file(name: Array(header[Self.nameRange].prefix { $0 != 0 }), byteCount: size)
      state = .content(left: size, padding: Self.padded(size) - size)
    // Names that are too long for a header, and attributes: files to whoever walks.
    case UInt8(ascii: "L"), UInt8(ascii: "K"), UInt8(ascii: "x"), UInt8(ascii: "g"): skip(size)
    // Folders, links, devices: a size means nothing.
    case UInt8(ascii: "5"): break
    case UInt8(ascii: "1")...UInt8(ascii: "6"):
      begun = .other(name: Array(header[Self.nameRange].prefix { $0 != 0 }))
    case let kind: throw error("kind", at: start + UInt64(Self.kindOffset), "\(kind)", "a kind of entry")
    }
  }

  private mutating func skip(_ size: UInt64) {
    if size > 0 { state = .skipped(left: Self.padded(size)) }
  }

  private static func padded(_ size: UInt64) -> UInt64 {
    let block = UInt64(blockByteCount)
    return (size + block - 1) / block * block
  }

  /// Whether the name is this, with or without `./` in front.
  private func isNamed(_ name: [UInt8]) -> Bool {
    var own = header[Self.nameRange].prefix { $0 != 0 }
    if own.starts(with: "./".utf8) { own = own.dropFirst(2) }
    return own.elementsEqual(name)
  }

  private func number(in range: Range<Int>, _ field: String, at start: UInt64) throws(FormatError) -> UInt64 {
    let bytes = header[range]
    if let first = bytes.first, first == 0x80 {
      guard bytes.dropFirst().dropLast(8).allSatisfy({ $0 == 0 }) else { return .max }
      return bytes.suffix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
    var value: UInt64 = 0
    var isEmpty = true
    for byte in bytes.drop(while: { $0 == 0x20 }) {
      if byte == 0 || byte == 0x20 { break }
      // Twelve digits of three bits fit.
      guard (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(byte) else {
        throw error(field, at: start + UInt64(range.lowerBound), "a byte of \(byte)", "octal digits")
      }
      value = value << 3 | UInt64(byte & 7)
      isEmpty = false
    }
    guard !isEmpty else {
      throw error(field, at: start + UInt64(range.lowerBound), "nothing", "octal digits")
    }
    return value
  }

  private func error(_ field: String, at offset: UInt64, _ found: String, _ expected: String) -> FormatError {
    FormatError(
      .badValue,
      offset: Int(clamping: offset),
      field: "tar \(field)",
      found: found,
      expected: expected
    )
  }
}

import IndexFormat

/// Unpacks an archive of what initdb made, `initdb.tar.zst`, and keeps nothing of it.
///
/// It is a tar archive (`TarWalk`), compressed by zstd as a stream without checksum. So it shows whether it unpacks and
/// whether its parts fit, not whether each byte in its files is right.
///
/// Does no reading, like `LayerCheck`: it says which bytes it needs next, and is given them.
///
/// | bound | |
/// |---|---|
/// | window | 128 MiB, as page servers have it; what they write needs 2 MiB |
/// | content | 4 GiB; what initdb makes has some 30 MiB |
public struct InitdbArchiveCheck: ~Copyable {
  private let byteCount: UInt64
  private var stream: ZstdStream
  private var tar = TarWalk(lookingFor: "global/pg_control")
  private var position: UInt64 = 0
  private var problem: ArchiveProblem?
  private var output = [UInt8](repeating: 0, count: 128 << 10)

  /// Bytes asked for at a time.
  private static let pieceByteCount: UInt64 = 1 << 20
  private static let windowLog = 27
  static let contentByteLimit: UInt64 = 4 << 30

  /// Nil if there is no memory for a decompressor.
  public init?(byteCount: UInt64) {
    guard let stream = ZstdStream(windowLog: Self.windowLog) else { return nil }
    self.stream = stream
    self.byteCount = byteCount
  }

  /// The bytes of the object that are needed next; nil at the end, or behind damage.
  public var wanted: Range<UInt64>? {
    guard problem == nil, position < byteCount else { return nil }
    return position..<min(byteCount, position + Self.pieceByteCount)
  }

  public mutating func supply(_ bytes: RawSpan) {
    var used = 0
    do throws(FormatError) {
      try unpack(bytes, &used)
    } catch {
      problem = ArchiveProblem(offset: position + UInt64(used), error: error)
    }
    position += UInt64(bytes.byteCount)
  }

  public consuming func finish() -> InitdbArchiveReport {
    var problem = problem
    if problem == nil {
      do throws(FormatError) {
        try checkEnd()
      } catch {
        problem = ArchiveProblem(offset: byteCount, error: error)
      }
    }
    return InitdbArchiveReport(
      problem: problem,
      entryCount: tar.entryCount,
      fileCount: tar.fileCount,
      contentByteCount: tar.offset
    )
  }

  private mutating func supply(_ bytes: LayerBytes) { supply(bytes.bytes) }

  /// Checks an archive by ranged reads. When the task is cancelled this ends behind the piece at hand, with an error of
  /// kind `cancelled`. Nil if there is no memory for a decompressor.
  public static func run(
    _ key: String,
    in source: any LayerSource,
    byteCount: UInt64
  ) async throws(LayerSourceError) -> InitdbArchiveReport? {
    guard var check = InitdbArchiveCheck(byteCount: byteCount) else { return nil }
    while let range = check.wanted {
      guard !Task.isCancelled else {
        throw LayerSourceError(.cancelled, key: key, detail: "the check was cancelled")
      }
      let bytes = try await source.read(key, range)
      check.supply(bytes)
    }
    return check.finish()
  }

  private mutating func unpack(_ bytes: RawSpan, _ used: inout Int) throws(FormatError) {
    // Taken out for the time, as only one part of this structure can be worked on at once.
    var buffer: [UInt8] = []
    swap(&buffer, &output)
    defer { swap(&buffer, &output) }
    while true {
      let count = try step(bytes, &used, &buffer)
      try tar.add(buffer.span.bytes.extracting(0..<count))
      guard tar.offset <= Self.contentByteLimit else {
        throw FormatError(
          .limitExceeded,
          field: "archive",
          found: "more than \(Self.contentByteLimit) bytes of content",
          expected: "some 30 MiB"
        )
      }
      if used == bytes.byteCount, count < buffer.count { return }
    }
  }

  private mutating func step(
    _ bytes: RawSpan,
    _ used: inout Int,
    _ buffer: inout [UInt8]
  ) throws(FormatError) -> Int {
    var failure: FormatError?
    let count = buffer.withUnsafeMutableBytes { target -> Int in
      do throws(FormatError) {
        return try stream.step(bytes, from: &used, into: target)
      } catch {
        failure = error
        return 0
      }
    }
    if let failure { throw failure }
    return count
  }

  private borrowing func checkEnd() throws(FormatError) {
    guard stream.isAtFrameEnd else {
      throw FormatError(
        .truncated,
        field: "zstd",
        found: "the end of the object",
        expected: "the rest of the frame"
      )
    }
    try tar.finish()
    guard tar.hasWantedFile else {
      throw FormatError(
        .badValue,
        field: "archive",
        found: "\(tar.fileCount) files without it",
        expected: "global/pg_control"
      )
    }
  }
}

/// Where an archive cannot be unpacked, or is none.
public struct ArchiveProblem: Equatable, Sendable {
  /// How much of the object had been read; of what is wrong inside, `error.offset` counts from the start of what was
  /// unpacked.
  public var offset: UInt64
  public var error: FormatError
}

/// What came of unpacking an archive.
public struct InitdbArchiveReport: Equatable, Sendable {
  /// The first thing that is wrong.
  public var problem: ArchiveProblem?
  public var entryCount: Int
  public var fileCount: Int
  /// Bytes that came out.
  public var contentByteCount: UInt64
}

import IndexFormat

/// Checks blobs in the order of the file, piece by piece: each ends where the next begins, decompresses, and holds a
/// value; behind the last there are zeros to the end of the block.
struct BlobCheck: ~Copyable {
  private struct Pending {
    var key: TreeKey
    var position: BlobPosition
    /// Whether entries in front of this one may be lost.
    var isBehindGap: Bool
  }

  private let kind: LayerName.Kind
  private let imageLsn: Lsn
  private var decoder: BlobDecoder
  /// Where the index begins.
  var valuesEnd: UInt64 = 0
  /// Entries whose blobs have not been looked at, in ascending order of positions. The end of the last is known only
  /// when another one comes, or none.
  private var pending: [Pending] = []
  private var next = 0
  private var isComplete = false
  private var endsInGap = false
  /// Of a blob whose place is longer than a piece, where the bytes to be looked at end: its header has been read.
  private var longBlobEnd: UInt64?

  /// Nil if nobody asks what values hold.
  private(set) var contents: ContentRules?
  private(set) var coverage = LayerCoverage()
  private(set) var valueCount = 0
  private(set) var valueByteCount: UInt64 = 0

  /// Bytes asked for at a time, unless one blob is longer.
  private static let pieceByteCount: UInt64 = 1 << 20

  init(kind: LayerName.Kind, imageLsn: Lsn, contents: ContentRules?, decoder: consuming BlobDecoder) {
    self.kind = kind
    self.imageLsn = imageLsn
    self.contents = contents
    self.decoder = decoder
  }

  @inline(__always)
  mutating func add(_ key: TreeKey, _ position: BlobPosition, isBehindGap: Bool) {
    if next > 0 {
      pending.removeFirst(next)
      next = 0
    }
    pending.append(Pending(key: key, position: position, isBehindGap: isBehindGap))
  }

  /// No further entry comes.
  mutating func end(inGap: Bool) {
    isComplete = true
    endsInGap = inGap
  }

  /// How many entries can be looked at: the end of their blobs is known.
  private var readyEnd: Int { isComplete ? pending.count : pending.count - 1 }

  private func end(of index: Int) -> UInt64 {
    index + 1 < pending.count ? pending[index + 1].position.offset : valuesEnd
  }

  /// Whether entries behind this one may be lost, and something else lies between its blob and the next one.
  private func isBeforeGap(_ index: Int) -> Bool {
    index + 1 < pending.count ? pending[index + 1].isBehindGap : endsInGap
  }

  /// The piece of the file that is needed next; nil if more entries are needed first, or none is left.
  var wanted: Range<UInt64>? {
    guard next < readyEnd else { return nil }
    let start = pending[next].position.offset
    if let longBlobEnd { return start..<longBlobEnd }
    let end = end(of: pieceEnd(from: next) - 1)
    // A place that long may be due to damage; the header tells how much of it is worth reading.
    return end - start > Self.pieceByteCount ? start..<start + UInt64(BlobHeader.longByteCount) : start..<end
  }

  /// The piece behind the one that is wanted; nil if there is none yet, or if its length cannot be told.
  var upcoming: Range<UInt64>? {
    guard next < readyEnd else { return nil }
    let following = pieceEnd(from: next)
    guard following < readyEnd else { return nil }
    let start = pending[following].position.offset
    let end = end(of: pieceEnd(from: following) - 1)
    return end - start > Self.pieceByteCount ? nil : start..<end
  }

  /// Whether the piece that is wanted is the last of which the entries are known. Of a long one only the header may
  /// be wanted, so that what comes behind it is not the next.
  var isLastPiece: Bool {
    guard next < readyEnd, pieceEnd(from: next) == readyEnd else { return false }
    return longBlobEnd != nil || end(of: readyEnd - 1) - pending[next].position.offset <= Self.pieceByteCount
  }

  /// The entry behind the last whose blob belongs to the same piece as that of `first`. Positions ascend, so it is
  /// found by halving.
  private func pieceEnd(from first: Int) -> Int {
    let limit = pending[first].position.offset &+ Self.pieceByteCount
    var low = first + 1
    var high = readyEnd
    while low < high {
      let middle = (low + high) / 2
      if end(of: middle) <= limit { low = middle + 1 } else { high = middle }
    }
    return low
  }

  mutating func supply(
    _ bytes: RawSpan,
    _ findings: inout FindingList,
    _ visit: (LayerEntry, RawSpan) -> Void
  ) {
    let last = pieceEnd(from: next)
    let start = pending[next].position.offset
    if end(of: last - 1) - start > Self.pieceByteCount, longBlobEnd == nil {
      beginLongBlob(bytes)
      return
    }
    while next < last {
      let entry = pending[next]
      let end = end(of: next)
      let low = Int(entry.position.offset - start)
      let high = Int((longBlobEnd ?? end) - start)
      let layerEntry = LayerEntry(
        key: entry.key.key,
        lsn: kind == .delta ? entry.key.lsn : imageLsn,
        blob: entry.position.offset..<end,
        willInit: entry.position.willInit
      )
      check(layerEntry, bytes.extracting(low..<high), &findings, visit)
      next += 1
    }
    longBlobEnd = nil
  }

  /// Finds out from its header how much of a long place a blob takes.
  private mutating func beginLongBlob(_ header: RawSpan) {
    let start = pending[next].position.offset
    var count = UInt64(header.byteCount)
    do throws(FormatError) {
      count = UInt64(try BlobHeader(parsing: header).totalByteCount)
      // With what follows, so that the zeros behind the last blob are seen.
      count += UInt64(TreeNode.blockByteCount)
    } catch {
      // What is wrong with the header is told when the blob is looked at.
      count = UInt64(header.byteCount)
    }
    longBlobEnd = min(end(of: next), start + count)
  }

  private mutating func check(
    _ entry: LayerEntry,
    _ region: RawSpan,
    _ findings: inout FindingList,
    _ visit: (LayerEntry, RawSpan) -> Void
  ) {
    let rules = BlobRules(
      kind: kind,
      isLast: isComplete && next == pending.count - 1,
      isBeforeGap: isBeforeGap(next)
    )
    // `decode` borrows all of this structure, so what its closure changes stands beside it.
    var contents = contents
    defer { self.contents = contents }
    do throws(BlobError<FormatError>) {
      let counted = try decoder.decode(region) {
        (header, value) throws(FormatError) -> (LayerCoverage, UInt64) in
        let coverage = try rules.check(entry, header, value, in: region, &contents, &findings)
        visit(entry, value)
        return (coverage, UInt64(value.byteCount))
      }
      coverage.compared += counted.0.compared
      coverage.decompressed += counted.0.decompressed
      coverage.opaque += counted.0.opaque
      valueCount += 1
      valueByteCount += counted.1
    } catch {
      coverage.compared += UInt64(region.byteCount)
      rules.report(entry, error, &findings)
    }
  }
}

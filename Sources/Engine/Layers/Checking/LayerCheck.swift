import IndexFormat

/// Looks at all of a layer file, collects findings, and goes on behind damage.
///
/// Does no reading: it says which bytes it needs next, and is given them. `run` does this for bytes in memory and for
/// a source of ranged reads.
///
///     var check = LayerCheck(object, byteCount: size, depth: .blobs)
///     while let range = check.wanted {
///       check.supply(bytes(range)) { entry, value in … }
///     }
///     let report = check.finish()
///
/// | step | bytes | checks |
/// |---|---|---|
/// | length | none | a multiple of the block, three blocks or more |
/// | summary | first block | as the name says; zeros behind; index and length of the file fit |
/// | probe | one or two blocks | only if they do not fit: which of the two numbers leads to the index |
/// | index | from its start to the end of the file | `IndexCheck` |
/// | blobs | the values' part, in pieces, each behind the piece of the index that leads there | `BlobCheck`, `ContentRules` |
///
/// What it accepts, strict readers read without error, and the values are those it has seen.
public struct LayerCheck: ~Copyable {
  private enum Stage {
    case summary
    /// Index starts to be tried, counted in blocks.
    case probe([UInt64])
    case index
    case done
  }

  let object: LayerObject
  let byteCount: UInt64
  let depth: LayerCheckDepth
  var findings: FindingList
  var summary: LayerSummary?
  private var stage = Stage.summary
  private var index: IndexCheck?
  private var indexStart: UInt64 = 0
  private var nextIndexBlock: UInt32 = 0
  private var indexBlockCount: UInt32 = 0
  private var blobs: BlobCheck
  private var summaryCompared: UInt64 = 0

  /// Index blocks asked for at a time. With blobs, entries are kept until their blobs have been looked at.
  private var indexPieceBlockCount: UInt32 { depth == .tree ? 128 : 16 }

  /// - Parameters:
  ///   - importLsn: the LSN at which the timeline's first pages were imported; see `ContentRules`.
  ///   - decoder: not needed at depth `tree`.
  public init(
    _ object: LayerObject,
    byteCount: UInt64,
    depth: LayerCheckDepth,
    importLsn: Lsn? = nil,
    decoder: consuming BlobDecoder
  ) {
    self.object = object
    self.byteCount = byteCount
    self.depth = depth
    findings = FindingList(object: object)
    blobs = BlobCheck(
      kind: object.name.kind,
      imageLsn: object.name.startLsn,
      contents: depth == .values ? ContentRules(importLsn: importLsn) : nil,
      decoder: decoder
    )
    checkLength()
  }

  /// The bytes of the file that are needed next; nil at the end.
  public var wanted: Range<UInt64>? {
    let block = UInt64(TreeNode.blockByteCount)
    switch stage {
    case .summary: return 0..<block
    case .probe(let starts): return starts.last.map { $0 * block..<($0 + 1) * block }
    case .index:
      return blobs.wanted ?? indexPiece(from: nextIndexBlock)
    case .done: return nil
    }
  }

  /// What will be wanted behind `wanted`, unless damage shows; nil if that cannot be told yet. Who reads it while
  /// `supply` works saves the waiting.
  public var upcoming: Range<UInt64>? {
    guard case .index = stage else { return nil }
    if blobs.wanted != nil { return blobs.upcoming ?? (blobs.isLastPiece ? nextIndexPiece : nil) }
    // Behind a piece of the index come the values to which it leads.
    guard depth == .tree else { return nil }
    let following = nextIndexBlock + min(indexPieceBlockCount, indexBlockCount - nextIndexBlock)
    return following < indexBlockCount ? indexPiece(from: following) : nil
  }

  private var nextIndexPiece: Range<UInt64>? {
    nextIndexBlock < indexBlockCount ? indexPiece(from: nextIndexBlock) : nil
  }

  private func indexPiece(from number: UInt32) -> Range<UInt64> {
    let block = UInt64(TreeNode.blockByteCount)
    let start = indexStart + UInt64(number) * block
    return start..<start + UInt64(min(indexPieceBlockCount, indexBlockCount - number)) * block
  }

  /// Goes on with the wanted bytes. `visit` gets each value that could be decoded: of an image layer the image, of a
  /// delta layer the stored form that `LayerValue` reads.
  public mutating func supply(_ bytes: RawSpan, _ visit: (LayerEntry, RawSpan) -> Void = { _, _ in }) {
    guard let wanted, UInt64(bytes.byteCount) == wanted.upperBound - wanted.lowerBound else {
      preconditionFailure("the bytes that were asked for")
    }
    switch stage {
    case .summary: supplySummary(bytes)
    case .probe(var starts):
      guard let start = starts.popLast() else { return }
      if Self.isFirstIndexBlock(bytes, object.name.kind) {
        beginIndex(at: start)
      } else {
        stage = starts.isEmpty ? .done : .probe(starts)
      }
    case .index:
      if blobs.wanted != nil {
        blobs.supply(bytes, &findings, visit)
      } else {
        supplyIndex(bytes)
      }
      if blobs.wanted == nil, nextIndexBlock == indexBlockCount { stage = .done }
    case .done: break
    }
  }

  public consuming func finish() -> LayerCheckReport {
    var coverage = index?.coverage ?? LayerCoverage()
    coverage.compared += summaryCompared + blobs.coverage.compared
    coverage.decompressed += blobs.coverage.decompressed
    coverage.opaque += blobs.coverage.opaque
    coverage.unread = byteCount - min(byteCount, coverage.read)
    return LayerCheckReport(
      findings: findings.findings,
      omittedFindingCount: findings.omittedCount,
      summary: summary,
      coverage: coverage,
      indexBlockCount: Int(nextIndexBlock),
      entryCount: index?.entryCount ?? 0,
      valueCount: blobs.valueCount,
      valueByteCount: blobs.valueByteCount,
      contents: blobs.contents?.contents ?? LayerContents()
    )
  }

  // MARK: Length and summary

  private mutating func checkLength() {
    let block = UInt64(TreeNode.blockByteCount)
    guard byteCount % block != 0 || byteCount < LayerGeometry.minimumFileByteCount else { return }
    findings.add(
      .layerBadLength,
      at: byteCount,
      "the length of the file is none that a layer has",
      seen: "\(byteCount) bytes",
      expected: "a multiple of 8192, 24576 or more"
    )
    if byteCount < block { stage = .done }
  }

  private mutating func supplySummary(_ bytes: RawSpan) {
    summaryCompared = UInt64(bytes.byteCount)
    let summary: LayerSummary
    do throws(FormatError) {
      summary = try LayerSummary(parsing: bytes, as: object.name.kind)
    } catch {
      // A whole block has room for all fields.
      findings.add(.layerSummaryMismatch, error, from: 0, "the summary cannot be read")
      stage = .done
      return
    }
    self.summary = summary
    for difference in summary.differences(from: object.name, tenant: object.tenant) {
      findings.add(
        .layerSummaryMismatch,
        at: UInt64(difference.offset),
        "the summary is not that of the layer that the name says: \(difference.field)",
        seen: difference.found,
        expected: difference.expected
      )
    }
    if summary.timeline != object.timeline {
      findings.add(
        .layerForeignTimeline,
        at: 20,
        "the summary names another timeline than the path",
        seen: "\(summary.timeline)",
        expected: "\(object.timeline)"
      )
    }
    if let byte = bytes.firstNonZero(in: summary.byteCount..<bytes.byteCount) {
      findings.add(
        .layerPaddingNotZero,
        at: UInt64(byte),
        "there are bytes behind the summary",
        seen: String(bytes.byte(byte), radix: 16),
        expected: "00"
      )
    }
    place(summary)
  }

  /// Where the index lies: if the summary and the length of the file agree, there; else where it can be found.
  private mutating func place(_ summary: LayerSummary) {
    let blocks = byteCount / UInt64(TreeNode.blockByteCount)
    do throws(FormatError) {
      _ = try LayerGeometry(summary, fileByteCount: byteCount)
      beginIndex(at: UInt64(summary.indexStartBlock))
    } catch {
      findings.add(.layerBadGeometry, error, from: 0, "the summary and the length of the file do not fit")
      // One of the two numbers may be right. The start is tried first, as it needs no length of the file.
      var starts = [UInt64(summary.indexStartBlock)]
      if let other = blocks.subtractingUnderflow(UInt64(summary.indexRootBlock) + 1) { starts.append(other) }
      let possible = starts.filter { $0 >= 2 && $0 < blocks }
      stage = possible.isEmpty ? .done : .probe(possible.reversed())
    }
  }

  /// The first block of an index is a leaf that leads to the first value.
  private static func isFirstIndexBlock(_ block: RawSpan, _ kind: LayerName.Kind) -> Bool {
    let length = kind == .delta ? TreeKey.deltaByteCount : TreeKey.imageByteCount
    do throws(FormatError) {
      let node = try TreeNode(block, keyByteCount: length)
      let position = BlobPosition(try node.value(0), in: kind)
      return node.level == 0 && position.offset == LayerGeometry.valuesStart
    } catch {
      return false
    }
  }

  // MARK: Index

  private mutating func beginIndex(at startBlock: UInt64) {
    let block = UInt64(TreeNode.blockByteCount)
    indexStart = startBlock * block
    indexBlockCount = UInt32(clamping: byteCount / block - startBlock)
    index = IndexCheck(name: object.name, start: indexStart)
    blobs.valuesEnd = indexStart
    stage = .index
  }

  private mutating func supplyIndex(_ bytes: RawSpan) {
    guard var index else { return }
    self.index = nil
    var offset = 0
    while offset < bytes.byteCount {
      let block = bytes.extracting(offset..<offset + TreeNode.blockByteCount)
      if depth != .tree {
        index.check(nextIndexBlock, block, &findings) { key, position, isBehindGap in
          blobs.add(key, position, isBehindGap: isBehindGap)
        }
      } else {
        index.check(nextIndexBlock, block, &findings) { _, _, _ in }
      }
      nextIndexBlock += 1
      offset += TreeNode.blockByteCount
    }
    if nextIndexBlock == indexBlockCount {
      index.finish(&findings)
      blobs.end(inGap: index.isInGap)
    }
    self.index = index
  }
}

extension UInt64 {
  /// Nil instead of a negative number.
  func subtractingUnderflow(_ other: UInt64) -> UInt64? { self >= other ? self - other : nil }
}

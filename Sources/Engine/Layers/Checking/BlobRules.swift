import IndexFormat

/// What must hold of one blob.
///
/// | | |
/// |---|---|
/// | extent | it ends where the next one begins, unless entries were lost; behind the last there are zeros, less than a block |
/// | form | header and compression are as a page server chooses them for the length |
/// | value, in delta layers | an image or a record, nothing behind; the mark in the index; a WAL record's own length |
struct BlobRules {
  let kind: LayerName.Kind
  let isLast: Bool
  /// Whether entries behind it may be lost, whose blobs then stand before the next one.
  let isBeforeGap: Bool

  /// Returns which bytes of the blob, and of what follows up to the next, were looked at.
  @inline(__always)
  func check(
    _ entry: LayerEntry,
    _ header: BlobHeader,
    _ value: RawSpan,
    in region: RawSpan,
    _ contents: inout ContentRules?,
    _ findings: inout FindingList
  ) throws(FormatError) -> LayerCoverage {
    checkExtent(entry, header, region, &findings)
    checkForm(entry, header, value.byteCount, &findings)
    var coverage = LayerCoverage()
    let seenByteCount = isLast && !isBeforeGap ? region.byteCount : header.totalByteCount
    coverage.compared = UInt64(seenByteCount - header.storedByteCount)
    let stored = UInt64(header.storedByteCount)
    if header.compression == .zstd { coverage.decompressed = stored } else { coverage.opaque = stored }
    var known = 0
    if kind == .delta {
      let outline = try ValueOutline(parsing: value)
      known = try checkValue(entry, value, outline, &findings)
      known += contents?.check(entry, value, outline, &findings) ?? 0
    } else {
      contents?.check(entry, image: value, &findings)
    }
    if header.compression == .none {
      coverage.opaque -= UInt64(known)
      coverage.compared += UInt64(known)
    }
    return coverage
  }

  func report(_ entry: LayerEntry, _ error: BlobError<FormatError>, _ findings: inout FindingList) {
    let lsn = kind == .delta ? entry.lsn : nil
    switch error {
    case .format(let error):
      findings.add(
        .layerBlobDamaged,
        error,
        from: entry.blob.lowerBound,
        key: entry.key,
        lsn: lsn,
        "a value cannot be read from the file"
      )
    case .body(let error):
      findings.add(
        .layerValueDamaged,
        error,
        from: entry.blob.lowerBound,
        key: entry.key,
        lsn: lsn,
        "a stored value is neither an image nor a record (offsets count from the blob)"
      )
    }
  }

  /// The blob ends where the next begins; behind the last one there are zeros, less than a block.
  private func checkExtent(
    _ entry: LayerEntry,
    _ header: BlobHeader,
    _ region: RawSpan,
    _ findings: inout FindingList
  ) {
    let end = entry.blob.lowerBound + UInt64(header.totalByteCount)
    let rest = entry.blob.upperBound - end
    if isBeforeGap { return }
    if rest > (isLast ? UInt64(TreeNode.blockByteCount - 1) : 0) {
      findings.add(
        .layerBlobMisplaced,
        at: end,
        key: entry.key,
        lsn: kind == .delta ? entry.lsn : nil,
        "a value does not end where the next one begins",
        seen: "\(end)",
        expected: "\(entry.blob.upperBound)"
      )
    } else if let byte = region.firstNonZero(in: header.totalByteCount..<region.byteCount) {
      findings.add(
        .layerPaddingNotZero,
        at: entry.blob.lowerBound + UInt64(byte),
        "there are bytes behind the last value",
        seen: String(region.byte(byte), radix: 16),
        expected: "00"
      )
    }
  }

  /// What can be read, but no page server writes so.
  private func checkForm(
    _ entry: LayerEntry,
    _ header: BlobHeader,
    _ valueByteCount: Int,
    _ findings: inout FindingList
  ) {
    let isLong = header.byteCount == BlobHeader.longByteCount
    var seen: String?
    if header.compression == .zstd {
      if kind == .delta {
        seen = "a compressed value in a delta layer"
      } else if valueByteCount < BlobHeader.longFormStart || valueByteCount <= header.storedByteCount {
        seen = "\(valueByteCount) bytes compressed to \(header.storedByteCount)"
      }
    } else if isLong, valueByteCount < BlobHeader.longFormStart {
      seen = "a long header for \(valueByteCount) bytes"
    }
    guard let seen else { return }
    findings.add(
      .layerBlobUnusual,
      at: entry.blob.lowerBound,
      key: entry.key,
      lsn: kind == .delta ? entry.lsn : nil,
      "a value is stored in a way in which no page server stores it",
      seen: seen,
      expected: "the form for its length"
    )
  }

  /// Returns how many bytes of the value are known by their meaning.
  @inline(__always)
  private func checkValue(
    _ entry: LayerEntry,
    _ value: RawSpan,
    _ outline: ValueOutline,
    _ findings: inout FindingList
  ) throws(FormatError) -> Int {
    if outline.willInit != entry.willInit {
      findings.add(
        .layerWillInitMismatch,
        at: entry.blob.lowerBound,
        key: entry.key,
        lsn: entry.lsn,
        "the index and the value differ in whether the value stands alone",
        seen: "index \(entry.willInit)",
        expected: "value \(outline.willInit)"
      )
    }
    guard outline.form == .record(.postgres) else { return outline.body.lowerBound }
    // A WAL record begins with its length, in the byte order of the machine that PostgreSQL ran on.
    guard outline.body.count >= 4 else {
      throw FormatError(
        .truncated,
        offset: outline.body.lowerBound,
        field: "rec",
        found: "\(outline.body.count) bytes",
        expected: "a WAL record"
      )
    }
    let length = value.uint32(outline.body.lowerBound).byteSwapped
    guard Int(length) == outline.body.count else {
      throw FormatError(
        .badValue,
        offset: outline.body.lowerBound,
        field: "rec.xl_tot_len",
        found: "\(length)",
        expected: "\(outline.body.count)"
      )
    }
    return outline.body.lowerBound + 4
  }
}

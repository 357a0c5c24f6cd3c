import IndexFormat

extension LayerCheck {
  /// Checks a layer whose bytes are in memory or mapped.
  public static func run(
    _ object: LayerObject,
    _ bytes: RawSpan,
    depth: LayerCheckDepth,
    importLsn: Lsn? = nil,
    decoder: consuming BlobDecoder,
    _ visit: (LayerEntry, RawSpan) -> Void = { _, _ in }
  ) -> LayerCheckReport {
    var check = LayerCheck(
      object,
      byteCount: UInt64(bytes.byteCount),
      depth: depth,
      importLsn: importLsn,
      decoder: decoder
    )
    // What is wanted lies within the length that the check was told.
    while let range = check.wanted {
      check.supply(bytes.extracting(Int(range.lowerBound)..<Int(range.upperBound)), visit)
    }
    return check.finish()
  }

  /// Checks a layer by ranged reads, past the cache: every byte is needed once. While bytes are looked at, the next are
  /// read, so two pieces are in memory. Who wants to see the values writes this loop, and gives `supply` a closure.
  ///
  /// When the task is cancelled this ends behind the piece at hand, with an error of kind `cancelled`.
  public static func run(
    _ object: LayerObject,
    in source: any LayerSource,
    byteCount: UInt64,
    depth: LayerCheckDepth,
    importLsn: Lsn? = nil,
    decoder: consuming BlobDecoder
  ) async throws(LayerSourceError) -> LayerCheckReport {
    var check = LayerCheck(
      object,
      byteCount: byteCount,
      depth: depth,
      importLsn: importLsn,
      decoder: decoder
    )
    var ahead: (range: Range<UInt64>, bytes: LayerBytes)?
    while let range = check.wanted {
      guard !Task.isCancelled else {
        throw LayerSourceError(.cancelled, key: object.key, detail: "the check was cancelled")
      }
      let bytes: LayerBytes
      if let ahead, ahead.range == range {
        bytes = ahead.bytes
      } else {
        bytes = try await source.read(object.key, range)
      }
      ahead = nil
      // Beside a long blob nothing else is kept in memory.
      guard let upcoming = check.upcoming, bytes.byteCount <= prefetchByteLimit else {
        check.supply(bytes)
        continue
      }
      async let next = Self.read(object.key, upcoming, from: source)
      check.supply(bytes)
      ahead = (upcoming, try await next.get())
    }
    return check.finish()
  }

  private mutating func supply(_ bytes: LayerBytes) { supply(bytes.bytes) }

  /// The longest piece beside which the next one is read.
  private static var prefetchByteLimit: Int { 2 << 20 }

  private static func read(
    _ key: String,
    _ range: Range<UInt64>,
    from source: any LayerSource
  ) async -> Result<LayerBytes, LayerSourceError> {
    do throws(LayerSourceError) {
      return .success(try await source.read(key, range))
    } catch {
      return .failure(error)
    }
  }
}

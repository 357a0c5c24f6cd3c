import IndexFormat

extension LayerCheck {
  /// Checks a layer whose bytes are in memory or mapped.
  public static func run(
    _ object: LayerObject,
    _ bytes: RawSpan,
    depth: LayerCheckDepth,
    decoder: consuming BlobDecoder,
    _ visit: (LayerEntry, RawSpan) -> Void = { _, _ in }
  ) -> LayerCheckReport {
    var check = LayerCheck(object, byteCount: UInt64(bytes.byteCount), depth: depth, decoder: decoder)
    // What is wanted lies within the length that the check was told.
    while let range = check.wanted {
      check.supply(bytes.extracting(Int(range.lowerBound)..<Int(range.upperBound)), visit)
    }
    return check.finish()
  }

  /// Checks a layer by ranged reads, past the cache: every byte is needed once. Who wants to see the values writes
  /// this loop, and gives `supply` a closure.
  public static func run(
    _ object: LayerObject,
    in source: any LayerSource,
    byteCount: UInt64,
    depth: LayerCheckDepth,
    decoder: consuming BlobDecoder
  ) async throws(LayerSourceError) -> LayerCheckReport {
    var check = LayerCheck(object, byteCount: byteCount, depth: depth, decoder: decoder)
    while let range = check.wanted {
      let bytes = try await source.read(object.key, range)
      check.supply(bytes.bytes)
    }
    return check.finish()
  }
}

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
}

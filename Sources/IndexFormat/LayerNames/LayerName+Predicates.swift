extension LayerName {
  /// Whether the layer lies behind what was durable: an image above `diskConsistentLsn`, a delta that ends
  /// more than one byte above it.
  ///
  /// Page servers drop such layers on loading, losing nothing. In an index they are normal for images, which
  /// are made at the end of the newest delta or from data that is not flushed yet: no reason for a finding.
  public func isInFuture(of diskConsistentLsn: Lsn) -> Bool {
    switch kind {
    case .image: startLsn > diskConsistentLsn
    case .delta: endLsn > diskConsistentLsn.successor
    }
  }

  /// What counted as L0 before 2024-08-23: any layer over the whole key space, images too.
  public var isL0BeforeKindCounted: Bool { keys == .all }

  /// Characters of the text form.
  @inline(__always)
  var textLength: Int { kind == .delta ? LayerName.deltaTextLength : LayerName.imageTextLength }
}

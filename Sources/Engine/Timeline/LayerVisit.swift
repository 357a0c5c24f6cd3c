import IndexFormat

/// One layer read for some keys: what `--explain` shows.
public struct LayerVisit: Sendable {
  public var timeline: TimelineID
  /// Of the layer's object.
  public var object: String
  public var layer: LayerName
  /// LSNs that were looked at.
  public var lsns: Range<Lsn>
  public var keys: KeySpace
  /// Values that were taken from it.
  public internal(set) var valueCount = 0
  /// Reads made for this visit; what was in the cache, or was just being read, took none.
  public internal(set) var readCount = 0
  public internal(set) var byteCount = 0
}

/// What the name of a file in a page server's timeline directory says.
///
/// An unknown file there keeps a page server from loading the timeline. Source:
/// `pageserver/src/tenant/timeline/init.rs`.
public enum LocalFileName: Hashable, Sendable {
  case layer(LayerFileName)
  case temporary(TemporaryName)
  case unknown

  public init(text bytes: RawSpan) {
    if let temporary = TemporaryName(text: bytes) {
      self = .temporary(temporary)
    } else if let layer = LayerFileName(text: bytes) {
      self = .layer(layer)
    } else {
      self = .unknown
    }
  }
}

import IndexFormat

/// An entry of a layer's index: where the value of a key (at an LSN) stands in the file.
///
/// | layer | index value | reach of its 39 bits |
/// |---|---|---|
/// | image | offset of the blob | 512 GiB |
/// | delta | offset · 2 + will_init | 256 GiB |
public struct LayerEntry: Equatable, Sendable {
  public let key: Key
  /// Of an image layer, the layer's.
  public let lsn: Lsn
  /// Where the blob begins, and where the next one does (or the values' part ends): it is no longer than that.
  public let blob: Range<UInt64>
  /// Whether nothing from before is needed: always so of images.
  public let willInit: Bool

  public init(key: Key, lsn: Lsn, blob: Range<UInt64>, willInit: Bool) {
    self.key = key
    self.lsn = lsn
    self.blob = blob
    self.willInit = willInit
  }
}

/// The value of an index entry, in the two forms it has.
public struct BlobPosition: Equatable, Sendable {
  public var offset: UInt64
  public var willInit: Bool

  public init(offset: UInt64, willInit: Bool) {
    self.offset = offset
    self.willInit = willInit
  }

  @inline(__always)
  init(_ value: UInt64, in kind: LayerName.Kind) {
    switch kind {
    case .image: self.init(offset: value, willInit: true)
    case .delta: self.init(offset: value >> 1, willInit: value & 1 == 1)
    }
  }

  func value(in kind: LayerName.Kind) -> UInt64 {
    switch kind {
    case .image: offset
    case .delta: offset << 1 | (willInit ? 1 : 0)
    }
  }
}

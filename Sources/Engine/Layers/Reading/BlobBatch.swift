import IndexFormat

/// Blobs of one layer that were read together. A class, as it crosses an `await` each time.
public final class BlobBatch: Sendable {
  let reader: LayerReader
  /// In the order in which they were asked for.
  public let entries: ArraySlice<LayerEntry>
  /// Why they could not be read.
  public let failure: LayerReadError?
  private let start: UInt64
  private let bytes: LayerBytes

  init(
    reader: LayerReader,
    entries: ArraySlice<LayerEntry>,
    start: UInt64,
    _ result: Result<LayerBytes, LayerReadError>
  ) {
    self.reader = reader
    self.entries = entries
    self.start = start
    switch result {
    case .success(let bytes):
      self.bytes = bytes
      failure = nil
    case .failure(let error):
      bytes = LayerBytes(byteCount: 0) { _ in }
      failure = error
    }
  }

  /// Gives each entry and its value to `visit`: of an image layer the image, of a delta layer the stored form that
  /// `LayerValue` and `ValueOutline` read. Values that are stored as they are are not copied.
  public func decode(_ visit: (LayerEntry, RawSpan) -> Void) throws(LayerReadError) {
    var failure: LayerReadError?
    try decodeEach(visit) { _, error in
      failure = error
      return false
    }
    if let failure { throw failure }
  }

  /// The same, but goes on behind a damaged blob if `failed` says so. Throws if all could not be read, and where there
  /// is no memory.
  public func decodeEach(
    _ visit: (LayerEntry, RawSpan) -> Void,
    failed: (LayerEntry, LayerReadError) -> Bool
  ) throws(LayerReadError) {
    if let failure { throw failure }
    let held = bytes
    let isDone: Void? = reader.decoders.withDecoder { decoder in
      let bytes = held.bytes
      for entry in entries {
        let low = Int(entry.blob.lowerBound - start)
        let high = Int(entry.blob.upperBound - start)
        do throws(BlobError<Never>) {
          try decoder.decode(bytes.extracting(low..<high)) { _, value in visit(entry, value) }
        } catch {
          let offset = Int(clamping: entry.blob.lowerBound)
          let format = error.format.within(field: "\(entry.key) \(entry.lsn)", at: offset)
          guard failed(entry, LayerReadError(reader.object.key, .damaged(format))) else { return }
        }
      }
    }
    if isDone == nil { throw LayerReadError(reader.object.key, .noMemory) }
  }
}

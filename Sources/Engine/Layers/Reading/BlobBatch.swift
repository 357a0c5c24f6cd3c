import IndexFormat

/// Blobs of one layer that were read together.
public struct BlobBatch: Sendable {
  let reader: LayerReader
  /// In the order in which they were asked for.
  public let entries: ArraySlice<LayerEntry>
  let start: UInt64
  let bytes: LayerBytes

  /// Gives each entry and its value to `visit`: of an image layer the image, of a delta layer the stored form that
  /// `LayerValue` and `ValueOutline` read. Values that are stored as they are are not copied.
  public func decode(_ visit: (LayerEntry, RawSpan) -> Void) throws(LayerReadError) {
    let isDone: Void? = try reader.decoders.withDecoder { (decoder) throws(LayerReadError) in
      let bytes = bytes.bytes
      for entry in entries {
        let low = Int(entry.blob.lowerBound - start)
        let high = Int(entry.blob.upperBound - start)
        do throws(BlobError<Never>) {
          try decoder.decode(bytes.extracting(low..<high)) { _, value in visit(entry, value) }
        } catch {
          let offset = Int(clamping: entry.blob.lowerBound)
          throw LayerReadError(
            reader.object.key,
            .damaged(error.format.within(field: "\(entry.key) \(entry.lsn)", at: offset))
          )
        }
      }
    }
    if isDone == nil { throw LayerReadError(reader.object.key, .noMemory) }
  }
}

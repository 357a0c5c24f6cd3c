import IndexFormat

/// Why a layer cannot be written. What was put to a writer is wrong, or the place to write to failed.
public enum LayerWriteError: Error, Equatable, Sendable {
  case unsorted(TreeKey, after: TreeKey)
  case keyOutOfRange(Key, KeyRange)
  case lsnOutOfRange(Lsn, in: LayerName)
  case blobTooLarge(Int)
  /// A blob that is passed on as it is stored is not what its header says.
  case badBlob(FormatError)
  case valueTooLarge(UInt64)
  /// More blocks than a block number can say, or a delta layer longer than an upload may be.
  case layerTooLarge(UInt64)
  /// Page servers have no layers without entries.
  case empty
  case noMemory
  case file(SystemError)
}

extension LayerWriteError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unsorted(let key, let last): "key \(key) does not lie behind \(last)"
    case .keyOutOfRange(let key, let range): "key \(key) does not lie in \(range)"
    case .lsnOutOfRange(let lsn, let name): "LSN \(lsn) does not lie in the range of \(name)"
    case .blobTooLarge(let count):
      "a value of \(count) bytes is too long: \(BlobHeader.maximumByteCount) at most"
    case .badBlob(let error): "stored value: \(error)"
    case .valueTooLarge(let value): "position \(value) does not fit the index"
    case .layerTooLarge(let count): "a layer of \(count) bytes is too long"
    case .empty: "a layer without entries cannot be written"
    case .noMemory: "no memory for a compressor"
    case .file(let error): "\(error)"
    }
  }
}

/// What is done to a copy of a tenant. Names are those of the table in docs/verification.md.
enum DamageKind: String, CaseIterable, Sendable {
  // Bytes of a value as it is stored.
  case blobLength = "length of a stored value"
  case blobForm = "mark of compression"
  case compressedByte = "bit of a compressed image"
  case valueTag = "bit of a value's form"
  case recordHeader = "bit of a record's header"
  case recordChecksum = "bit of a record's checksum"
  case recordBody = "bit of a record's blocks or data"
  case pageInDelta = "bit of a page in a delta layer"
  // Bytes of the rest of a layer.
  case treeHeader = "head of an index node"
  case treeKey = "key in an index node"
  case treePointer = "pointer in an index node"
  case treeSwap = "pointers of an index node swapped"
  case treeSpare = "room behind an index node"
  case summaryField = "field of the summary"
  case summarySpare = "room behind the summary"
  case zeroBlock = "block of zeros in a layer"
  case zeroTail = "zeros to the end of a layer"
  case truncated = "layer cut off"
  case appended = "bytes behind a layer"
  // Values, in a layer that is written anew.
  case pageHeader = "page header, layer whole"
  case pagePointer = "line pointer, layer whole"
  case pageTuple = "tuple, layer whole"
  case pageSpecial = "special part, layer whole"
  case pageFree = "free room, layer whole"
  case recordRewritten = "record with a fitting checksum"
  case nativeRecord = "record of the page server"
  case statusPage = "page of an SLRU"
  case metadataByte = "directory or other value"
  case sizeChanged = "size of a relation"
  case valueRemoved = "value left out"
  case valueShifted = "value at another LSN"
  case willInit = "mark that a record needs no page"
  case olderImage = "image of an earlier LSN"
  case foreignPage = "page of another block"
  case recordsSwapped = "values of two keys swapped"
  // Whole layers.
  case layerDropped = "layer gone from the bucket"
  case layerLost = "layer gone from index and bucket"
  case layersSwapped = "contents of two layers swapped"
  case layerDuplicated = "layer once more under another name"
  case layerShifted = "layer moved to other LSNs"
  case layerOfTimeline = "layer of another timeline"
  case layerOfShard = "layer of another tenant's shard"
  // Indices.
  case indexStale = "index of an earlier time"
  case indexSize = "size in the index"
  case indexEnd = "end in the index"
  case indexLayerMissing = "layer not in the index"
  case indexOrigin = "initdb_lsn in the index"
  case indexAncestor = "ancestor_lsn in the index"
  case indexBit = "bit of the index"
  case indexCut = "index cut off"
  // WAL.
  case walGap = "segment of WAL gone"
  case walBit = "bit of WAL"
  case walCut = "segment of WAL cut off"
  case walSwapped = "segments of WAL swapped"

  /// Whether names, sizes or indices change: what a scan of metadata looks at.
  var changesBucket: Bool {
    switch self {
    case .truncated, .appended, .layerDropped, .layerLost, .layerDuplicated, .layerShifted, .indexStale,
      .indexSize, .indexEnd, .indexLayerMissing, .indexOrigin, .indexAncestor, .indexBit, .indexCut:
      true
    default: false
    }
  }

  var isOfWAL: Bool {
    switch self {
    case .walGap, .walBit, .walCut, .walSwapped: true
    default: false
    }
  }
}

extension IndexPart {
  /// Reads a whole document in a single pass. Nothing is read twice, no tree is built, and what is allocated
  /// is proportional to the input: 88 bytes a layer, the raw JSON of unknown members.
  public init(parsing bytes: RawSpan) throws(FormatError) {
    var parser = IndexPartParser()
    try parseJSON(bytes) { (reader) throws(JSONFault) in try parser.parse(&reader) }
    self = parser.index
  }
}

/// The state of reading an index. Values go to where they stay: copying a finished index takes longer than reading a
/// small one.
private struct IndexPartParser {
  private(set) var index: IndexPart
  private var seen = FieldSet()

  init() {
    index = IndexPart(metadata: .empty)
    index.version = 0
    index.fieldOrder.reserveCapacity(8)
  }

  mutating func parse(_ reader: inout JSONReader) throws(JSONFault) {
    try reader.object { (reader, name) throws(JSONFault) in try member(name, &reader) }
    for field in [IndexPart.Field.layerMetadata, .diskConsistentLsn, .metadataBytes]
    where !seen.contains(field.rawValue) {
      reader.field = field.name
      throw reader.fault("the field", kind: .missingField)
    }
  }

  private mutating func member(_ name: JSONToken, _ reader: inout JSONReader) throws(JSONFault) {
    guard let field = IndexPart.Field.all.first(where: { reader.equals(name, $0.name) }) else {
      try keep(name, &reader)
      return
    }
    reader.field = field.name
    try seen.enter(
      field == .metadata ? IndexPart.Field.metadataBytes.rawValue : field.rawValue,
      "",
      &reader,
      name
    )
    index.fieldOrder.append(.known(field))
    try value(of: field, &reader)
    reader.field = ""
  }

  private mutating func keep(_ name: JSONToken, _ reader: inout JSONReader) throws(JSONFault) {
    let field = try reader.unknownField(name)
    if IndexPart.formerFieldNames.contains(where: { reader.equals(name, $0) }) {
      index.fieldOrder.append(.former(index.formerFields.count))
      index.formerFields.append(field)
    } else {
      index.fieldOrder.append(.unknown(index.unknownFields.count))
      index.unknownFields.append(field)
    }
  }

  private mutating func value(of field: IndexPart.Field, _ reader: inout JSONReader) throws(JSONFault) {
    switch field {
    case .version: index.version = try reader.unsigned(.max, "a version number")
    case .deletedAt: index.deletedAt = try time(&reader)
    case .archivedAt: index.archivedAt = try time(&reader)
    case .importPgdata:
      index.importPgdata = try reader.optional { (reader) throws(JSONFault) in try ImportPgdata(json: &reader)
      }
    case .layerMetadata:
      var map = LayerMap()
      try map.parse(&reader)
      index.layers = map.entries
      index.layerUnknownFields = map.unknownFields
    case .diskConsistentLsn: index.diskConsistentLsn = try reader.lsn()
    case .metadataBytes, .metadata: try timelineMetadata(&reader)
    case .lineage: index.lineage = try Lineage(json: &reader)
    case .gcBlocking:
      index.gcBlocking = try reader.optional { (reader) throws(JSONFault) in try GcBlocking(json: &reader) }
    case .lastAuxFilePolicy: index.lastAuxFilePolicy = try word(&reader).map(AuxFilePolicy.init(rawValue:))
    case .relSizeMigration: index.relSizeMigration = try word(&reader).map(RelSizeMigration.init(rawValue:))
    case .l2Lsn: index.l2Lsn = try lsn(&reader)
    case .gcCompaction:
      index.gcCompaction = try reader.optional { (reader) throws(JSONFault) in try GcCompaction(json: &reader)
      }
    case .markedInvisibleAt: index.markedInvisibleAt = try time(&reader)
    case .relSizeMigratedAt: index.relSizeMigratedAt = try lsn(&reader)
    }
  }

  private func time(_ reader: inout JSONReader) throws(JSONFault) -> NaiveDateTime? {
    try reader.optional { (reader) throws(JSONFault) in try reader.dateTime() }
  }

  private func lsn(_ reader: inout JSONReader) throws(JSONFault) -> Lsn? {
    try reader.optional { (reader) throws(JSONFault) in try reader.lsn() }
  }

  private func word(_ reader: inout JSONReader) throws(JSONFault) -> String? {
    try reader.optional { (reader) throws(JSONFault) in reader.text(try reader.string("a word")) }
  }

  /// Reads either form of the metadata; which one it is shows in the first byte.
  private mutating func timelineMetadata(_ reader: inout JSONReader) throws(JSONFault) {
    reader.skipWhitespace()
    guard reader.current == UInt8(ascii: "[") else {
      index.metadata = try TimelineMetadata(json: &reader)
      return
    }
    let start = reader.offset
    let bytes = try reader.byteArray(count: TimelineMetadata.binaryByteCount, "an array of 512 bytes' values")
    do throws(FormatError) {
      index.metadata = try TimelineMetadata(binary: bytes.span.bytes)
      index.metadataForm = .binary(bytes)
    } catch {
      throw reader.fault(IndexPartParser.expectation(for: error), kind: error.kind, at: start)
    }
  }

  private static func expectation(for error: FormatError) -> StaticString {
    switch error.kind {
    case .checksumMismatch: "bytes with the checksum that stands before them"
    case .trailingBytes: "a body as long as its header says"
    case .truncated: "a whole body"
    default: "512 bytes of timeline metadata in format 3 or 4"
    }
  }
}

extension TimelineMetadata {
  /// What stands in an index until its metadata has been read.
  fileprivate static let empty = TimelineMetadata(
    diskConsistentLsn: .invalid,
    prevRecordLsn: nil,
    ancestorTimeline: nil,
    ancestorLsn: .invalid,
    latestGcCutoffLsn: .invalid,
    initdbLsn: .invalid,
    pgVersion: 0
  )
}

extension IndexPart {
  /// Reads a whole document in a single pass. Nothing is read twice, no tree is built, and what is allocated
  /// is proportional to the input: 88 bytes a layer, the raw JSON of unknown members.
  public init(parsing bytes: RawSpan) throws(FormatError) {
    self = try parseJSON(bytes) { (reader) throws(JSONFault) in
      var parser = IndexPartParser()
      try parser.parse(&reader)
      return try parser.finish(&reader)
    }
  }

  public init(parsing bytes: [UInt8]) throws(FormatError) {
    try self.init(parsing: bytes.span.bytes)
  }
}

/// The state of reading an index: what has been seen so far.
private struct IndexPartParser {
  private var version: UInt64 = 0
  private var deletedAt: NaiveDateTime?
  private var archivedAt: NaiveDateTime?
  private var importPgdata: ImportPgdata?
  private var layers: LayerMap?
  private var diskConsistentLsn: Lsn?
  private var metadata: TimelineMetadata?
  private var metadataForm = IndexPart.MetadataForm.object
  private var lineage = Lineage()
  private var gcBlocking: GcBlocking?
  private var lastAuxFilePolicy: AuxFilePolicy?
  private var relSizeMigration: RelSizeMigration?
  private var l2Lsn: Lsn?
  private var gcCompaction: GcCompaction?
  private var markedInvisibleAt: NaiveDateTime?
  private var relSizeMigratedAt: Lsn?
  private var unknownFields: [UnknownField] = []
  private var formerFields: [UnknownField] = []
  private var order: [IndexPart.FieldSlot] = []
  private var seen = FieldSet()

  mutating func parse(_ reader: inout JSONReader) throws(JSONFault) {
    try reader.object { (reader, name) throws(JSONFault) in try member(name, &reader) }
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
    order.append(.known(field))
    try value(of: field, &reader)
    reader.field = ""
  }

  private mutating func keep(_ name: JSONToken, _ reader: inout JSONReader) throws(JSONFault) {
    let field = try reader.unknownField(name)
    if IndexPart.formerFieldNames.contains(where: { reader.equals(name, $0) }) {
      order.append(.former(formerFields.count))
      formerFields.append(field)
    } else {
      order.append(.unknown(unknownFields.count))
      unknownFields.append(field)
    }
  }

  private mutating func value(of field: IndexPart.Field, _ reader: inout JSONReader) throws(JSONFault) {
    switch field {
    case .version: version = try reader.unsigned(.max, "a version number")
    case .deletedAt: deletedAt = try time(&reader)
    case .archivedAt: archivedAt = try time(&reader)
    case .importPgdata:
      importPgdata = try reader.optional { (reader) throws(JSONFault) in try ImportPgdata(json: &reader) }
    case .layerMetadata:
      var map = LayerMap()
      try map.parse(&reader)
      layers = map
    case .diskConsistentLsn: diskConsistentLsn = try reader.lsn()
    case .metadataBytes, .metadata: try timelineMetadata(&reader)
    case .lineage: lineage = try Lineage(json: &reader)
    case .gcBlocking:
      gcBlocking = try reader.optional { (reader) throws(JSONFault) in try GcBlocking(json: &reader) }
    case .lastAuxFilePolicy: lastAuxFilePolicy = try word(&reader).map(AuxFilePolicy.init(rawValue:))
    case .relSizeMigration: relSizeMigration = try word(&reader).map(RelSizeMigration.init(rawValue:))
    case .l2Lsn: l2Lsn = try lsn(&reader)
    case .gcCompaction:
      gcCompaction = try reader.optional { (reader) throws(JSONFault) in try GcCompaction(json: &reader) }
    case .markedInvisibleAt: markedInvisibleAt = try time(&reader)
    case .relSizeMigratedAt: relSizeMigratedAt = try lsn(&reader)
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
      metadata = try TimelineMetadata(json: &reader)
      return
    }
    let start = reader.offset
    let bytes = try reader.byteArray(count: TimelineMetadata.binaryByteCount, "an array of 512 bytes' values")
    do throws(FormatError) {
      metadata = try TimelineMetadata(binary: bytes.span.bytes)
      metadataForm = .binary(bytes)
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

  func finish(_ reader: inout JSONReader) throws(JSONFault) -> IndexPart {
    guard let layers else { throw missing("layer_metadata", &reader) }
    guard let diskConsistentLsn else { throw missing("disk_consistent_lsn", &reader) }
    guard let metadata else { throw missing("metadata_bytes", &reader) }
    var index = IndexPart(metadata: metadata, layers: layers.entries)
    index.version = version
    index.deletedAt = deletedAt
    index.archivedAt = archivedAt
    index.importPgdata = importPgdata
    index.diskConsistentLsn = diskConsistentLsn
    index.metadataForm = metadataForm
    index.lineage = lineage
    index.gcBlocking = gcBlocking
    index.lastAuxFilePolicy = lastAuxFilePolicy
    index.relSizeMigration = relSizeMigration
    index.l2Lsn = l2Lsn
    index.gcCompaction = gcCompaction
    index.markedInvisibleAt = markedInvisibleAt
    index.relSizeMigratedAt = relSizeMigratedAt
    index.unknownFields = unknownFields
    index.layerUnknownFields = layers.unknownFields
    index.formerFields = formerFields
    index.fieldOrder = order
    return index
  }

  private func missing(_ name: StaticString, _ reader: inout JSONReader) -> JSONFault {
    reader.field = name
    return reader.fault("the field", kind: .missingField)
  }
}

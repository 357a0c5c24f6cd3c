extension IndexPart {
  /// The document, compact, as Neon writes it.
  public func encode() -> [UInt8] {
    var json = JSONWriter(capacity: 1024 + 160 * layers.count)
    encode(into: &json)
    return json.bytes
  }

  func encode(into json: inout JSONWriter) {
    json.object { json in
      for slot in slots { encode(slot, into: &json) }
    }
  }

  /// The members to write: those that were read, in their order, then those that have been set since.
  var slots: [FieldSlot] {
    var present: Set<Field> = []
    var formerCount = 0
    var unknownCount = 0
    // Kept members may have been taken out or added since: those that are left go into the places that were
    // read.
    var slots = fieldOrder.filter { slot in
      switch slot {
      case .known(let field):
        present.insert(field)
        return true
      case .former(let index):
        formerCount = max(formerCount, index + 1)
        return index < formerFields.count
      case .unknown(let index):
        unknownCount = max(unknownCount, index + 1)
        return index < unknownFields.count
      }
    }
    slots += Field.allCases.filter { isMissing($0, among: present) }.map { FieldSlot.known($0) }
    slots += formerFields.indices.dropFirst(formerCount).map { FieldSlot.former($0) }
    slots += unknownFields.indices.dropFirst(unknownCount).map { FieldSlot.unknown($0) }
    return slots
  }

  /// Whether `field` has to be written although it is not among those that were read.
  private func isMissing(_ field: Field, among present: Set<Field>) -> Bool {
    switch field {
    case .metadata: false
    case .metadataBytes: !present.contains(.metadata) && !present.contains(.metadataBytes)
    // Read without them, they are written without them, unless they say something now.
    case .version: !present.contains(.version) && (present.isEmpty || version != 0)
    case .lineage: !present.contains(.lineage) && (present.isEmpty || lineage != Lineage())
    default: !present.contains(field) && isSet(field)
    }
  }

  func isSet(_ field: Field) -> Bool {
    switch field {
    case .version, .layerMetadata, .diskConsistentLsn, .metadata, .metadataBytes, .lineage: true
    case .deletedAt: deletedAt != nil
    case .archivedAt: archivedAt != nil
    case .importPgdata: importPgdata != nil
    case .gcBlocking: gcBlocking != nil
    case .lastAuxFilePolicy: lastAuxFilePolicy != nil
    case .relSizeMigration: relSizeMigration != nil
    case .l2Lsn: l2Lsn != nil
    case .gcCompaction: gcCompaction != nil
    case .markedInvisibleAt: markedInvisibleAt != nil
    case .relSizeMigratedAt: relSizeMigratedAt != nil
    }
  }

  private func encode(_ slot: FieldSlot, into json: inout JSONWriter) {
    switch slot {
    case .known(let field):
      json.name(String(describing: field.name))
      if isSet(field) { encode(field, into: &json) } else { json.null() }
    case .former(let index): json.members([formerFields[index]])
    case .unknown(let index): json.members([unknownFields[index]])
    }
  }

  private func encode(_ field: Field, into json: inout JSONWriter) {
    switch field {
    case .version: json.value(version)
    case .deletedAt: deletedAt.map { json.value($0.description) }
    case .archivedAt: archivedAt.map { json.value($0.description) }
    case .importPgdata: importPgdata.map { json.raw($0.json) }
    case .layerMetadata: encodeLayers(into: &json)
    case .diskConsistentLsn: json.value(diskConsistentLsn.description)
    case .metadata, .metadataBytes: encodeMetadata(into: &json)
    case .lineage: lineage.encode(into: &json)
    case .gcBlocking: gcBlocking?.encode(into: &json)
    case .lastAuxFilePolicy: lastAuxFilePolicy.map { json.value($0.rawValue) }
    case .relSizeMigration: relSizeMigration.map { json.value($0.rawValue) }
    case .l2Lsn: l2Lsn.map { json.value($0.description) }
    case .gcCompaction: gcCompaction?.encode(into: &json)
    case .markedInvisibleAt: markedInvisibleAt.map { json.value($0.description) }
    case .relSizeMigratedAt: relSizeMigratedAt.map { json.value($0.description) }
    }
  }

  private func encodeMetadata(into json: inout JSONWriter) {
    guard case .binary(let source) = metadataForm else {
      metadata.encode(into: &json)
      return
    }
    json.array { json in
      for byte in binaryMetadata(readFrom: source) { json.value(byte) }
    }
  }

  /// The bytes that were read as long as they still say what the fields say; else new ones.
  private func binaryMetadata(readFrom source: [UInt8]) -> [UInt8] {
    // A source that does not decode was put there by the caller and is replaced as well; the reason does not
    // matter.
    if let decoded = try? TimelineMetadata(binary: source.span.bytes), decoded == metadata { return source }
    return metadata.binary()
  }

  private func encodeLayers(into json: inout JSONWriter) {
    json.object { json in
      for (position, layer) in layers.enumerated() {
        json.plainString { layer.name.append(to: &$0) }
        json.colon()
        layer.encode(into: &json, unknownFields: layerUnknownFields[position] ?? [])
      }
    }
  }
}

extension IndexLayer {
  func encode(into json: inout JSONWriter, unknownFields: [UnknownField]) {
    json.object { json in
      json.member("file_size", fileSize)
      if case .valid(let value) = generation { json.member("generation", value) }
      if !shard.isUnsharded { json.member("shard", shard.description) }
      json.members(unknownFields)
    }
  }
}

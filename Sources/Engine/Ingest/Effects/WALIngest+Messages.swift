import IndexFormat

/// Logical messages that carry aux files, and replication origins.
///
/// | message | size | field |
/// |---|---|---|
/// | 0 | 4 | database |
/// | 4 | 4 | whether it belongs to a transaction: one byte, then anything |
/// | 8 | 8 | length of the prefix, with a NUL at its end |
/// | 16 | 8 | length of the message |
/// | 24 | | prefix, message |
///
/// The file's path stands in the prefix behind `neon-file:`; its whole content is the message, and nothing deletes it.
/// Origins: LSN u64, number u16 when one is set; number u16 when it is dropped.
extension WALIngest {
  private static let filePrefix = Array("neon-file:".utf8)

  func messageNeed(_ record: borrowing WALRecord) throws(IngestFault) -> IngestNeed? {
    guard let file = try file(RecordFields(record.mainData)) else { return nil }
    let key = file.path.key.key
    return state.auxFiles[key] == nil ? .auxFiles(key) : nil
  }

  func ingestMessage(_ data: consuming RecordFields, _ output: IngestOutput) throws(IngestFault) {
    guard let file = try file(data) else { return }
    output.put(file.path.key.key, try state.updateAuxFile(file.path, file.content))
  }

  /// The file of a message; nil if it carries none, or this shard keeps none.
  private func file(_ data: consuming RecordFields) throws(IngestFault) -> AuxFile? {
    try data.skip(8, "message")
    let prefixCount = try data.uint64("prefix_size")
    let messageCount = try data.uint64("message_size")
    let bytes = data.bytes
    let prefix = try data.take(prefixCount, "prefix")
    let message = try data.take(messageCount, "message")
    guard rules.isShardZero else { return nil }
    let name = bytes.copy(prefix).dropLast()
    guard name.starts(with: Self.filePrefix) else { return nil }
    guard let path = AuxFilePath(validating: Array(name.dropFirst(Self.filePrefix.count))) else {
      throw .badField(field: "prefix", found: UInt64(prefix.count), expected: "text")
    }
    return AuxFile(path, content: bytes.copy(message))
  }

  func ingestOrigin(
    _ record: borrowing WALRecord,
    _ data: consuming RecordFields,
    _ output: IngestOutput
  ) throws(IngestFault) {
    switch record.header.info & 0xf0 {
    case 0x00:
      let lsn = Lsn(try data.uint64("remote_lsn"))
      let origin = try data.uint16("origin")
      output.put(.replicationOrigin(origin), ReplicationOriginValue(remoteLsn: lsn))
    case 0x10:
      let origin = try data.uint16("origin")
      output.put(.replicationOrigin(origin), ReplicationOriginValue(remoteLsn: .invalid))
    default: break
    }
  }
}

import IndexFormat

extension ControlFile {
  /// The bytes of a control file of a cluster that was shut down, 8192 of them.
  ///
  /// | field | page servers | `isComplete` |
  /// |---|---|---|
  /// | state | shut down | the same |
  /// | checkPoint | 0 | where the checkpoint's record begins |
  /// | checkPointCopy | the timeline's checkpoint, redo where the next record begins | what the record holds |
  /// | minRecoveryPoint and its timeline, backupStartPoint, backupEndPoint, backupEndRequired | as imported | 0 |
  /// | crc | computed anew | computed anew |
  ///
  /// - record: where the checkpoint's record begins; nil for none.
  func bytesAfterShutdown(_ checkpoint: Checkpoint, record: Lsn?) -> [UInt8] {
    var structure = Array(bytes.prefix(ControlFile.structureByteCount))
    func put(_ field: [UInt8], at offset: Int) {
      structure.replaceSubrange(offset..<offset + field.count, with: field)
    }
    var number: [UInt8] = []
    number.appendLittleEndian(State.shutDown.rawValue)
    put(number, at: 16)
    number = []
    number.appendLittleEndian(record?.value ?? 0)
    put(number, at: 32)
    var copy: [UInt8] = []
    checkpoint.encode(into: &copy)
    put(copy, at: ControlFile.checkpointOffset)
    // minRecoveryPoint, its timeline, where a base backup starts and ends, and whether it must.
    if record != nil { put([UInt8](repeating: 0, count: 172 - 136), at: 136) }
    number = []
    number.appendLittleEndian(
      CRC32C.checksum(structure.span.bytes.extracting(0..<ControlFile.checksumOffset))
    )
    put(number, at: ControlFile.checksumOffset)
    return structure + [UInt8](repeating: 0, count: ControlFile.fileByteCount - structure.count)
  }
}

import IndexFormat

/// Records of PostgreSQL's other parts.
extension WALDescription {
  // MARK: XLOG

  mutating func describeXLog(_ record: borrowing WALRecord) throws(RedoFault) {
    var main = RecordBytes(record.mainData)
    switch record.header.info & 0xf0 {
    case 0x00: try describeCheckpoint(record.mainData, "shutdown")
    case 0x10: try describeCheckpoint(record.mainData, "online")
    case 0x30: add("\(try main.uint32())")
    case 0x50: add("\(try main.lsn())")
    case 0x60: try describeParameters(&main)
    case 0x70:
      try main.skip(8)
      add(main.text(limit: 64))
    case 0x80: add(try main.uint8() != 0 ? "true" : "false")
    case 0x90:
      let time = try main.uint64()
      add("tli \(try main.uint32()); prev tli \(try main.uint32()); time \(Self.time(time))")
    case 0xe0:
      if version == .v17 { add("wal_level \(Self.level(Int32(truncatingIfNeeded: try main.count())))") }
    case 0xd0: add("lsn \(try main.lsn()); time \(Self.time(try main.uint64()))")
    default: break
    }
  }

  private mutating func describeCheckpoint(_ data: RawSpan, _ kind: String) throws(RedoFault) {
    let checkpoint: Checkpoint
    do throws(FormatError) {
      checkpoint = try Checkpoint(parsing: data)
    } catch {
      throw .dataTooShort(found: data.byteCount, expected: Checkpoint.byteCount)
    }
    let level = version == .v17 ? "wal_level \(Self.level(checkpoint.walLevel)); " : ""
    add(
      "redo \(checkpoint.redo); tli \(checkpoint.timelineID); prev tli \(checkpoint.previousTimelineID); "
        + "fpw \(checkpoint.fullPageWrites); \(level)xid \(Self.full(checkpoint.nextTransaction)); "
        + "oid \(checkpoint.nextOid); multi \(checkpoint.nextMultixact); "
        + "offset \(checkpoint.nextMultixactOffset); oldest xid \(checkpoint.oldestTransaction) in DB "
        + "\(checkpoint.oldestTransactionDatabase); oldest multi \(checkpoint.oldestMultixact) in DB "
        + "\(checkpoint.oldestMultixactDatabase); oldest/newest commit timestamp xid: "
        + "\(checkpoint.oldestCommitTimestampTransaction)/\(checkpoint.newestCommitTimestampTransaction); "
        + "oldest running xid \(checkpoint.oldestActiveTransaction); \(kind)"
    )
  }

  private static func level(_ number: Int32) -> String {
    switch number {
    case 0: "minimal"
    case 1: "replica"
    case 2: "logical"
    default: "?"
    }
  }

  private mutating func describeParameters(_ main: inout RecordBytes) throws(RedoFault) {
    let names = [
      "max_connections", "max_worker_processes", "max_wal_senders", "max_prepared_xacts",
      "max_locks_per_xact",
    ]
    for name in names { add("\(name)=\(try main.count()) ") }
    add("wal_level=\(Self.level(Int32(bitPattern: try main.uint32()))) ")
    add("wal_log_hints=\(try main.uint8() != 0 ? "on" : "off") ")
    add("track_commit_timestamp=\(try main.uint8() != 0 ? "on" : "off")")
  }

  // MARK: Files

  mutating func describeStorage(_ record: borrowing WALRecord) throws(RedoFault) {
    var main = RecordBytes(record.mainData)
    switch record.header.info & 0xf0 {
    case 0x10:
      let relation = try main.relation()
      let fork = RelationFork(UInt8(truncatingIfNeeded: try main.uint32()))
      add(path(relation.tablespace, relation.database, relation.relation, fork))
    case 0x20:
      let block = try main.uint32()
      let relation = try main.relation()
      add(
        "\(path(relation.tablespace, relation.database, relation.relation)) to \(block) blocks "
          + "flags \(try main.count())"
      )
    default: break
    }
  }

  mutating func describeFiles(_ record: borrowing WALRecord) throws(RedoFault) {
    var main = RecordBytes(record.mainData)
    let operation = WALOperation(record.header).name(version)
    switch (ResourceManager(rawValue: record.header.resourceManager), operation) {
    case (.database, "CREATE"), (.database, "CREATE_FILE_COPY"):
      let (database, tablespace) = (try main.uint32(), try main.uint32())
      let (sourceDatabase, sourceTablespace) = (try main.uint32(), try main.uint32())
      add("copy dir \(sourceTablespace)/\(sourceDatabase) to \(tablespace)/\(database)")
    case (.database, "CREATE_WAL_LOG"):
      let (database, tablespace) = (try main.uint32(), try main.uint32())
      add("create dir \(tablespace)/\(database)")
    case (.database, "DROP"):
      let database = try main.uint32()
      add("dir")
      try addList(try main.count()) { () throws(RedoFault) in "\(try main.uint32())/\(database)" }
    case (.tablespace, "CREATE"):
      add("\(try main.uint32()) \"\(main.text(limit: 1024))\"")
    case (.tablespace, _): add("\(try main.uint32())")
    case (.relationMap, "UPDATE"):
      let (database, tablespace) = (try main.uint32(), try main.uint32())
      add("database \(database) tablespace \(tablespace) size \(try main.count())")
    default: break
    }
  }

  // MARK: SLRUs

  /// Page numbers have 8 bytes from 17 on.
  private func page(_ main: inout RecordBytes) throws(RedoFault) -> String {
    version >= .v17 ? "\(Int64(bitPattern: try main.uint64()))" : "\(try main.count())"
  }

  mutating func describeSLRU(_ record: borrowing WALRecord) throws(RedoFault) {
    var main = RecordBytes(record.mainData)
    let isCut = record.header.info & 0xf0 != 0
    switch ResourceManager(rawValue: record.header.resourceManager) {
    case .commitLog:
      add("page \(try page(&main))")
      if isCut { add("; oldestXact \(try main.uint32())") }
    case .commitTimestamp:
      add(isCut ? "pageno \(try page(&main)), oldestXid \(try main.uint32())" : try page(&main))
    default: try describeMultixact(&main, record.header.info & 0xf0)
    }
  }

  private mutating func describeMultixact(_ main: inout RecordBytes, _ operation: UInt8) throws(RedoFault) {
    switch operation {
    case 0x00, 0x10: add(try page(&main))
    case 0x20:
      let (multixact, offset, count) = (try main.uint32(), try main.uint32(), try main.count())
      add("\(multixact) offset \(offset) nmembers \(count): ")
      let statuses = ["keysh", "sh", "fornokeyupd", "forupd", "nokeyupd", "upd"]
      try addList(count, separator: "") { () throws(RedoFault) in
        let (transaction, status) = (try main.uint32(), Int(try main.uint32()))
        return "\(transaction) (\(status < statuses.count ? statuses[status] : "unk")) "
      }
    case 0x30:
      try main.skip(4)
      let offsets = (try main.uint32(), try main.uint32())
      let members = (try main.uint32(), try main.uint32())
      add("offsets [\(offsets.0), \(offsets.1)), members [\(members.0), \(members.1))")
    default: break
    }
  }

  // MARK: Others

  mutating func describeOther(_ record: borrowing WALRecord) throws(RedoFault) {
    var main = RecordBytes(record.mainData)
    switch ResourceManager(rawValue: record.header.resourceManager) {
    case .sequence: add("rel \(try main.relationText())")
    case .replicationOrigin:
      if record.header.info & 0xf0 == 0 {
        let lsn = try main.lsn()
        add("set \(try main.uint16()); lsn \(lsn); force: \(try main.uint8())")
      } else {
        add("drop \(try main.uint16())")
      }
    case .logicalMessage: try describeMessage(&main)
    default: try describeFragments(record)
    }
  }

  private mutating func describeMessage(_ main: inout RecordBytes) throws(RedoFault) {
    try main.skip(4)
    let isTransactional = try main.uint8() != 0
    try main.skip(3)
    let (prefixLength, length) = (try main.uint64(), try main.uint64())
    let prefix = Self.text(try main.take(Int(clamping: prefixLength)), limit: Self.listLimit)
    add("\(isTransactional ? "" : "non-")transactional, prefix \"\(prefix)\"; payload (\(length) bytes):")
    if length == 0 { add(" ") }
    try addList(Int(clamping: length)) { () throws(RedoFault) in
      Self.digits(try main.uint8())
    }
  }

  /// `pg_waldump` looks for fragments in the main data, which have none since they are data of blocks.
  private mutating func describeFragments(_ record: borrowing WALRecord) throws(RedoFault) {
    var main = RecordBytes(record.mainData)
    var separator = ""
    while main.remaining > 0 {
      let (offset, length) = (try main.uint16(), try main.uint16())
      try main.skip(Int(length))
      add("\(separator)offset \(offset), length \(length)")
      separator = "; "
    }
  }
}

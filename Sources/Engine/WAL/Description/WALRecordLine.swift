import IndexFormat

/// A record as `pg_waldump` prints it:
///
///     rmgr: Heap        len (rec/tot):     59/    59, tx:        733, lsn: 0/0151F5D8, prev 0/0151F5A0,
///     desc: INSERT off 2 flags 0x00, blkref #0: rel 1663/5/16384 blk 0
///
/// in one line. Names of forks are those of PostgreSQL, LSNs have eight digits behind the slash. Source: PostgreSQL,
/// `XLogDumpDisplayRecord`, `XLogRecGetBlockRefInfo`.
public enum WALRecordLine {
  /// - Parameter hasDetails: each block on a line of its own, with what its image is like.
  public static func text(
    _ record: borrowing WALRecord,
    at place: WALReader.Place,
    hasDetails: Bool = false
  ) -> String {
    let header = record.header
    let manager = ResourceManager.name(header.resourceManager)
    let total = record.bytes.byteCount
    var text = "rmgr: \(manager)\(spaces(11 - manager.utf8.count)) len (rec/tot): "
    text += "\(right(total - imageByteCount(record), 6))/\(right(total, 6)), tx: "
    text +=
      "\(right(Int(header.transaction), 10)), lsn: \(lsn(place.start)), prev \(lsn(header.previous)), desc: "
    text += "\(WALOperation(header).name(record.version)) \(WALDescription(record).text)"
    if hasDetails { text += "\n" }
    for index in record.blocks.indices {
      text += block(record.blocks[index], record.version, hasDetails: hasDetails)
    }
    if !hasDetails { text += "\n" }
    return text
  }

  /// Bytes that images take of a record, as they are stored.
  public static func imageByteCount(_ record: borrowing WALRecord) -> Int {
    var count = 0
    for index in record.blocks.indices { count &+= record.blocks[index].image?.stored.count ?? 0 }
    return count
  }

  private static func block(
    _ reference: WALBlockReference,
    _ version: PostgresVersion,
    hasDetails: Bool
  ) -> String {
    let relation = reference.relation
    var text = hasDetails ? "\t" : ", "
    text += "blkref #\(reference.id): rel \(relation.database.tablespace)/\(relation.database.database)/"
    text += "\(relation.relation)"
    if hasDetails || reference.fork != .main { text += " fork \(name(of: reference.fork))" }
    text += " blk \(reference.block)"
    if let image = reference.image {
      let purpose = image.isApplied ? "" : " for WAL verification"
      text += hasDetails ? " (FPW\(purpose)); \(hole(of: image))" : " FPW\(purpose)"
    }
    return hasDetails ? text + "\n" : text
  }

  private static func hole(of image: WALPageImage) -> String {
    let text = "hole: offset: \(image.hole.lowerBound), length: \(image.hole.count)"
    guard image.compression != .none else { return text }
    let saved = WALPageImage.pageByteCount - image.hole.count - image.stored.count
    return "\(text), compression saved: \(saved), method: \(image.compression)"
  }

  private static func name(of fork: RelationFork) -> String {
    switch fork {
    case .main: "main"
    case .freeSpaceMap: "fsm"
    case .visibilityMap: "vm"
    case .initial: "init"
    default: "\(fork.number)"
    }
  }

  /// With eight digits behind the slash.
  public static func lsn(_ lsn: Lsn) -> String {
    let high = String(lsn.value >> 32, radix: 16, uppercase: true)
    let low = String(UInt32(truncatingIfNeeded: lsn.value), radix: 16, uppercase: true)
    return "\(high)/\(String(repeating: "0", count: 8 - low.utf8.count))\(low)"
  }

  private static func spaces(_ count: Int) -> String { String(repeating: " ", count: max(0, count)) }

  private static func right(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return spaces(width - digits.utf8.count) + digits
  }
}

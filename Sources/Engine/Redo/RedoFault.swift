import IndexFormat

/// Why a record cannot be replayed on a value. PostgreSQL ends with an error or a panic there, or overlooks it.
public enum RedoFault: Error, Equatable, Sendable {
  /// Replay of this kind of record is not written yet.
  case unsupported
  case malformed(WALRecordError)
  /// The record changes a page, and there is none.
  case noBase
  /// The value has not as many bytes as one of its key.
  case badValueLength(found: Int, expected: Int)
  /// The record does not belong to the key it is stored under.
  case wrongKey
  /// The record does not name the block it is stored for.
  case blockNotNamed
  /// Whether replay makes the page from nothing: the reference and the kind of the record disagree.
  case badInitialization
  /// A record that is nothing but images has none for the block.
  case noImage
  case dataTooShort(found: Int, expected: Int)
  case dataTooLong(found: Int, expected: Int)
  /// `pd_lower`, `pd_upper` and `pd_special` do not follow each other within the page.
  case badPageBounds(lower: Int, upper: Int, special: Int)
  /// The page has fewer line pointers than the number of this one.
  case noLinePointer(Int, count: Int)
  /// The line pointer leads to no tuple, and one is changed.
  case noTuple(Int)
  /// The line pointer is in use, and a new one is made.
  case usedLinePointer(Int)
  /// The line pointer leads out of where it may.
  case badLinePointer(Int, offset: Int, length: Int)
  case noRoom(found: Int, expected: Int)
  case badTupleLength(found: Int, expected: Int)
  /// A field of the record or of the page is none that replay knows.
  case badField(found: UInt64, limit: UInt64)
}

extension RedoFault: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unsupported: "replay of this kind of record is not supported"
    case .malformed(let error): "\(error)"
    case .noBase: "found no page, expected one to apply the record to"
    case .badValueLength(let found, let expected): "value: found \(found) bytes, expected \(expected)"
    case .wrongKey: "found a record that does not belong to the key"
    case .blockNotNamed: "found no reference to the block, expected one"
    case .badInitialization: "will_init: found another one than the kind of the record has"
    case .noImage: "found no image of the block, expected one"
    case .dataTooShort(let found, let expected): "data: found \(found) bytes, expected \(expected) or more"
    case .dataTooLong(let found, let expected): "data: found \(found) bytes, expected \(expected)"
    case .badPageBounds(let lower, let upper, let special):
      "page: found lower \(lower), upper \(upper), special \(special), expected them to rise within the page"
    case .noLinePointer(let number, let count): "line pointer: found \(number), expected 1 to \(count)"
    case .noTuple(let number): "line pointer \(number): found no tuple, expected one"
    case .usedLinePointer(let number): "line pointer \(number): found one in use, expected an unused one"
    case .badLinePointer(let number, let offset, let length):
      "line pointer \(number): found \(length) bytes at \(offset), expected a place of tuples"
    case .noRoom(let found, let expected): "page: found room for \(found) bytes, expected \(expected)"
    case .badTupleLength(let found, let expected): "tuple: found \(found) bytes, expected \(expected)"
    case .badField(let found, let limit): "field: found \(found), expected at most \(limit)"
    }
  }
}

/// A record that cannot be replayed: which, and why.
public struct RedoError: Error, Equatable, Sendable {
  public var key: Key
  /// Of the record: where it ends in the WAL.
  public var lsn: Lsn
  public var record: NeonRecord.Tag
  /// Of a record of PostgreSQL whose header could be read: `xl_rmid` and `xl_info`.
  public var resourceManager: UInt8?
  public var info: UInt8?
  public var fault: RedoFault
}

extension RedoError: CustomStringConvertible {
  public var description: String {
    var text = "\(KeyClass(key)): record \(record)"
    if let resourceManager { text += " of \(ResourceManager.name(resourceManager))" }
    if let info { text += ", info 0x\(String(info, radix: 16))," }
    return text + " at \(lsn): \(fault)"
  }
}

import IndexFormat

/// One walk over the headers of a record's parts.
///
/// Headers come first and the parts behind all of them, so where a part stands is known when the last header has been
/// read: ranges are made relative to the first part, and moved at the end.
struct WALPartWalk: ~Escapable {
  private let bytes: RawSpan
  private let version: PostgresVersion
  /// Room for one reference of each id.
  private let blocks: UnsafeMutablePointer<WALBlockReference>
  private var offset = WALRecordHeader.byteCount
  /// Bytes of all parts announced so far.
  private var announced = 0
  private var relation: RelationTag?
  private(set) var blockCount = 0
  private(set) var mainLength = 0
  private(set) var origin: UInt16?
  private(set) var topLevelTransaction: UInt32?

  private enum ID {
    static let topLevelTransaction: UInt8 = 252
    static let origin: UInt8 = 253
    static let longMainData: UInt8 = 254
    static let shortMainData: UInt8 = 255
  }

  @_lifetime(copy bytes)
  init(_ bytes: RawSpan, _ version: PostgresVersion, _ blocks: UnsafeMutablePointer<WALBlockReference>) {
    self.bytes = bytes
    self.version = version
    self.blocks = blocks
  }

  private var remaining: Int { bytes.byteCount &- offset }

  // Of all that happens to a record this happens to each, so it is all one piece of code to the compiler; images, which
  // few have, are apart.
  @inline(__always)
  mutating func run() throws(WALRecordError) {
    // The header of the main data is the last one.
    var isLast = false
    while !isLast, remaining > announced {
      let id = bytes.byte(offset)
      switch id {
      case ID.shortMainData:
        try need(2)
        mainLength = Int(bytes.byte(offset &+ 1))
        offset &+= 2
        isLast = true
      case ID.longMainData:
        try need(5)
        mainLength = Int(bytes.littleEndian32(offset &+ 1))
        offset &+= 5
        isLast = true
      case ID.origin:
        try need(3)
        origin = bytes.littleEndian16(offset &+ 1)
        offset &+= 3
      case ID.topLevelTransaction:
        try need(5)
        topLevelTransaction = bytes.littleEndian32(offset &+ 1)
        offset &+= 5
      default: try block(id)
      }
    }
    announced &+= mainLength
    guard remaining == announced else {
      throw WALRecordError(
        .badPayloadLength,
        offset: offset,
        found: UInt64(remaining),
        limit: UInt64(announced)
      )
    }
    for index in 0..<blockCount { blocks[index].move(by: offset) }
  }

  @inline(__always)
  private mutating func block(_ id: UInt8) throws(WALRecordError) {
    let start = offset
    guard id <= WALBlockReference.maximumID else {
      throw WALRecordError(
        .badBlockID,
        offset: start,
        found: UInt64(id),
        limit: UInt64(WALBlockReference.maximumID)
      )
    }
    // Rising ids also bound the count of references by the room for them.
    if blockCount > 0, blocks[blockCount &- 1].id >= id {
      let highest = UInt64(blocks[blockCount &- 1].id)
      throw WALRecordError(.blockOutOfOrder, offset: start, found: UInt64(id), limit: highest)
    }
    try need(4)
    let forkAndFlags = bytes.byte(start &+ 1)
    let flags = WALBlockReference.Flags(rawValue: forkAndFlags & 0xf0)
    let dataLength = Int(bytes.littleEndian16(start &+ 2))
    guard flags.contains(.hasData) == (dataLength > 0) else {
      let limit: UInt64 = dataLength == 0 ? 1 : 0
      throw WALRecordError(.badDataLength, offset: start &+ 2, found: UInt64(dataLength), limit: limit)
    }
    offset &+= 4
    var image: WALPageImage?
    if flags.contains(.hasImage) {
      image = try Self.image(bytes, version, at: &offset, &announced)
    }
    let fork = RelationFork(forkAndFlags & 0x0f)
    let relation = try relation(flags, fork)
    try need(4)
    let number = BlockNumber(bytes.littleEndian32(offset))
    offset &+= 4
    let data = announced..<announced &+ dataLength
    announced = data.upperBound
    let reference = WALBlockReference(
      id: id,
      flags: flags,
      relation: relation,
      block: number,
      image: image,
      data: data
    )
    (blocks + blockCount).initialize(to: reference)
    blockCount &+= 1
  }

  /// Reads the header of an image.
  ///
  /// - Parameters:
  ///   - place: where the header stands; afterwards where it ends.
  ///   - announced: bytes of all parts announced so far.
  private static func image(
    _ bytes: RawSpan,
    _ version: PostgresVersion,
    at place: inout Int,
    _ announced: inout Int
  ) throws(WALRecordError) -> WALPageImage {
    let start = place
    var offset = place
    try need(5, bytes, offset)
    let length = Int(bytes.littleEndian16(start))
    let holeOffset = Int(bytes.littleEndian16(start &+ 2))
    let info = bytes.byte(start &+ 4)
    offset &+= 5
    let page = WALPageImage.pageByteCount
    let hasHole = info & WALPageImage.hasHole != 0
    let compression = WALPageImage.compression(info, version)
    guard length <= page else {
      throw WALRecordError(.imageTooLong, offset: start, found: UInt64(length), limit: UInt64(page))
    }
    var holeLength = page &- length
    if compression != .none {
      holeLength = 0
      if hasHole {
        try need(2, bytes, offset)
        holeLength = Int(bytes.littleEndian16(offset))
        offset &+= 2
      }
    }
    if hasHole {
      guard holeOffset > 0, holeLength > 0, length < page else {
        throw WALRecordError(.missingHole, offset: start, found: UInt64(holeLength))
      }
    } else {
      guard holeOffset == 0, holeLength == 0 else {
        throw WALRecordError(.unannouncedHole, offset: start, found: UInt64(holeLength))
      }
    }
    if compression != .none, length == page {
      throw WALRecordError(.incompressibleImage, offset: start, found: UInt64(length), limit: UInt64(page))
    }
    guard holeOffset &+ holeLength <= page else {
      let end = UInt64(holeOffset &+ holeLength)
      throw WALRecordError(.holeBeyondPage, offset: start &+ 2, found: end, limit: UInt64(page))
    }
    let stored = announced..<announced &+ length
    announced = stored.upperBound
    place = offset
    return WALPageImage(
      stored: stored,
      hole: holeOffset..<holeOffset &+ holeLength,
      compression: compression,
      isApplied: WALPageImage.isApplied(info, version)
    )
  }

  @inline(__always)
  private mutating func relation(
    _ flags: WALBlockReference.Flags,
    _ fork: RelationFork
  ) throws(WALRecordError) -> RelationTag {
    if flags.contains(.sameRelation) {
      guard let relation else {
        throw WALRecordError(.noRelationBefore, offset: offset, found: UInt64(flags.rawValue))
      }
      return RelationTag(relation.database, relation: relation.relation, fork: fork)
    }
    try need(12)
    let tag = RelationTag(
      tablespace: bytes.littleEndian32(offset),
      database: bytes.littleEndian32(offset &+ 4),
      relation: bytes.littleEndian32(offset &+ 8),
      fork: fork
    )
    offset &+= 12
    relation = tag
    return tag
  }

  @inline(__always)
  private func need(_ count: Int) throws(WALRecordError) { try Self.need(count, bytes, offset) }

  @inline(__always)
  private static func need(_ count: Int, _ bytes: RawSpan, _ offset: Int) throws(WALRecordError) {
    let remaining = bytes.byteCount &- offset
    guard remaining >= count else {
      throw WALRecordError(
        .truncatedPartHeader,
        offset: offset,
        found: UInt64(remaining),
        limit: UInt64(count)
      )
    }
  }
}

extension WALBlockReference {
  @inline(__always)
  fileprivate mutating func move(by distance: Int) {
    data = data.lowerBound &+ distance..<data.upperBound &+ distance
    guard let range = image?.stored else { return }
    image?.stored = range.lowerBound &+ distance..<range.upperBound &+ distance
  }
}

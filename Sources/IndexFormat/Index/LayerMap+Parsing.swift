/// Reads `layer_metadata`: nearly all of an index, so this is where its reading time goes.
///
/// Entries as Neon writes them are matched byte by byte against fixed texts at fixed places; anything else
/// (white space, other members, other order, escapes, the last bytes of the input) goes through the general
/// reader, entry by entry.
struct LayerMap {
  private(set) var entries: [IndexLayer] = []
  private(set) var unknownFields: [Int: [UnknownField]] = [:]

  /// The shortest entry: name of an image, `{"file_size":1}`, quotes, colon and comma.
  private static let minEntryByteCount = 110
  /// Bytes that the fast path wants before it, so that none of its loads needs a check: a delta's name with quotes
  /// ends at 110, `:{"file_size":` at 123, 19 digits (and a look at one more) at 143, `,"generation":` with its digits
  /// at 168, the shard at 183, and the last load of 8 begins before that.
  private static let maxFastEntryByteCount = 256

  mutating func parse(_ reader: inout JSONReader) throws(JSONFault) {
    try reader.take("{", "an object of layers")
    if reader.takeIfPresent("}") { return }
    entries.reserveCapacity((reader.bytes.byteCount &- reader.offset) / LayerMap.minEntryByteCount)
    repeat {
      if let layer = fastEntry(&reader) { entries.append(layer) } else { try slowEntry(&reader) }
    } while reader.takeIfPresent(",")
    try reader.take("}", "',' or '}'")
    reader.element = -1
    reader.subfield = ""
  }

  /// Reads one entry in the form that Neon writes and leaves the cursor behind it; nil, with the cursor where
  /// it was, if the entry has any other form.
  @inline(__always)
  private func fastEntry(_ reader: inout JSONReader) -> IndexLayer? {
    let bytes = reader.bytes
    let start = reader.offset
    guard bytes.byteCount &- start >= LayerMap.maxFastEntryByteCount,
      reader.byte(start) == UInt8(ascii: "\""),
      let (name, nameEnd) = LayerName.canonical(bytes, at: start &+ 1), name.hasValidRanges || !name.isDelta
    else { return nil }
    // `":{"file_size":` in two words that overlap.
    guard word(bytes, nameEnd) == 0x656c_6966_227b_3a22, word(bytes, nameEnd &+ 7) == 0x3a22_657a_6973_5f65
    else { return nil }
    var cursor = nameEnd &+ 15
    guard let size = digits(bytes, &cursor, maxCount: 19) else { return nil }
    var generation = Generation.none
    // `,"generation":` in two words that overlap.
    if word(bytes, cursor) == 0x6172_656e_6567_222c, word(bytes, cursor &+ 6) == 0x3a22_6e6f_6974_6172 {
      cursor &+= 14
      guard let value = digits(bytes, &cursor, maxCount: 10), value <= UInt64(UInt32.max) else { return nil }
      generation = .valid(UInt32(truncatingIfNeeded: value))
    }
    var shard = ShardIndex.unsharded
    // `,"shard":"` in two words that overlap.
    if word(bytes, cursor) == 0x2264_7261_6873_222c, word(bytes, cursor &+ 2) == 0x223a_2264_7261_6873 {
      guard let value = HexDigits.decode4(bytes, at: cursor &+ 10),
        reader.byte(cursor &+ 14) == UInt8(ascii: "\"")
      else { return nil }
      shard = ShardIndex(
        number: UInt8(truncatingIfNeeded: value &>> 8),
        count: UInt8(truncatingIfNeeded: value)
      )
      cursor &+= 15
    }
    guard reader.byte(cursor) == UInt8(ascii: "}") else { return nil }
    reader.offset = cursor &+ 1
    return IndexLayer(name: name, generation: generation, shard: shard, fileSize: size)
  }

  @inline(__always)
  private func word(_ bytes: RawSpan, _ offset: Int) -> UInt64 {
    bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self).littleEndian
  }

  /// The number at `cursor`; nil without a digit, with a leading zero, or with more than `maxCount` digits.
  @inline(__always)
  private func digits(_ bytes: RawSpan, _ cursor: inout Int, maxCount: Int) -> UInt64? {
    let start = cursor
    var value: UInt64 = 0
    while true {
      let digit = bytes.unsafeLoad(fromUncheckedByteOffset: cursor, as: UInt8.self) &- 0x30
      guard digit < 10 else { break }
      guard cursor &- start < maxCount else { return nil }
      value = value &* 10 &+ UInt64(digit)
      cursor &+= 1
    }
    let count = cursor &- start
    guard count > 0, count == 1 || bytes.unsafeLoad(fromByteOffset: start, as: UInt8.self) != 0x30 else {
      return nil
    }
    return value
  }

  private mutating func slowEntry(_ reader: inout JSONReader) throws(JSONFault) {
    reader.element = entries.count
    let name = try reader.layerName()
    try reader.take(":", "':'")
    let (layer, unknown) = try LayerMap.layer(name, &reader)
    if !unknown.isEmpty { unknownFields[entries.count] = unknown }
    entries.append(layer)
    reader.element = -1
  }

  /// Reads what stands behind a layer's name, in an index or a heatmap.
  static func layer(
    _ name: LayerName,
    _ reader: inout JSONReader
  ) throws(JSONFault) -> (layer: IndexLayer, unknownFields: [UnknownField]) {
    var fileSize: UInt64?
    var generation = Generation.none
    var shard = ShardIndex.unsharded
    var unknown: [UnknownField] = []
    var fields = FieldSet()
    let start = reader.offset
    try reader.object { (reader, member) throws(JSONFault) in
      if reader.equals(member, "file_size") {
        try fields.enter(0, "file_size", &reader, member)
        fileSize = try reader.unsigned(.max, "a size in bytes")
      } else if reader.equals(member, "generation") {
        try fields.enter(1, "generation", &reader, member)
        generation = try reader.generation()
      } else if reader.equals(member, "shard") {
        try fields.enter(2, "shard", &reader, member)
        shard = try reader.shardIndex()
      } else {
        unknown.append(try reader.unknownField(member))
      }
    }
    let size = try reader.require(fileSize, "file_size", from: start)
    reader.subfield = ""
    return (IndexLayer(name: name, generation: generation, shard: shard, fileSize: size), unknown)
  }
}

import IndexFormat

/// Where the values go that records become: the newest part of a timeline, in memory, in the order of arrival.
///
/// Values are held as delta layers store them. A second value of a key at an LSN replaces the first one, but a page of
/// zeros that fills a gap replaces nothing.
public final class MemoryLayer {
  /// 40 bytes, as the fields stand in this order.
  struct Entry {
    var key: Key
    var willInit: Bool
    /// A page of zeros that fills a gap.
    var isGap: Bool
    var place: ValueArena.Place
    var lsn: Lsn
  }

  // Nothing here changes a property while it is being changed: the only code of others that is called in between is
  // that of values which write themselves into `scratch`, and they know of no layer. Records are short, so that finding
  // this out anew for each would take its time.
  @exclusivity(unchecked) private var arena = ValueArena()
  @exclusivity(unchecked) private var entries: [Entry] = []
  @exclusivity(unchecked) private var zeroPage: ValueArena.Place?
  @exclusivity(unchecked) private var scratch: [UInt8] = []

  /// What the values would take in a layer file, without its index.
  @exclusivity(unchecked) public private(set) var byteCount: UInt64 = 0

  public init() {}

  public var entryCount: Int { entries.count }

  /// Positions of entries have 32 bits.
  var isFull: Bool { entries.count >= 1 << 30 }

  /// A record of PostgreSQL, as it is.
  ///
  /// - copies: where the record is held already, as other blocks of it have it, too.
  @inline(__always)
  func put(_ key: Key, _ lsn: Lsn, record: RawSpan, willInit: Bool, _ copies: inout RecordCopies) {
    let place = (willInit ? copies.initial : copies.later) ?? put(record, willInit: willInit)
    if willInit { copies.initial = place } else { copies.later = place }
    append(key, lsn, place, willInit: willInit)
  }

  /// One for records that make their page, one for others.
  struct RecordCopies {
    fileprivate var initial: ValueArena.Place?
    fileprivate var later: ValueArena.Place?
  }

  private func put(_ record: RawSpan, willInit: Bool) -> ValueArena.Place {
    let start = ValueOutline.recordStart
    let (place, bytes) = arena.reserve(start &+ record.byteCount)
    bytes.storeBytes(of: (UInt64(LayerValue.recordTag) << 32).bigEndian, as: UInt64.self)
    bytes.storeBytes(of: willInit ? 1 : 0, toByteOffset: 8, as: UInt8.self)
    bytes.storeBytes(of: UInt64(record.byteCount).bigEndian, toByteOffset: 9, as: UInt64.self)
    record.withUnsafeBytes {
      UnsafeMutableRawBufferPointer(rebasing: bytes[start...]).copyMemory(from: $0)
    }
    return place
  }

  func put(_ key: Key, _ lsn: Lsn, image: RawSpan) {
    let bytes = reserveImage(key, lsn, image.byteCount)
    image.withUnsafeBytes { bytes.copyMemory(from: $0) }
  }

  /// Room for a whole value, to be filled at once.
  func reserveImage(_ key: Key, _ lsn: Lsn, _ byteCount: Int) -> UnsafeMutableRawBufferPointer {
    let (place, bytes) = reserveImage(byteCount)
    append(key, lsn, place, willInit: true)
    return bytes
  }

  func put(_ key: Key, _ lsn: Lsn, _ value: some StoredValue) {
    scratch.removeAll(keepingCapacity: true)
    value.encode(into: &scratch)
    let bytes = reserveImage(key, lsn, scratch.count)
    bytes.copyBytes(from: scratch)
  }

  func put(_ key: Key, _ lsn: Lsn, _ record: NeonRecord) {
    scratch.removeAll(keepingCapacity: true)
    LayerValue.record(record).encode(into: &scratch)
    let (place, bytes) = arena.reserve(scratch.count)
    bytes.copyBytes(from: scratch)
    append(key, lsn, place, willInit: record.willInit)
  }

  /// - isGap: whether another value of the key at the LSN takes its place, whichever comes first.
  func putZeroPage(_ key: Key, _ lsn: Lsn, isGap: Bool = false) {
    let place: ValueArena.Place
    if let zeroPage {
      place = zeroPage
    } else {
      let (new, bytes) = reserveImage(PageHeader.pageByteCount)
      bytes.initializeMemory(as: UInt8.self, repeating: 0)
      zeroPage = new
      place = new
    }
    append(key, lsn, place, willInit: true, isGap: isGap)
  }

  private func reserveImage(_ byteCount: Int) -> (ValueArena.Place, UnsafeMutableRawBufferPointer) {
    let start = ValueOutline.imageStart
    let (place, bytes) = arena.reserve(start &+ byteCount)
    bytes.storeBytes(of: LayerValue.imageTag.bigEndian, as: UInt32.self)
    bytes.storeBytes(of: UInt64(byteCount).bigEndian, toByteOffset: 4, as: UInt64.self)
    return (place, UnsafeMutableRawBufferPointer(rebasing: bytes[start...]))
  }

  @inline(__always)
  private func append(
    _ key: Key,
    _ lsn: Lsn,
    _ place: ValueArena.Place,
    willInit: Bool,
    isGap: Bool = false
  ) {
    entries.append(
      Entry(
        key: key,
        willInit: willInit,
        isGap: isGap,
        place: place,
        lsn: lsn
      )
    )
    byteCount &+= UInt64(place.byteCount)
  }

  /// Takes the values below an LSN out, sorted; nil if there are none. Only the others are in the layer afterwards.
  public func freeze(below end: Lsn = Lsn(.max)) -> MemoryRun? {
    // LSNs come in ascending order.
    let position = entries.firstPosition { $0.lsn >= end }
    guard position > 0 else { return nil }
    let rest = entries[position...]
    let run = MemoryRun(entries[..<position], arena)
    let old = arena
    arena = ValueArena()
    entries = []
    zeroPage = nil
    byteCount = 0
    for entry in rest {
      let (place, bytes) = arena.reserve(Int(entry.place.byteCount))
      bytes.copyMemory(from: old.bytes(entry.place))
      append(entry.key, entry.lsn, place, willInit: entry.willInit, isGap: entry.isGap)
    }
    return run
  }
}

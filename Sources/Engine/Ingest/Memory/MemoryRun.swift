import IndexFormat

/// Values of a part of a timeline, sorted by key and LSN: what becomes a delta layer.
public final class MemoryRun: Sendable {
  private let entries: [MemoryLayer.Entry]
  private let arena: ValueArena
  public let firstLsn: Lsn
  public let lastLsn: Lsn

  /// Takes entries in the order of their arrival, and so of their LSNs. Of one value of a key at an LSN the one that
  /// came last stays; one that fills a gap only if there is no other.
  init(_ arrived: ArraySlice<MemoryLayer.Entry>, _ arena: ValueArena) {
    let entries = arrived.span
    var unique: [MemoryLayer.Entry] = []
    unique.reserveCapacity(entries.count)
    for position in EntryOrder.positions(entries) {
      let entry = entries[Int(position)]
      if let before = unique.last, before.key == entry.key, before.lsn == entry.lsn {
        if before.isGap || !entry.isGap { unique[unique.count - 1] = entry }
      } else {
        unique.append(entry)
      }
    }
    self.entries = unique
    self.arena = arena
    firstLsn = arrived.first?.lsn ?? Lsn(.max)
    lastLsn = arrived.last?.lsn ?? .invalid
  }

  public var entryCount: Int { entries.count }

  /// Shows each value in the order of keys and LSNs, in the form in which delta layers store it.
  public func forEach<Failure: Error>(
    _ visit: (Key, Lsn, RawSpan) throws(Failure) -> Void
  ) throws(Failure) {
    for entry in entries {
      try visit(entry.key, entry.lsn, RawSpan(_unsafeBytes: arena.bytes(entry.place)))
    }
  }

  /// Writes all values to a delta layer, whose ranges must hold them.
  public func write<Sink: LayerSink & ~Copyable>(
    to writer: inout DeltaLayerWriter<Sink>
  ) throws(LayerWriteError) {
    for entry in entries {
      let bytes = RawSpan(_unsafeBytes: arena.bytes(entry.place))
      try writer.put(entry.key, entry.lsn, encoded: bytes, willInit: entry.willInit)
    }
  }

  /// Writes the values as images to an image layer. All must be images of one LSN.
  public func write<Sink: LayerSink & ~Copyable>(
    to writer: inout ImageLayerWriter<Sink>
  ) throws(LayerWriteError) {
    for entry in entries {
      let bytes = RawSpan(_unsafeBytes: arena.bytes(entry.place))
      try writer.put(
        entry.key,
        image: bytes.extracting(ValueOutline.imageStart..<bytes.byteCount)
      )
    }
  }

  // MARK: Reading

  /// Adds what it has of keys at an LSN to reads that are not complete yet, and begins reads of others.
  func read(_ keys: KeySpace, at lsn: Lsn, into reads: inout [Key: KeyRead]) throws(ReadError) {
    for range in keys.ranges {
      var position = first(notBefore: range.start)
      while position < entries.count, entries[position].key < range.end {
        let key = entries[position].key
        var end = position
        while end < entries.count, entries[end].key == key { end += 1 }
        if let newest = (position..<end).last(where: { entries[$0].lsn <= lsn }) {
          var read = reads[key] ?? KeyRead(key)
          if !read.isComplete {
            try add(entries[position...newest], to: &read)
            reads[key] = read
          }
        }
        position = end
      }
    }
  }

  private func add(_ versions: ArraySlice<MemoryLayer.Entry>, to read: inout KeyRead) throws(ReadError) {
    var records: [KeyRead.Record] = []
    for entry in versions.reversed() where !read.isComplete {
      let value: LayerValue
      do throws(FormatError) {
        value = try LayerValue(parsing: RawSpan(_unsafeBytes: arena.bytes(entry.place)))
      } catch {
        throw .damagedValue(entry.key, entry.lsn, error)
      }
      switch value {
      case .image(let bytes): read.image = KeyRead.Image(lsn: entry.lsn, bytes: bytes, visit: -1)
      case .record(let record): records.append(KeyRead.Record(lsn: entry.lsn, record: record, visit: -1))
      }
      read.isComplete = value.willInit
    }
    read.records = records.reversed() + read.records
  }

  private func first(notBefore key: Key) -> Int { entries.firstPosition { !($0.key < key) } }
}

import IndexFormat

/// Values of a part of a timeline, sorted by key and LSN: what becomes a delta layer.
public final class MemoryRun: Sendable {
  /// In the order of their arrival.
  private let entries: [MemoryLayer.Entry]
  /// Where in there each one stands that counts: in the order of keys and LSNs.
  private let order: [UInt32]
  private let arena: ValueArena
  public let firstLsn: Lsn
  public let lastLsn: Lsn

  /// Takes entries in the order of their arrival, and so of their LSNs. Of one value of a key at an LSN the one that
  /// came last stays; one that fills a gap only if there is no other.
  init(_ arrived: ArraySlice<MemoryLayer.Entry>, _ arena: ValueArena) {
    let entries = Array(arrived)
    var order = EntryOrder.positions(entries.span)
    var count = 0
    for index in order.indices {
      let position = order[index]
      let entry = entries[Int(position)]
      if count > 0 {
        let before = entries[Int(order[count - 1])]
        if before.key == entry.key, before.lsn == entry.lsn {
          if before.isGap || !entry.isGap { order[count - 1] = position }
          continue
        }
      }
      order[count] = position
      count += 1
    }
    order.removeLast(order.count - count)
    self.entries = entries
    self.order = order
    self.arena = arena
    firstLsn = entries.first?.lsn ?? Lsn(.max)
    lastLsn = entries.last?.lsn ?? .invalid
  }

  public var entryCount: Int { order.count }

  @inline(__always)
  private func entry(_ index: Int) -> MemoryLayer.Entry { entries[Int(order[index])] }

  @inline(__always)
  private func bytes(of entry: MemoryLayer.Entry) -> UnsafeRawBufferPointer { arena.bytes(entry.place) }

  /// Shows each value in the order of keys and LSNs, in the form in which delta layers store it.
  public func forEach<Failure: Error>(
    _ visit: (Key, Lsn, RawSpan) throws(Failure) -> Void
  ) throws(Failure) {
    for index in order.indices {
      let entry = entry(index)
      try visit(entry.key, entry.lsn, RawSpan(_unsafeBytes: bytes(of: entry)))
    }
  }

  /// Writes all values to a delta layer, whose ranges must hold them.
  public func write<Sink: LayerSink & ~Copyable>(
    to writer: inout DeltaLayerWriter<Sink>
  ) throws(LayerWriteError) {
    for index in order.indices {
      let entry = entry(index)
      let bytes = RawSpan(_unsafeBytes: bytes(of: entry))
      try writer.put(entry.key, entry.lsn, encoded: bytes, willInit: entry.willInit)
    }
  }

  /// Writes the values as images to an image layer. All must be images of one LSN.
  public func write<Sink: LayerSink & ~Copyable>(
    to writer: inout ImageLayerWriter<Sink>
  ) throws(LayerWriteError) {
    for index in order.indices {
      let entry = entry(index)
      let bytes = RawSpan(_unsafeBytes: bytes(of: entry))
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
      while position < order.count, entry(position).key < range.end {
        let key = entry(position).key
        var end = position
        while end < order.count, entry(end).key == key { end += 1 }
        if let newest = (position..<end).last(where: { entry($0).lsn <= lsn }) {
          var read = reads[key] ?? KeyRead(key)
          if !read.isComplete {
            try add(position...newest, to: &read)
            reads[key] = read
          }
        }
        position = end
      }
    }
  }

  private func add(_ versions: ClosedRange<Int>, to read: inout KeyRead) throws(ReadError) {
    var records: [KeyRead.Record] = []
    for index in versions.reversed() where !read.isComplete {
      let entry = entry(index)
      let value: LayerValue
      do throws(FormatError) {
        value = try LayerValue(parsing: RawSpan(_unsafeBytes: bytes(of: entry)))
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

  private func first(notBefore key: Key) -> Int { order.firstPosition { !(entries[Int($0)].key < key) } }
}

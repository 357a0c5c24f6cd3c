import IndexFormat

/// The values of one layer in a range of keys and LSNs, in their order, a piece at a time. For one task.
final class ValueCursor {
  /// A value of the piece at hand.
  struct Value {
    var key: TreeKey
    /// Where it stands in `bytes`, as delta layers store it, or the bare image of an image layer.
    var place: Range<Int>
    /// Where it stands in the object, with its header.
    var blob: Range<UInt64>
    /// Whether it could not be read.
    var isDamaged: Bool
  }

  let timeline: Timeline
  let object: LayerObject
  /// LSNs of which values are given.
  private let lsns: ClosedRange<Lsn>
  private let position: LayerMap.Position
  /// Whose keys are given.
  private let owner: Timeline
  private let pieceByteCount: Int
  private let meter: ReadMeter?
  private let to: TreeKey
  /// Where the index is to be read from; nil if all of it was.
  private var next: TreeKey?
  /// Entries that were found and whose values were not read yet.
  private var waiting: ArraySlice<LayerEntry> = []

  private(set) var values: [Value] = []
  private(set) var bytes: [UInt8] = []
  /// The value at hand.
  private(set) var index = 0
  /// Why the rest is not known, and from which key on.
  private(set) var failure: (error: LayerReadError, from: TreeKey)?
  /// Damaged values of the pieces so far.
  private(set) var damages: [(key: TreeKey, error: LayerReadError)] = []

  /// Entries that are taken from the index at a time.
  private static let entryCount = 4096

  init(
    _ timeline: Timeline,
    _ position: LayerMap.Position,
    _ keys: KeyRange,
    _ lsns: ClosedRange<Lsn>,
    of owner: Timeline,
    pieceByteCount: Int,
    _ meter: ReadMeter?
  ) {
    self.timeline = timeline
    self.owner = owner
    self.position = position
    object = timeline.object(position)
    self.lsns = lsns
    self.pieceByteCount = pieceByteCount
    self.meter = meter
    next = TreeKey(max(keys.start, object.name.keys.start))
    to = TreeKey(min(keys.end, object.name.keys.end))
  }

  var isImage: Bool { !object.name.isDelta }

  /// Whether a piece must be filled before there is a value at hand.
  var isEmpty: Bool { index >= values.count }
  /// Whether no value will come any more.
  var isDone: Bool { isEmpty && waiting.isEmpty && (next == nil || failure != nil) }

  var head: Value { values[index] }

  func advance() { index &+= 1 }

  /// The stored form of the value at hand.
  func withHead<Result>(_ body: (RawSpan) -> Result) -> Result {
    let (place, held) = (values[index].place, bytes)
    return body(held.span.bytes.extracting(place))
  }

  /// Reads the next piece, until there is a value at hand or none will come.
  func fill() async {
    while isEmpty, !isDone {
      if waiting.isEmpty { await findEntries() }
      if !waiting.isEmpty { await readValues() }
    }
  }

  private func findEntries() async {
    guard let from = next else { return }
    do throws(LayerReadError) {
      let reader = try await timeline.open(position, meter)
      let found = try await reader.entries(from: from, to: to, limit: Self.entryCount, meter: meter)
      let (lsns, rules, shard) = (lsns, owner.rules, owner.shard)
      waiting = found.entries.filter { lsns.contains($0.lsn) && rules.answers($0.key, shard) }[...]
      next = found.next
    } catch {
      failure = (error, from)
    }
  }

  private func readValues() async {
    let taken = takeEntries()
    values.removeAll(keepingCapacity: true)
    bytes.removeAll(keepingCapacity: true)
    index = 0
    do throws(LayerReadError) {
      let reader = try await timeline.open(position, meter)
      let stream = reader.blobs(of: taken, concurrency: 1, meter: meter)
      while let batch = await stream.nextResult() { add(batch) }
    } catch {
      failure = (error, taken.first.map { TreeKey($0.key, $0.lsn) } ?? .min)
      waiting = []
    }
  }

  /// Entries whose values take about as many bytes as a piece may have, at least one.
  private func takeEntries() -> [LayerEntry] {
    var sum = 0
    var count = 0
    for entry in waiting {
      // A compressed page takes 8192 bytes, whatever its blob.
      sum += max(Int(clamping: entry.blob.upperBound - entry.blob.lowerBound), isImage ? 8192 : 0)
      if count > 0, sum > pieceByteCount { break }
      count += 1
    }
    let taken = Array(waiting.prefix(count))
    waiting = waiting.dropFirst(count)
    return taken
  }

  private func add(_ batch: BlobBatch) {
    do throws(LayerReadError) {
      try batch.decodeEach { entry, value in
        let start = bytes.count
        bytes.append(value)
        append(entry, start..<bytes.count, isDamaged: false)
      } failed: { entry, error in
        fail(entry, error)
        return true
      }
    } catch {
      for entry in batch.entries { fail(entry, error) }
    }
  }

  private func fail(_ entry: LayerEntry, _ error: LayerReadError) {
    damages.append((TreeKey(entry.key, entry.lsn), error))
    append(entry, 0..<0, isDamaged: true)
  }

  private func append(_ entry: LayerEntry, _ place: Range<Int>, isDamaged: Bool) {
    let key = TreeKey(entry.key, entry.lsn)
    values.append(Value(key: key, place: place, blob: entry.blob, isDamaged: isDamaged))
  }
}

/// The values of several layers in one order: by key and LSN, those of one by the order of the layers.
///
///     while let waiting = merge.waiting { await waiting.fill(); merge.settle() }
///     if let cursor = merge.first { … cursor.head … ; merge.advance() }
final class ValueMerge {
  private struct Head {
    var key: TreeKey
    var index: Int
  }

  let cursors: [ValueCursor]
  /// A heap.
  private var heads: [Head] = []
  /// Cursors of which nothing is at hand yet.
  private var empty: [Int]

  init(_ cursors: [ValueCursor]) {
    self.cursors = cursors
    empty = Array(cursors.indices)
  }

  /// One that must be filled before the order is known.
  var waiting: ValueCursor? { empty.last.map { cursors[$0] } }

  /// Takes up the cursor that was waiting.
  func settle() {
    guard let index = empty.popLast() else { return }
    let cursor = cursors[index]
    if cursor.isEmpty {
      if !cursor.isDone { empty.append(index) }
      return
    }
    heads.append(Head(key: cursor.head.key, index: index))
    siftUp()
  }

  /// The cursor with the first value; nil at the end. Only if none is waiting.
  var first: ValueCursor? { heads.first.map { cursors[$0.index] } }

  var firstKey: TreeKey? { heads.first?.key }

  /// Goes to the next value.
  func advance() {
    guard let first = heads.first else { return }
    let cursor = cursors[first.index]
    cursor.advance()
    if cursor.isEmpty {
      if !cursor.isDone { empty.append(first.index) }
      let last = heads.removeLast()
      if heads.isEmpty { return }
      heads[0] = last
    } else {
      heads[0].key = cursor.head.key
    }
    siftDown()
  }

  private func isBefore(_ left: Int, _ right: Int) -> Bool {
    let (left, right) = (heads[left], heads[right])
    return left.key == right.key ? left.index < right.index : left.key < right.key
  }

  private func siftUp() {
    var child = heads.count - 1
    while child > 0, isBefore(child, (child - 1) / 2) {
      heads.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  private func siftDown() {
    var parent = 0
    while true {
      var child = 2 * parent + 1
      guard child < heads.count else { return }
      if child + 1 < heads.count, isBefore(child + 1, child) { child += 1 }
      guard isBefore(child, parent) else { return }
      heads.swapAt(child, parent)
      parent = child
    }
  }
}

import IndexFormat

/// Tuples of indexes, whose line pointers have no gaps. Source: PostgreSQL, `storage/page/bufpage.c`.
extension RedoPage {
  /// The line pointer of a tuple that stands where tuples may.
  func indexTuplePointer(_ number: Int) throws(RedoFault) -> LinePointer {
    let pointer = try linePointer(number)
    guard pointer.hasStorage, pointer.offset >= upper, pointer.offset &+ pointer.length <= special,
      pointer.offset == Self.aligned(pointer.offset),
      pointer.offset &+ Self.aligned(pointer.length) <= special
    else { throw .badLinePointer(number, offset: pointer.offset, length: pointer.length) }
    return pointer
  }

  /// Takes a tuple's bytes out: those below it move up, and line pointers follow.
  private func takeOut(_ pointer: LinePointer) throws(RedoFault) {
    let size = Self.aligned(pointer.length)
    let start = upper
    try move(pointer.offset &- start, from: start, to: start &+ size)
    upper = start &+ size
    shift(by: size, upTo: pointer.offset)
  }

  /// Changes line pointers of tuples that stand at or below an offset.
  private func shift(by distance: Int, upTo limit: Int) {
    for number in stride(from: 1, through: linePointerCount, by: 1) {
      let place = Self.linePointerOffset(number)
      let pointer = LinePointer(raw: uint32(place))
      guard pointer.hasStorage, pointer.offset <= limit else { continue }
      store32(pointer.with(offset: pointer.offset &+ distance).raw, place)
    }
  }

  /// Deletes a tuple, and its line pointer: those behind it move down.
  func deleteIndexTuple(_ number: Int) throws(RedoFault) {
    try checkBounds()
    let pointer = try indexTuplePointer(number)
    let place = Self.linePointerOffset(number)
    let next = place &+ Self.linePointerByteCount
    try move(lower &- next, from: next, to: place)
    lower &-= Self.linePointerByteCount
    try takeOut(pointer)
  }

  /// Deletes a tuple; its line pointer becomes unused, or is cut off if it is the last one.
  func deleteIndexTupleKeepingNumbers(_ number: Int) throws(RedoFault) {
    try checkBounds()
    let pointer = try indexTuplePointer(number)
    if number < linePointerCount {
      try setLinePointer(number, .unused)
    } else {
      lower &-= Self.linePointerByteCount
    }
    try takeOut(pointer)
  }

  /// Deletes tuples whose numbers, of 2 bytes each and rising, come next in a record.
  func deleteIndexTuples(_ count: Int, _ numbers: inout RecordBytes) throws(RedoFault) {
    guard count > 2 else {
      let first = count > 0 ? Int(try numbers.uint16()) : 0
      let second = count > 1 ? Int(try numbers.uint16()) : 0
      if count > 1 { try deleteIndexTuple(second) }
      if count > 0 { try deleteIndexTuple(first) }
      return
    }
    try checkBounds()
    var left = count
    var next = Int(try numbers.uint16())
    var (kept, total) = (0, 0)
    for number in 1...max(1, linePointerCount) {
      let pointer = try indexTuplePointer(number)
      if left > 0, number == next {
        left &-= 1
        if left > 0 { next = Int(try numbers.uint16()) }
        continue
      }
      let length = Self.aligned(pointer.length)
      workspace.places[kept] = TuplePlace(index: kept, offset: pointer.offset, alignedLength: length)
      kept &+= 1
      total &+= length
      // At or below where it was read.
      store32(pointer.raw, Self.linePointerOffset(kept))
    }
    guard left == 0 else { throw .noLinePointer(next, count: linePointerCount) }
    guard total <= special &- lower else { throw .noRoom(found: special &- lower, expected: total) }
    lower = Self.linePointerOffset(kept &+ 1)
    if kept == 0 { upper = special } else { compact(kept) }
  }

  /// Puts a tuple in the place of another, which can have another length.
  ///
  /// - source: not in the page.
  func overwriteIndexTuple(_ number: Int, _ source: UnsafeRawPointer, _ count: Int) throws(RedoFault) {
    try checkBounds()
    let pointer = try indexTuplePointer(number)
    let oldSize = Self.aligned(pointer.length)
    let newSize = Self.aligned(count)
    guard count > 0, newSize <= oldSize &+ upper &- lower else {
      throw .noRoom(found: oldSize &+ upper &- lower, expected: count)
    }
    let distance = oldSize &- newSize
    let start = upper
    try move(pointer.offset &- start, from: start, to: start &+ distance)
    upper = start &+ distance
    if distance != 0 { shift(by: distance, upTo: pointer.offset) }
    let place = pointer.offset &+ distance
    try setLinePointer(number, LinePointer(place, pointer.state, count))
    (bytes + place).copyMemory(from: source, byteCount: count)
  }
}

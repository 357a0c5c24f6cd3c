import IndexFormat

/// Line pointers and tuples. Source: PostgreSQL, `storage/page/bufpage.c`.
extension RedoPage {
  /// The most line pointers of a page of a table.
  static let maximumHeapTupleCount = 291

  var linePointerCount: Int {
    lower <= Self.headerByteCount
      ? 0 : (min(lower, Self.byteCount) &- Self.headerByteCount) / Self.linePointerByteCount
  }

  @inline(__always)
  static func linePointerOffset(_ number: Int) -> Int {
    headerByteCount &+ (number &- 1) &* linePointerByteCount
  }

  /// The line pointer with a number that the page has.
  @inline(__always)
  func linePointer(_ number: Int) throws(RedoFault) -> LinePointer {
    let count = linePointerCount
    guard number >= 1, number <= count else { throw .noLinePointer(number, count: count) }
    return LinePointer(raw: uint32(Self.linePointerOffset(number)))
  }

  /// Puts a line pointer in the place of one that the page has.
  @inline(__always)
  func setLinePointer(_ number: Int, _ pointer: LinePointer) throws(RedoFault) {
    let count = linePointerCount
    guard number >= 1, number <= count else { throw .noLinePointer(number, count: count) }
    store32(pointer.raw, Self.linePointerOffset(number))
  }

  /// Throws unless header, line pointers, free room, tuples and the special part follow each other.
  func checkBounds(needsAlignedSpecial: Bool = true) throws(RedoFault) {
    let (lower, upper, special) = (lower, upper, special)
    guard lower >= Self.headerByteCount, lower <= upper, upper <= special, special <= Self.byteCount,
      !needsAlignedSpecial || special == Self.aligned(special)
    else { throw .badPageBounds(lower: lower, upper: upper, special: special) }
  }

  /// Adds a tuple under a line pointer's number: with `overwrites` an unused one or the next new one, else those from
  /// there on move up.
  ///
  /// - source: not in the page.
  func addTuple(
    _ source: UnsafeRawPointer,
    _ count: Int,
    at number: Int,
    overwrites: Bool,
    limit maximum: Int = maximumLinePointerCount
  ) throws(RedoFault) {
    try checkBounds(needsAlignedSpecial: false)
    let next = linePointerCount &+ 1
    guard number >= 1, number <= next, number <= maximum else {
      throw .noLinePointer(number, count: min(next, maximum))
    }
    if number < next, overwrites {
      let old = LinePointer(raw: uint32(Self.linePointerOffset(number)))
      guard !old.isUsed, !old.hasStorage else { throw .usedLinePointer(number) }
    }
    let isShifted = number < next && !overwrites
    let newLower = number == next || isShifted ? lower &+ Self.linePointerByteCount : lower
    let newUpper = upper &- Self.aligned(count)
    guard count >= 0, count <= Self.byteCount, newLower <= newUpper else {
      throw .noRoom(found: upper &- lower, expected: count)
    }
    let place = Self.linePointerOffset(number)
    if isShifted {
      try move(
        (next &- number) &* Self.linePointerByteCount,
        from: place,
        to: place &+ Self.linePointerByteCount
      )
    }
    store32(LinePointer(newUpper, LinePointer.State.normal, count).raw, place)
    (bytes + newUpper).copyMemory(from: source, byteCount: count)
    lower = newLower
    upper = newUpper
  }

  /// Adds a tuple that stands in a record.
  func addTuple(_ source: RawSpan, at number: Int, overwrites: Bool = false) throws(RedoFault) {
    let fault = source.withUnsafeBytes { source -> RedoFault? in
      do throws(RedoFault) {
        let start = source.baseAddress ?? UnsafeRawPointer(bytes)
        try addTuple(start, source.count, at: number, overwrites: overwrites)
        return nil
      } catch {
        return error
      }
    }
    if let fault { throw fault }
  }

  /// Moves tuples to the end of the page, in the order of their places.
  ///
  /// Bytes below the tuples stay as they are. PostgreSQL moves tuples in place where it can; what it writes, and
  /// where, is the same.
  func compact(_ count: Int) {
    let (start, end) = (upper, special)
    workspace.scratch.copyMemory(from: bytes + start, byteCount: end &- start)
    var target = end
    for position in 0..<count {
      let place = workspace.places[position]
      target &-= place.alignedLength
      (bytes + target).copyMemory(
        from: workspace.scratch + (place.offset &- start),
        byteCount: place.alignedLength
      )
      let offset = Self.linePointerOffset(place.index &+ 1)
      store32(LinePointer(raw: uint32(offset)).with(offset: target).raw, offset)
    }
    upper = target
  }

  /// Closes the gaps between tuples of a table's page, and cuts unused line pointers off the end.
  ///
  /// - cutsLinePointers: versions before 15 leave unused line pointers here.
  func repairFragmentation(cutsLinePointers: Bool) throws(RedoFault) {
    try checkBounds()
    let (start, end) = (upper, special)
    let lineCount = linePointerCount
    var (count, total, unusedCount, lastUsed) = (0, 0, 0, 0)
    for number in stride(from: 1, through: lineCount, by: 1) {
      let pointer = LinePointer(raw: uint32(Self.linePointerOffset(number)))
      guard pointer.isUsed else {
        store32(LinePointer.unused.raw, Self.linePointerOffset(number))
        unusedCount &+= 1
        continue
      }
      lastUsed = number
      guard pointer.hasStorage else { continue }
      let length = Self.aligned(pointer.length)
      guard pointer.offset >= start, pointer.offset &+ length <= end else {
        throw .badLinePointer(number, offset: pointer.offset, length: pointer.length)
      }
      workspace.places[count] = TuplePlace(index: number &- 1, offset: pointer.offset, alignedLength: length)
      count &+= 1
      total &+= length
    }
    guard total <= end &- lower else { throw .noRoom(found: end &- lower, expected: total) }
    if count == 0 { upper = end } else { compact(count) }
    if cutsLinePointers, lastUsed != lineCount {
      unusedCount &-= lineCount &- lastUsed
      lower &-= (lineCount &- lastUsed) &* Self.linePointerByteCount
    }
    setFreeLinePointers(unusedCount > 0)
  }

  /// Cuts unused line pointers off the end, but never the first one.
  func truncateLinePointers() {
    var number = linePointerCount
    var cut = 0
    while number > 1, !LinePointer(raw: uint32(Self.linePointerOffset(number))).isUsed {
      number &-= 1
      cut &+= 1
    }
    var hasUnused = false
    while number >= 1, !hasUnused {
      hasUnused = !LinePointer(raw: uint32(Self.linePointerOffset(number))).isUsed
      number &-= 1
    }
    lower &-= cut &* Self.linePointerByteCount
    setFreeLinePointers(hasUnused)
  }

  private func setFreeLinePointers(_ isSet: Bool) {
    if isSet { flags |= Flags.hasFreeLinePointers } else { flags &= ~Flags.hasFreeLinePointers }
  }
}

import IndexFormat

/// How many keys there are, by the numbers that keys are.
extension KeyRange {
  /// Keys of the range; the largest number if there are more.
  var keyCount: UInt64 {
    guard !isEmpty else { return 0 }
    let low = UInt128(start.high) << 64 | UInt128(start.middle)
    let high = UInt128(end.high) << 64 | UInt128(end.middle)
    let upper = high - low
    guard upper <= UInt128(UInt64.max >> 17) else { return .max }
    // The lower 16 bits of the end may be less than those of the start; then `upper` is at least 1.
    return UInt64(upper) << 16 &+ UInt64(end.low) &- UInt64(start.low)
  }

  /// The first keys of the range, and the others.
  func split(after count: UInt64) -> (first: KeyRange, rest: KeyRange) {
    guard count < keyCount, let middle = start.advanced(by: UInt32(clamping: count)), middle < end else {
      return (self, KeyRange(start: end, end: end))
    }
    return (KeyRange(start: start, end: middle), KeyRange(start: middle, end: end))
  }
}

extension KeySpace {
  var keyCount: UInt64 {
    ranges.reduce(0) { sum, range in
      let (result, overflow) = sum.addingReportingOverflow(range.keyCount)
      return overflow ? .max : result
    }
  }
}

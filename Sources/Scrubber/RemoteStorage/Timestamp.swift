import Glibc

/// A moment, in nanoseconds since 1970-01-01 UTC.
struct Timestamp: Sendable, Hashable, Comparable {
  var nanoseconds: Int64

  init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  /// Out-of-range values are clamped to what 64 bits of nanoseconds hold (years 1677 to 2262).
  init(seconds: Int64, nanoseconds: Int64 = 0) {
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, sumOverflow) = product.addingReportingOverflow(nanoseconds)
    self.nanoseconds = overflow || sumOverflow ? (seconds < 0 ? .min : .max) : sum
  }

  static func < (left: Timestamp, right: Timestamp) -> Bool { left.nanoseconds < right.nanoseconds }
}

extension Timestamp {
  /// What the system's clock says.
  static var now: Timestamp {
    var time = timespec()
    // Cannot fail: the clock exists and the address is valid.
    _ = clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(time)
  }
}

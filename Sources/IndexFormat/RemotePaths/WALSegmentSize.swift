/// The size of a WAL segment: a power of two from 1 MiB to 1 GiB, as PostgreSQL allows. 16 MiB unless the
/// timeline says otherwise.
public struct WALSegmentSize: Hashable, Sendable {
  public let byteCount: UInt64

  public static let standard = WALSegmentSize(unchecked: 16 << 20)

  /// Nil for sizes that PostgreSQL refuses.
  public init?(byteCount: UInt64) {
    guard byteCount >= 1 << 20, byteCount <= 1 << 30, byteCount & (byteCount - 1) == 0 else { return nil }
    self.byteCount = byteCount
  }

  private init(unchecked byteCount: UInt64) { self.byteCount = byteCount }

  /// The segment that holds the byte at `lsn`.
  public func segment(of lsn: Lsn) -> WALSegmentNumber { WALSegmentNumber(lsn.value / byteCount) }

  /// How far into its segment `lsn` is.
  public func offset(of lsn: Lsn) -> UInt64 { lsn.value & (byteCount - 1) }

  /// The segment's first byte; nil if it lies behind the last LSN.
  public func start(of segment: WALSegmentNumber) -> Lsn? {
    let (start, overflow) = segment.value.multipliedReportingOverflow(by: byteCount)
    return overflow ? nil : Lsn(start)
  }

  /// How many segments one step of the name's middle part stands for: 4 GiB of WAL.
  var segmentsPerHigh: UInt64 { (1 << 32) / byteCount }
}

/// The name of a file in a page server's `deletion/` folder, which is on its disk only.
///
/// | file | name |
/// |---|---|
/// | list of objects to delete | sequence number as 16 lower-case hex digits, `-01.list` |
/// | header | `header-01` |
/// | either while being written | with `.tmp` behind |
///
/// `01` is the version of the format. Source: `pageserver/src/deletion_queue.rs`.
public enum DeletionQueueFileName: Hashable, Sendable {
  case list(sequence: UInt64)
  case header
  case temporary

  /// Reads all of `bytes`; nil for other names and other versions.
  public init?(text bytes: RawSpan) {
    if bytes.ends(with: ".tmp") {
      self = .temporary
    } else if bytes.equals("header-01") {
      self = .header
    } else if bytes.byteCount == 24, bytes.ends(with: "-01.list"),
      !bytes.hasUpperCase(upTo: 16), let sequence = HexDigits.decode16(bytes, at: 0)
    {
      self = .list(sequence: sequence)
    } else {
      return nil
    }
  }

  /// Nil for a temporary file, whose name says more than was kept.
  public var text: String? {
    switch self {
    case .list(let sequence): HexDigits.string(sequence, count: 16, uppercase: false) + "-01.list"
    case .header: "header-01"
    case .temporary: nil
    }
  }
}

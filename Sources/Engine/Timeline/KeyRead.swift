import IndexFormat

/// What the layers hold of a key at an LSN: an image, and records above it that must be applied to it.
public struct KeyRead: Sendable {
  /// A whole value: from an image layer, or written as an image into a delta layer.
  public struct Image: Equatable, Sendable {
    public var lsn: Lsn
    public var bytes: [UInt8]
    /// The visit that found it, of the read's `visits`.
    public var visit: Int
  }

  public struct Record: Equatable, Sendable {
    public var lsn: Lsn
    public var record: NeonRecord
    public var visit: Int

    public init(lsn: Lsn, record: NeonRecord, visit: Int) {
      self.lsn = lsn
      self.record = record
      self.visit = visit
    }
  }

  public let key: Key
  public internal(set) var image: Image?
  /// In ascending order of the LSNs. If there is no image, the first one makes the value anew, or something is missing.
  public internal(set) var records: [Record] = []
  /// Why nothing is known: a layer that may have something of the key cannot be read.
  public internal(set) var failure: ReadError?
  /// Whether an image or a record that needs none was found.
  public internal(set) var isComplete = false

  init(_ key: Key) { self.key = key }

  /// Whether it says that a sparse key has no value.
  public var isTombstone: Bool {
    key.isSparse && records.isEmpty && image.map { $0.bytes.isEmpty } ?? false
  }

  /// Takes over what a layer gave: once an image, and records.
  ///
  /// - Returns: whether it is complete with it.
  mutating func add(_ value: LayerFound.Value, _ visit: Int) -> Bool {
    switch value.content {
    case .image(let bytes): image = Image(lsn: value.lsn, bytes: bytes, visit: visit)
    case .record(let record): records.append(Record(lsn: value.lsn, record: record, visit: visit))
    }
    if value.content.willInit { isComplete = true }
    return isComplete
  }

  /// Room for a page, which every key is given.
  static let pageByteCount = 8192
  /// Bytes that are held of a key, whatever was found of it.
  static let baseByteCount = pageByteCount + 96
  /// Bytes that are held of a record beside its own: an array's head, what an allocation is rounded up by, and the
  /// record itself, twice, as arrays grow by doubling. Most records are short, so what is around them counts.
  static let recordByteCount = 48 + 2 * MemoryLayout<Record>.stride

  /// Bytes that are held.
  var byteCount: Int {
    let images = image.map { Self.byteCount(of: .image($0.bytes)) } ?? 0
    return records.reduce(Self.baseByteCount + images) { $0 + Self.byteCount(of: .record($1.record)) }
  }

  /// Bytes that are held of one value, beside those of its key.
  static func byteCount(of content: LayerValue) -> Int {
    switch content {
    case .image(let bytes): max(0, bytes.count - pageByteCount)
    case .record(.postgres(_, let bytes)): bytes.count + recordByteCount
    case .record: recordByteCount
    }
  }

  /// The value, as far as no record has to be applied to a page.
  public func value(at lsn: Lsn, _ rules: ReadRules = .march2026) throws(ReadError) -> [UInt8] {
    if let failure { throw failure }
    if records.isEmpty, let image { return image.bytes }
    if key == .auxFilesV1, let image { return try auxFiles(image, at: lsn, rules) }
    throw .unreplayed(
      UnreplayedValue(key: key, lsn: lsn, recordCount: records.count, hasBase: isComplete)
    )
  }

  private func auxFiles(_ image: Image, at lsn: Lsn, _ rules: ReadRules) throws(ReadError) -> [UInt8] {
    guard rules.appliesAuxFileRecords else { return image.bytes }
    do throws(FormatError) {
      var directory = try AuxFilesDirectory(parsing: image.bytes.span.bytes)
      for record in records { try directory.apply(record.record) }
      var bytes: [UInt8] = []
      directory.encode(into: &bytes)
      return bytes
    } catch {
      throw .damagedValue(key, lsn, error)
    }
  }
}

import IndexFormat

/// Imports a base backup that comes as a tar archive, piece by piece.
public struct BaseBackupArchive: ~Copyable {
  private let target: BaseBackupImport
  private var tar = TarWalk(lookingFor: "global/pg_control")
  private var name = ""
  private var content: [UInt8] = []
  /// Whether the file at hand is held until its end.
  private var isWanted = false

  /// Of one file: a segment of a relation.
  private static let maximumFileByteCount: UInt64 = 1 << 30

  public init(_ target: BaseBackupImport) { self.target = target }

  /// Takes the next bytes of the archive.
  public mutating func add(_ bytes: RawSpan) throws(IngestError) {
    var position = 0
    while let event = try next(bytes, &position) {
      switch event {
      case .file(let path, let byteCount):
        name = String(decoding: path, as: UTF8.self)
        isWanted = BaseBackupImport.isImported(name)
        if isWanted, byteCount > Self.maximumFileByteCount {
          let limit = Self.maximumFileByteCount
          throw IngestError(.limitExceeded(field: name, found: byteCount, limit: limit), at: target.lsn)
        }
      case .content(let range): if isWanted { content.append(bytes.extracting(range)) }
      case .fileEnd:
        if isWanted { try target.add(name, content.span.bytes) }
        content.removeAll(keepingCapacity: content.capacity <= 1 << 20)
      }
    }
  }

  /// Checks that the archive has ended, and gives the values.
  public consuming func finish() throws(IngestError) -> MemoryRun {
    do throws(FormatError) {
      try tar.finish()
    } catch {
      throw IngestError(.unreadable(error), at: target.lsn)
    }
    return try target.finish()
  }

  private mutating func next(
    _ bytes: RawSpan,
    _ position: inout Int
  ) throws(IngestError) -> TarWalk.Event? {
    do throws(FormatError) {
      return try tar.next(bytes, from: &position)
    } catch {
      throw IngestError(.unreadable(error), at: target.lsn)
    }
  }
}

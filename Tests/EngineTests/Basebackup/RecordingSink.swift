import Engine
import IndexFormat

/// What was written, by path: folders, and of files length and SHA-256, or the bytes themselves.
final class RecordingSink: BackupSink {
  struct File: Equatable {
    var byteCount: UInt64
    var digest: [UInt8]
    /// What was said when it was begun.
    var announced: UInt64
  }

  private(set) var folders: [String] = []
  private(set) var files: [String: File] = [:]
  private(set) var contents: [String: [UInt8]] = [:]
  /// Paths in the order in which they came.
  private(set) var order: [String] = []
  private(set) var isFinished = false
  private let keeps: @Sendable (String) -> Bool
  private let hasher: Hasher256
  private var open: (path: String, announced: UInt64)?
  private var bytes: [UInt8] = []

  /// - keeps: of which files the bytes are kept.
  init(keeps: @escaping @Sendable (String) -> Bool = { _ in false }) throws {
    self.keeps = keeps
    hasher = try Hasher256()
  }

  func addFolder(_ path: BackupPath) throws(BackupError) {
    folders.append(path.text)
    order.append(path.text)
  }

  func beginFile(_ path: BackupPath, byteCount: UInt64) throws(BackupError) {
    open = (path.text, byteCount)
    order.append(path.text)
    bytes.removeAll(keepingCapacity: true)
  }

  func append(_ new: RawSpan) throws(BackupError) { new.withUnsafeBytes { bytes.append(contentsOf: $0) } }

  func endFile() throws(BackupError) {
    guard let open else { return }
    files[open.path] = File(
      byteCount: UInt64(bytes.count),
      digest: hasher.digest(bytes),
      announced: open.announced
    )
    if keeps(open.path) { contents[open.path] = bytes }
    self.open = nil
  }

  func finish() throws(BackupError) { isFinished = true }
}

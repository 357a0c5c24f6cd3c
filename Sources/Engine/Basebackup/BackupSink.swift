/// Where a data directory goes: an archive, a folder, or a test. For one task.
///
/// Folders come before what is in them, unless nothing says that they are there: a file's folder may be missing.
/// Each file is begun, gets exactly its bytes, and is ended before the next one begins.
public protocol BackupSink: AnyObject {
  func addFolder(_ path: BackupPath) throws(BackupError)
  func beginFile(_ path: BackupPath, byteCount: UInt64) throws(BackupError)
  func append(_ bytes: RawSpan) throws(BackupError)
  func endFile() throws(BackupError)
  /// All is written.
  func finish() throws(BackupError)
}

import Engine
import IndexFormat

/// A sink that tells how far it is, now and then.
final class ProgressSink<Base: BackupSink>: BackupSink {
  private let base: Base
  private let line: DrawnLine
  /// Bytes of relations, which are nearly all; nil if nobody has counted them.
  private let byteTotal: UInt64?
  private let start = ContinuousClock.now
  private var last = Duration.zero
  private var byteCount: UInt64 = 0
  private var fileCount = 0

  private let interval = Duration.milliseconds(100)

  init(_ base: Base, line: DrawnLine, byteTotal: UInt64?) {
    self.base = base
    self.line = line
    self.byteTotal = byteTotal
  }

  func addFolder(_ path: BackupPath) throws(BackupError) { try base.addFolder(path) }

  func beginFile(_ path: BackupPath, byteCount: UInt64) throws(BackupError) {
    fileCount += 1
    try base.beginFile(path, byteCount: byteCount)
  }

  func append(_ bytes: RawSpan) throws(BackupError) {
    byteCount &+= UInt64(bytes.byteCount)
    try base.append(bytes)
    let elapsed = ContinuousClock.now - start
    guard elapsed - last >= interval else { return }
    last = elapsed
    line.show(text(elapsed))
  }

  func endFile() throws(BackupError) { try base.endFile() }

  func finish() throws(BackupError) { try base.finish() }

  /// `[####    ] 43 %, 512 files, 35.0 MiB of about 81.0 MiB, 0:03, about 0:04 left`
  private func text(_ elapsed: Duration) -> String {
    // A segment of WAL and the like come on top.
    let fraction = byteTotal.flatMap { $0 > 0 ? min(1, Double(byteCount) / Double($0)) : nil }
    let parts = [
      Count(fileCount, "file").description,
      DecimalText.bytes(byteCount) + (byteTotal.map { " of about \(DecimalText.bytes($0))" } ?? ""),
      DecimalText.clock(elapsed),
    ]
    return ProgressLine.bar(fraction)
      + ProgressLine.numbers(parts, fraction: fraction, elapsed: elapsed).joined(separator: ", ")
  }
}

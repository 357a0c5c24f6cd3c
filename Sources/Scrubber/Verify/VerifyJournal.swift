import Glibc
import IndexFormat
import Synchronization

/// What a verification has done, in a file, so that a run that was killed can be gone on with.
///
/// | line | content |
/// |---|---|
/// | first | `VerificationHeader`: of what |
/// | others | `VerifiedUnit`: what came of a unit, written when it was done |
///
/// A line that cannot be read was cut off when the program or the machine ended; what it and those behind it said is
/// found out anew. The file is locked while a run writes it, and removed when there is nothing left to do.
final class VerifyJournal: Sendable {
  let path: String
  private let file: FileDescriptor
  private let failure = Mutex<SystemCallError?>(nil)

  /// What an earlier run left: what came of units, by their numbers.
  struct Left {
    var units: [Int: VerifiedUnit] = [:]
  }

  /// Opens the journal of a run, or begins one.
  ///
  /// - Parameters:
  ///   - isNamed: whether the user named the file: then nothing in it is dropped unasked.
  ///   - resumes: whether to take what is there.
  static func open(
    _ path: String,
    _ header: VerificationHeader,
    isNamed: Bool,
    resumes: Bool
  ) throws(ScanFailure) -> (journal: VerifyJournal, left: Left, dropped: Int) {
    let journal: VerifyJournal
    let bytes: [UInt8]
    do throws(SystemCallError) {
      journal = try VerifyJournal(path)
      guard try journal.file.lock() else {
        throw SystemCallError(attempt: "lock the file: another run writes it", code: EWOULDBLOCK)
      }
      let size = try journal.file.status().st_size
      bytes = try journal.file.read(count: Int(clamping: size), at: 0)
    } catch {
      throw ScanFailure(message: "\(path): \(error)", hint: "Name another file with --journal.")
    }
    let content = JournalContent(bytes)
    if let known = content.header {
      guard known.fingerprint == header.fingerprint, known.unitCount == header.unitCount else {
        throw other(path, known)
      }
    } else if !(header.encode() + [UInt8(ascii: "\n")]).starts(with: bytes) {
      // A first line that was cut off is ours all the same.
      throw foreign(path)
    }
    if !resumes, isNamed, !content.units.isEmpty {
      throw ScanFailure(
        message: "\(path): holds an unfinished verification; nothing was changed",
        hint: "Go on with it by --resume, or name another file with --journal.",
        exitCode: .usage
      )
    }
    do throws(SystemCallError) {
      let isKept = resumes && content.header != nil
      try journal.cut(to: isKept ? content.byteCount : 0)
      if !isKept { try journal.file.write(header.encode() + [UInt8(ascii: "\n")]) }
    } catch {
      throw ScanFailure(message: "\(path): \(error)")
    }
    return (journal, Left(units: resumes ? content.units : [:]), resumes ? 0 : content.units.count)
  }

  private init(_ path: String) throws(SystemCallError) {
    self.path = path
    file = FileDescriptor(
      number: try SystemCallError.check("open the file") {
        Glibc.open(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
      }
    )
  }

  deinit { file.unlock() }

  private func cut(to byteCount: Int) throws(SystemCallError) {
    let number = file.number
    _ = try SystemCallError.check("cut the file") { ftruncate(number, byteCount) }
  }

  private static func other(_ path: String, _ known: VerificationHeader) -> ScanFailure {
    ScanFailure(
      message:
        "\(path): is the journal of another verification, of tenant \(known.tenant) in \(known.location), "
        + "or of other options, or of indices that have changed since; nothing was changed",
      hint: "Name another file with --journal, or remove this one.",
      exitCode: .usage
    )
  }

  private static func foreign(_ path: String) -> ScanFailure {
    ScanFailure(
      message: "\(path): is not the journal of a verification; nothing was changed",
      hint: "Name another file with --journal.",
      exitCode: .usage
    )
  }

  /// Adds a line. One call of the system, so that lines of several tasks do not mix. Where it fails, the first reason
  /// is kept: the run goes on without.
  func note(_ unit: VerifiedUnit) {
    failure.withLock { failure in
      guard failure == nil else { return }
      do throws(SystemCallError) {
        try file.write(unit.encode() + [UInt8(ascii: "\n")])
      } catch {
        failure = error
      }
    }
  }

  /// Why not all was written.
  var problem: SystemCallError? { failure.withLock { $0 } }

  /// The work is done.
  func remove() {
    // A journal that stays says nothing that is wrong.
    unlink(path)
  }
}

/// A journal as it is read.
private struct JournalContent {
  var header: VerificationHeader?
  /// Of each unit the last line.
  var units: [Int: VerifiedUnit] = [:]
  /// Bytes up to the end of the last line that can be read.
  var byteCount = 0

  init(_ bytes: [UInt8]) {
    var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    // Behind the last line's end, or a line that was cut off.
    lines.removeLast()
    guard let first = lines.first else { return }
    do throws(FormatError) {
      let header = try VerificationHeader(parsing: Array(first))
      self.header = header
      byteCount = first.count + 1
      for line in lines.dropFirst() {
        let unit = try VerifiedUnit(parsing: Array(line))
        guard unit.number < header.unitCount, let number = Int(exactly: unit.number), unit.result != nil
        else { return }
        units[number] = unit
        byteCount += line.count + 1
      }
    } catch {
      // From here on nothing is known.
      return
    }
  }
}

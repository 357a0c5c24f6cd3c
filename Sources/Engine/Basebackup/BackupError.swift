import IndexFormat

/// Why a data directory was not written to its end. What was written has no `pg_control`, or the archive has no end.
public indirect enum BackupError: Error, Sendable {
  /// A value could not be read.
  case read(ReadError)
  /// A value is what its key says, and cannot become part of a data directory.
  case unusable(Lsn, FormatError)
  /// Writing failed.
  case system(SystemError)
  /// The folder that is to be filled is not empty.
  case notEmpty(String)
}

extension BackupError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .read(let error): "\(error)"
    case .unusable(let lsn, let error): "data directory at \(lsn): \(error)"
    case .system(let error): "\(error)"
    case .notEmpty(let path): "\(path): the folder is not empty"
    }
  }
}

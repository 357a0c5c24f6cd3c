import IndexFormat

/// Aux files, by the policy of the timeline and the time of the page server.
extension TimelineCatalog {
  /// All aux files in ascending order of their paths.
  ///
  /// | rules | policy | read |
  /// |---|---|---|
  /// | since 2024-10-17 | any | second layout |
  /// | before | none, `v1` | first layout; no files if it has no value |
  /// | before | `v2` | second layout |
  /// | before | `cross-validation` | both, which must agree |
  public func auxFiles(at lsn: Lsn) async throws(ReadError) -> [AuxFile] {
    guard facts.rules.readsAuxFilesV1 else { return try await auxFilesV2(at: lsn) }
    switch facts.auxFilePolicy ?? .v1 {
    case .v1: return try await auxFilesV1(at: lsn) ?? []
    case .v2: return try await auxFilesV2(at: lsn)
    case .crossValidation:
      let first = try await auxFilesV1(at: lsn) ?? []
      let second = try await auxFilesV2(at: lsn)
      guard first == second else { throw Self.unmatched(first, second, lsn) }
      return first
    }
  }

  /// The files of the first layout; nil if its key has no value.
  public func auxFilesV1(at lsn: Lsn) async throws(ReadError) -> [AuxFile]? {
    let values = try await source.values(of: KeySpace(.nonInheritedDense), at: lsn)
    guard let value = values.first else { return nil }
    let directory: AuxFilesDirectory = try parse(value.key, lsn, value.bytes)
    return directory.files
  }

  /// The files of the second layout. Of files of the same path under several keys the one of the last key counts.
  public func auxFilesV2(at lsn: Lsn) async throws(ReadError) -> [AuxFile] {
    var files: [AuxFile] = []
    for value in try await source.values(of: KeySpace(.auxFiles), at: lsn) {
      let list: AuxFileList = try parse(value.key, lsn, value.bytes)
      files += list.files
    }
    return AuxFilesDirectory(files).files
  }

  private static func unmatched(_ first: [AuxFile], _ second: [AuxFile], _ lsn: Lsn) -> ReadError {
    let difference = zip(first, second).first { $0 != $1 }
    let path =
      difference.map { min($0.0.path, $0.1.path) }
      ?? (first.count > second.count ? first : second)
      .dropFirst(min(first.count, second.count)).first?.path
    return .damagedValue(
      .auxFilesV1,
      lsn,
      FormatError(
        .badValue,
        field: "aux files",
        found: "\(first.count) files in the first layout, \(second.count) in the second",
        expected: "the same in both; the first difference is \"\(path.map { "\($0)" } ?? "")\""
      )
    )
  }
}

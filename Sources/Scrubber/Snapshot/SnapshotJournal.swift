import IndexFormat

/// What an unfinished snapshot is, and which of its files are whole: read from its journal.
///
/// | line | content |
/// |---|---|
/// | first | a `snapshot.json` without files: which snapshot this is to be |
/// | others | a `SnapshotFile` for each file, written just before the file gets its name |
///
/// A line that cannot be read was cut off when the program or the machine ended; what it and those behind it said is
/// found out anew.
struct SnapshotJournal: Sendable {
  var header: SnapshotDocument?
  /// Of each path the last line.
  var files: [String: SnapshotFile] = [:]
  /// Bytes up to the end of the last line that can be read.
  var byteCount = 0

  init(_ bytes: [UInt8]) {
    var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    // Behind the last line's end, or a line that was cut off.
    lines.removeLast()
    guard let first = lines.first else { return }
    do throws(FormatError) {
      header = try SnapshotDocument(parsing: Array(first))
      byteCount = first.count + 1
      for line in lines.dropFirst() {
        let file = try SnapshotFile(parsing: Array(line))
        files[file.path] = file
        byteCount += line.count + 1
      }
    } catch {
      // From here on nothing is known.
      return
    }
  }
}

extension SnapshotDocument {
  /// Whether this is the snapshot that is asked for; else what differs.
  func difference(_ selection: SnapshotSelection, _ source: SnapshotSource?, at moment: Timestamp?) -> String?
  {
    if tenant != selection.tenant { return "tenant \(tenant)" }
    if Set(selectedTimelines) != selection.timelines {
      let names = selectedTimelines.map(\.description).joined(separator: ", ")
      return selectedTimelines.isEmpty ? "all timelines" : "timelines \(names)"
    }
    if isAll != selection.isAll {
      return isAll ? "all objects (--all)" : "the needed objects (without --all)"
    }
    if let source, self.source.location != source.location {
      return "a tenant in \(self.source.location)"
    }
    if let source, !source.tenantsPrefix.isEmpty, self.source.tenantsPrefix != source.tenantsPrefix {
      return "a tenant at \(self.source.tenantsPrefix)"
    }
    if let moment, !isByVersions || self.moment != moment.rfc3339 { return "the moment \(self.moment)" }
    return nil
  }
}

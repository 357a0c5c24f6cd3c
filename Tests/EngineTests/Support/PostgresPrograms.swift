import Foundation
import IndexFormat
import Testing

/// Programs of a real PostgreSQL.
///
/// | version | where |
/// |---|---|
/// | 15 | Debian's package |
/// | 16, 17 | `/opt/scrubber-tests/postgres-N`, or `.venv/postgres-N`: where `tools/setup tests` puts them |
///
/// `SCRUBBER_POSTGRES` adds others, as `16:/folder,17:/folder`.
struct PostgresPrograms: CustomTestStringConvertible, Sendable {
  /// With `initdb`, `postgres` and the others.
  var folder: String
  var version: PostgresVersion

  var testDescription: String { "PostgreSQL \(version.major)" }

  private var isThere: Bool { FileManager.default.isExecutableFile(atPath: "\(folder)/initdb") }

  /// One of each version that is there, and those of the variable.
  static let installed: [PostgresPrograms] = {
    let root = URL(filePath: #filePath).appending(path: "../../../..").standardized.path
    var all = [PostgresPrograms(folder: "/usr/lib/postgresql/15/bin", version: .v15)].filter(\.isThere)
    for version in [PostgresVersion.v16, .v17] {
      let folders = ["/opt/scrubber-tests", "\(root)/.venv"].map { "\($0)/postgres-\(version.major)/bin" }
      let programs = folders.map { PostgresPrograms(folder: $0, version: version) }
      if let first = programs.first(where: \.isThere) { all.append(first) }
    }
    let others = ProcessInfo.processInfo.environment["SCRUBBER_POSTGRES"] ?? ""
    for text in others.split(separator: ",") {
      let parts = text.split(separator: ":", maxSplits: 1)
      guard parts.count == 2, let version = UInt32(parts[0]).flatMap(PostgresVersion.init(major:)) else {
        continue
      }
      all.append(PostgresPrograms(folder: String(parts[1]), version: version))
    }
    return all.filter(\.isThere)
  }()

  static var areComplete: Bool {
    [.v15, .v16, .v17].allSatisfy { version in installed.contains { $0.version == version } }
  }
  static let absence: Comment = "SKIPPED, NOT CHECKED: no PostgreSQL 15, 16 and 17; run tools/setup tests"
}

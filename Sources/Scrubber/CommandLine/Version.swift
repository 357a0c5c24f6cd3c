import CBuildInformation
import IndexFormat

/// What the program is and which formats it knows.
enum Version {
  static let program = "0.1.0"
  static var commit: String { String(cString: scrubber_commit) }

  static var text: String {
    func range(_ range: ClosedRange<some BinaryInteger>) -> String {
      "\(range.lowerBound)-\(range.upperBound)"
    }
    return """
      scrubber \(program) (\(commit))
      index_part.json versions \(range(IndexPart.knownVersions)), \
      tenant manifest \(range(TenantManifest.knownVersions)), \
      timeline metadata formats \(range(TimelineMetadata.knownBinaryFormats))
      PostgreSQL \(range(TimelineMetadata.knownPgVersions))

      """
  }
}

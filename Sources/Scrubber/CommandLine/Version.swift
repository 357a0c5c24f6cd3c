import CBuildInformation

/// What the program is and which formats it knows.
enum Version {
  static let program = "0.1.0"
  static var commit: String { String(cString: scrubber_commit) }
  static let indexVersions = 1...15
  static let manifestVersions = 1...2
  static let timelineMetadataFormats = 3...4
  static let postgresVersions = 14...17

  static var text: String {
    func range(_ range: ClosedRange<Int>) -> String { "\(range.lowerBound)-\(range.upperBound)" }
    return """
      scrubber \(program) (\(commit))
      index_part.json versions \(range(indexVersions)), tenant manifest \(range(manifestVersions)), \
      timeline metadata formats \(range(timelineMetadataFormats))
      PostgreSQL \(range(postgresVersions))

      """
  }
}

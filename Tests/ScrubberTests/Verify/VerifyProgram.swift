import Foundation
import Testing

@testable import Scrubber

/// The built program verifying.
enum VerifyProgram {
  /// What depends on the run and not on the data: how much was read depends on what was in a cache.
  private static let volatile = ["duration_seconds", "read_bytes", "units_kept", "location"]

  /// The JSON document of a run, without what depends on the run.
  static func document(_ outcome: BuiltProgram.Outcome) throws -> NSDictionary {
    let json = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
    return NSDictionary(
      dictionary: try #require(json, "\(outcome.error)").filter { !volatile.contains($0.key) }
    )
  }

  static func run(
    _ bucket: String,
    _ arguments: [String] = [],
    state: TemporaryFolder? = nil
  ) throws -> BuiltProgram.Outcome {
    let folder = try state ?? TemporaryFolder()
    return try BuiltProgram.run(
      ["verify", bucket] + arguments,
      environment: ["XDG_STATE_HOME": folder.path]
    )
  }
}

extension NSDictionary {
  /// How much of a kind of thing was there, and what was done with it.
  func tally(_ kind: String) throws -> (present: Int, checked: Int, skipped: [String: Int]) {
    let coverage = try #require(self["coverage"] as? [String: Any])
    let tally = try #require(coverage[kind] as? [String: Any])
    return (
      try #require(tally["present"] as? Int), try #require(tally["checked"] as? Int),
      try #require(tally["skipped"] as? [String: Int])
    )
  }
}

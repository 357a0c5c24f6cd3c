import Foundation
import IndexFormat
import Testing

@testable import Scrubber

/// What a command that looks into a tenant came to.
struct ForensicRecord {
  var exitCode: ExitCode
  var output: String
  var error: String

  static let samples = GoldenText.root.appending(path: "samples/bucket").path
  static let tenant = "f8d29c5dd92e0ee1bdf5d3a6513060f1"
  static let main = "368c353096ae11b85437e6760663c46f"
  static let delta =
    "000000000000000000000000000000000000-FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF__000000000147A959-000000000147A9D1"
  static let image =
    "000000067F0000000400000A630100000000-000000067F0000000400000B150100000000__000000000147A958"

  /// A layer of the samples as a file.
  static func file(_ layer: String) -> String {
    "\(samples)/pageserver/v1/tenants/\(tenant)/timelines/\(main)/\(layer)-00000001"
  }

  /// Runs the command in this process; the path of the samples is shortened in what it prints.
  static func run(_ arguments: [String]) async throws -> ForensicRecord {
    guard case .forensic(let command) = try Invocation(arguments, environment: Environment([:])) else {
      throw ForensicTestError(arguments: arguments)
    }
    let (output, error) = (CapturedOutput(), CapturedOutput())
    let desk = CommandDesk(environment: Environment([:]), output: output, error: error)
    let exitCode = await command.run(desk)
    func short(_ text: String) -> String { text.replacing(GoldenText.root.path + "/", with: "") }
    return ForensicRecord(exitCode: exitCode, output: short(output.text), error: short(error.text))
  }

  /// On the samples.
  static func run(samples arguments: String...) async throws -> ForensicRecord {
    try await run(arguments + ["--bucket", samples])
  }
}

struct ForensicTestError: Error {
  var arguments: [String]
}

extension TenantView {
  /// The tenant of a fixture.
  static func open(_ fixture: BucketFixture, _ selector: TenantSelector? = nil) async throws -> TenantView {
    let root = BucketRoot(tenantsPrefix: "pageserver/v1/tenants/")
    return try await open(selector, in: ForensicBucket(store: try fixture.makeStore(), root: root))
  }
}

import Foundation
import Testing

@testable import IndexFormat

/// Fuzzing that can be repeated: `SCRUBBER_FUZZ_SEED` and `SCRUBBER_FUZZ_COUNT` (inputs of all tests together) change
/// what is run; a failure prints the seed and the input.
enum Fuzzing {
  static let seed = number("SCRUBBER_FUZZ_SEED") ?? 20_240_515
  static let totalCount = Int(clamping: number("SCRUBBER_FUZZ_COUNT") ?? 120_000)

  private static func number(_ variable: String) -> UInt64? {
    ProcessInfo.processInfo.environment[variable].flatMap { UInt64($0) }
  }

  /// A share of all inputs, in hundredths.
  static func count(percent: Int) -> Int { totalCount / 100 * percent }

  struct Result {
    var inputCount = 0
    var acceptedCount = 0
    var comparedCount = 0
    /// What was wrong, with the input.
    var failures: [String] = []

    mutating func fail(_ what: String, _ input: [UInt8]) {
      failures.append(
        "\(what); seed \(Fuzzing.seed), input \(inputCount): \(String(decoding: input, as: UTF8.self))"
      )
    }
  }

  /// Gives `count` mutations of `documents` to a reader. Every `comparedEvery`th that is accepted is compared with what
  /// another JSON parser sees.
  static func run<Format: DocumentFormat>(
    _ format: Format.Type,
    from documents: [[UInt8]],
    count: Int,
    comparedEvery stride: Int = 5
  ) -> Result {
    var mutator = DocumentMutator(documents: documents, seed: seed)
    var result = Result()
    while result.inputCount < count, result.failures.count < 10 {
      let input = mutator.next()
      result.inputCount += 1
      switch DocumentVerdict.of(input, as: format) {
      case .refused: break
      case .broken(let what): result.fail(what, input)
      case .accepted(let rewritten):
        result.acceptedCount += 1
        if result.acceptedCount % stride == 0 { compare(input, rewritten, &result) }
      }
    }
    return result
  }

  private static func compare(_ input: [UInt8], _ rewritten: [UInt8], _ result: inout Result) {
    switch (JSONView(input), JSONView(rewritten)) {
    case (.value(let before), .value(let after)):
      result.comparedCount += 1
      if before != after { result.fail("another value was written: \(before) became \(after)", input) }
    case (.unreadable, .unreadable):
      // Numbers out of its range, which are kept as they stand.
      if !String(decoding: input, as: UTF8.self).contains("e400") { result.fail("is no JSON", input) }
    case (.ambiguous, _), (_, .ambiguous): break
    default: result.fail("only one of before and after is JSON", input)
    }
  }
}

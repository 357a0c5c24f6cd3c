import Foundation

/// Numbers that look random and are the same in each run. `SCRUBBER_FUZZ_SEED` and `SCRUBBER_FUZZ_COUNT` choose
/// others, or more.
struct RepeatableGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state = state &+ 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
    return mixed ^ mixed >> 31
  }

  mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<max(limit, 1), using: &self) }

  mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &self) }
  }
}

enum Fuzzing {
  static let seed = number("SCRUBBER_FUZZ_SEED") ?? 20_240_515

  /// A share of all inputs, in hundredths.
  static func count(percent: Int) -> Int {
    Int(clamping: number("SCRUBBER_FUZZ_COUNT") ?? 120_000) / 100 * percent
  }

  private static func number(_ variable: String) -> UInt64? {
    ProcessInfo.processInfo.environment[variable].flatMap { UInt64($0) }
  }

  /// The bytes with one to three changes.
  static func mutate(_ original: [UInt8], _ generator: inout RepeatableGenerator) -> [UInt8] {
    var bytes = original
    for _ in 0...generator.below(3) where !bytes.isEmpty {
      let place = generator.below(bytes.count)
      switch generator.below(6) {
      case 0, 1: bytes[place] ^= 1 << UInt8(generator.below(8))
      case 2: bytes[place] = [0, 1, 0x7f, 0x80, 0x90, 0xff][generator.below(6)]
      case 3: bytes.removeLast(bytes.count - place)
      case 4:
        let end = min(bytes.count, place + 1 + generator.below(64))
        bytes.replaceSubrange(place..<end, with: generator.bytes(end - place))
      default:
        let count = min(bytes.count - place, 1 + generator.below(64))
        let from = generator.below(bytes.count - count + 1)
        bytes.replaceSubrange(place..<place + count, with: Array(bytes[from..<from + count]))
      }
    }
    return bytes
  }
}

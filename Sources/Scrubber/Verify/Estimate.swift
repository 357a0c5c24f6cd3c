/// How long work will take still, told only once the guess has settled.
struct Estimate: Sendable {
  /// What is to be done in this run, in any unit.
  let total: UInt64
  /// The whole time that was guessed at the last looks, a second apart.
  private var guesses: [Double] = []
  private var last = Duration.zero
  private var elapsed = Duration.zero

  /// How many guesses must agree, and by how much they may differ.
  private static let guessCount = 4
  private static let tolerance = 0.2
  private static let interval = Duration.seconds(1)
  /// Less than this says nothing of the rest.
  private static let leastShare = 0.02

  init(total: UInt64) { self.total = total }

  /// - Parameters:
  ///   - done: of `total`.
  ///   - elapsed: since the beginning of this run.
  mutating func look(done: UInt64, at elapsed: Duration) {
    self.elapsed = elapsed
    guard elapsed - last >= Self.interval, done > 0, total > 0 else { return }
    last = elapsed
    let share = min(Double(done) / Double(total), 1)
    guard share >= Self.leastShare else { return }
    guesses.append(Self.seconds(elapsed) / share)
    if guesses.count > Self.guessCount { guesses.removeFirst() }
  }

  /// Nil as long as the guesses differ.
  var rest: Duration? {
    guard guesses.count == Self.guessCount, let least = guesses.min(), let most = guesses.max(),
      let guess = guesses.last, most <= least * (1 + Self.tolerance)
    else { return nil }
    return max(.zero, .seconds(guess) - elapsed)
  }

  private static func seconds(_ duration: Duration) -> Double {
    Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
  }
}

import Glibc
import Synchronization
import Testing
@testable import Scrubber

@Suite(.serialized) struct SignalsTests {
  @Test(.timeLimit(.minutes(60)), arguments: [SIGTERM, SIGINT])
  func firstSignalAsksTheWorkToStop(number: Int32) async throws {
    // A sleep that is cut short by the cancellation is what the loop waits for.
    let work = Task { while !Task.isCancelled { try? await Task.sleep(for: .milliseconds(5)) } }
    let listener = Signals.onInterrupt { work.cancel() }
    defer {
      listener?.cancel()
      for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
    }
    kill(getpid(), number)
    // Ends only if the signal arrives; without the handlers it would have ended the tests.
    await work.value
    #expect(work.isCancelled)
  }
}

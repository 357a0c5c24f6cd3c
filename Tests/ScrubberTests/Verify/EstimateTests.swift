import Testing

@testable import Scrubber

struct EstimateTests {
  @Test func steadyWorkIsToldAfterSomeLooks() {
    var estimate = Estimate(total: 1000)
    for second in 1...3 {
      estimate.look(done: UInt64(second) * 50, at: .seconds(second))
      #expect(estimate.rest == nil, "\(second)")
    }
    estimate.look(done: 200, at: .seconds(4))
    #expect(estimate.rest == .seconds(16))
    // Between two looks the clock goes on.
    estimate.look(done: 220, at: .milliseconds(4500))
    #expect(estimate.rest == .milliseconds(15_500))
  }

  @Test func workThatComesInJumpsIsNotGuessed() {
    var estimate = Estimate(total: 1000)
    for (second, done) in [(1, 30), (2, 40), (3, 300), (4, 310), (5, 320), (6, 500)] {
      estimate.look(done: UInt64(done), at: .seconds(second))
      #expect(estimate.rest == nil, "\(second)")
    }
  }

  @Test func theFirstPercentsSayNothing() {
    var estimate = Estimate(total: 1_000_000)
    for second in 1...20 { estimate.look(done: UInt64(second) * 100, at: .seconds(second)) }
    #expect(estimate.rest == nil)
  }

  @Test func nothingToDoIsNoDivision() {
    var estimate = Estimate(total: 0)
    for second in 1...9 { estimate.look(done: 5, at: .seconds(second)) }
    #expect(estimate.rest == nil)
  }
}

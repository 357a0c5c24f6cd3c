import Testing

@testable import Scrubber

struct TokenBucketTests {
  @Test func tokensAreHandedOnInTurn() async {
    let bucket = TokenBucket(count: 2)
    await bucket.take()
    #expect(bucket.takeIfFree() && !bucket.takeIfFree())
    async let waiting: Void = bucket.take()
    bucket.giveBack()
    await waiting
    #expect(!bucket.takeIfFree())
    bucket.giveBack()
    bucket.giveBack()
    #expect(bucket.takeIfFree())
  }
}

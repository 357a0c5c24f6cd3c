import IndexFormat
import Testing

@testable import Scrubber

/// Which shards serve a tenant: half-finished splits must not look like lost shards, and the reverse.
struct ShardPlanTests {
  private static func plan(_ shards: String, active: String = "") -> ShardPlan {
    func list(_ text: String) -> [ShardIndex] {
      text.split(separator: " ").compactMap { ShardIndex(String($0)) }
    }
    let activeShards = list(active)
    return ShardPlan(shards: list(shards)) { activeShards.contains($0) }
  }

  private static func texts(_ shards: [ShardIndex]) -> String {
    shards.map(\.description).joined(separator: " ")
  }

  @Test func anUnshardedTenantServesItself() {
    #expect(Self.texts(Self.plan("0000").current) == "0000")
  }

  @Test func afterASplitTheChildrenServe() {
    let plan = Self.plan("0000 0002 0102", active: "0000 0002")
    #expect(Self.texts(plan.current) == "0002 0102")
    #expect(Self.texts(plan.ancestors) == "0000")
    #expect(plan.missing == [])
  }

  @Test func aLostShardWhoseSiblingHasGoneOnIsMissing() {
    let plan = Self.plan("0000 0002 0102 0004 0204 0304", active: "0004 0204 0304")
    #expect(Self.texts(plan.missing) == "0104")
    #expect(Self.texts(plan.current) == "0004 0204 0304")
  }

  @Test func aSplitThatHasNotBegunToWorkIsUnfinished() {
    let plan = Self.plan("0002 0102 0004 0204", active: "0002 0102")
    // The children of 0002 are complete; those of 0102 have not been made, so 0102 still serves.
    #expect(plan.missing == [])
    #expect(Self.texts(plan.current) == "0102 0004 0204")
    #expect(Self.texts(plan.ancestors) == "0002")
  }

  @Test func childrenThatHaveDoneNothingWaitForTheirSiblings() {
    let plan = Self.plan("0002 0102 0004", active: "0002 0102")
    #expect(Self.texts(plan.current) == "0002 0102")
    #expect(Self.texts(plan.unborn) == "0004")
    #expect(plan.missing == [])
  }

  @Test func withoutParentsAMissingShardIsLost() {
    let plan = Self.plan("0004 0204 0304")
    #expect(Self.texts(plan.missing) == "0104")
  }

  @Test func impossibleNumbersServeNothing() {
    let plan = Self.plan("0000 0502")
    #expect(Self.texts(plan.impossible) == "0502")
    #expect(Self.texts(plan.current) == "0000")
  }

  @Test func countOneIsNotUnsharded() {
    #expect(Self.texts(Self.plan("0001").current) == "0001")
    #expect(Self.plan("0001").missing == [])
  }
}

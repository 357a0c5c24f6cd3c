import Testing

@testable import IndexFormat

struct DeletionQueueFileNameTests {
  private func read(_ name: String) -> DeletionQueueFileName? {
    withBytes(name) { DeletionQueueFileName(text: $0) }
  }

  @Test func names() {
    #expect(read("0000000000000001-01.list") == .list(sequence: 1))
    #expect(read("ffffffffffffffff-01.list") == .list(sequence: .max))
    #expect(read("header-01") == .header)
    #expect(read("header-01.tmp") == .temporary)
    #expect(DeletionQueueFileName.list(sequence: 0xab).text == "00000000000000ab-01.list")
    #expect(DeletionQueueFileName.header.text == "header-01")
    #expect(DeletionQueueFileName.temporary.text == nil)
  }

  @Test(arguments: [
    "", "header-02", "header-1", "0000000000000001-02.list", "1-01.list", "000000000000000A-01.list",
    "000000000000000g-01.list", "00000000000000001-01.list",
  ])
  func refused(name: String) { #expect(read(name) == nil) }
}

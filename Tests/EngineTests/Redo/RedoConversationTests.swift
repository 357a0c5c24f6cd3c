@testable import Engine
import IndexFormat
import Testing

struct RedoConversationTests {
  private static let block = RedoBlock(RedoRecord.relation, BlockNumber(0))

  /// Makes a page with one row.
  private static let insert = RedoRecord(
    manager: .heap,
    info: 0x80,
    blocks: [.init(number: 0, willInit: true, data: [2, 0, 0, 8, 24] + [UInt8](repeating: 7, count: 9))],
    main: [1, 0, 0]
  )

  private static func converse(_ bytes: [UInt8]) throws(RedoRequestError) -> [[UInt8]] {
    var conversation = RedoConversation(RedoRules(version: .v17))
    var answers: [[UInt8]] = []
    var rest = bytes.span.bytes
    while let (kind, byteCount) = try RedoMessage.header(of: rest), byteCount <= rest.byteCount {
      if try conversation.take(RedoMessage(kind, rest.extracting(first: byteCount))) {
        answers.append(conversation.withAnswer { [UInt8]($0) })
      }
      rest = rest.extracting(droppingFirst: byteCount)
    }
    return answers
  }

  @Test func aRecordMakesAPage() throws {
    let messages = RedoRequest.messages(for: Self.block, nil, [(Lsn(0x100), Self.insert.bytes)])
    var redo = PageRedo(RedoRules(version: .v17))
    let expected = try redo.value(
      of: RedoRecord.key(0),
      nil,
      [.init(lsn: Lsn(0x100), record: .postgres(willInit: true, record: Self.insert.bytes), visit: 0)]
    )
    #expect(expected.contains(7))
    #expect(try Self.converse(messages) == [expected])
  }

  @Test func aPageIsGivenBackWithoutRecords() throws {
    let page = [UInt8](repeating: 3, count: 8192)
    let messages = RedoRequest.messages(for: Self.block, page, [])
    #expect(try Self.converse(messages + RedoRequest.ping) == [page, [UInt8](repeating: 0, count: 8192)])
  }

  @Test func nothingOfAnEarlierRequestIsLeft() throws {
    let other = RedoBlock(RedoRecord.relation, BlockNumber(1))
    let messages =
      RedoRequest.messages(for: Self.block, [UInt8](repeating: 3, count: 8192), [])
      // A record of another block changes nothing, and so there is no page.
      + RedoRequest.messages(for: other, nil, [(Lsn(0x100), Self.insert.bytes)])
    #expect(try Self.converse(messages).last == [UInt8](repeating: 0, count: 8192))
  }

  @Test func aRecordWithoutItsPageIsRefused() {
    let record = RedoRecord(manager: .heap, info: 0, blocks: [.init(number: 0, data: [0])], main: [1, 0, 0])
    let messages = RedoRequest.messages(for: Self.block, nil, [(Lsn(0x100), record.bytes)])
    let error = #expect(throws: RedoRequestError.self) { try Self.converse(messages) }
    guard case .redo(let error) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(error.fault == .noBase && error.lsn == Lsn(0x100) && error.resourceManager == 10)
  }

  @Test func whatDoesNotBelongTogetherIsRefused() {
    let other = RedoBlock(RedoRecord.relation, BlockNumber(1))
    var messages = RedoRequest.messages(for: Self.block, nil, [])
    #expect(throws: RedoRequestError.wrongBlock(found: Self.block, expected: nil)) {
      try Self.converse(Array(messages[22...]))
    }
    messages.replaceSubrange(22..., with: RedoRequest.messages(for: other, nil, [])[22...])
    #expect(throws: RedoRequestError.wrongBlock(found: other, expected: Self.block)) {
      try Self.converse(messages)
    }
    let record = RedoRequest.messages(for: other, nil, [(Lsn(8), Self.insert.bytes)])[22...]
    #expect(throws: RedoRequestError.noBlock) { try Self.converse(Array(record)) }
  }

  @Test(arguments: [
    ([0x58, 0, 0, 0, 4], RedoRequestError.unknownMessage(0x58)),
    ([0x42, 0, 0, 0, 20], .badLength(.begin, found: 20, expected: 21...21)),
    ([0x47, 0xff, 0xff, 0xff, 0xff], .badLength(.get, found: 0xffff_ffff, expected: 21...21)),
    ([0x50, 0, 0, 0x20, 0x14], .badLength(.page, found: 0x2014, expected: 0x2015...0x2015)),
    ([0x41, 0x7f, 0, 0, 0], .badLength(.record, found: 0x7f00_0000, expected: 12...12 + 1020 << 20)),
    ([0x48, 0, 0, 0, 0], .badLength(.ping, found: 0, expected: 4...4)),
  ])
  func lengthsAreCheckedBeforeAnythingIsKept(_ bytes: [UInt8], _ expected: RedoRequestError) {
    #expect(throws: expected) { try Self.converse(bytes) }
  }

  @Test func changedRequestsAreRefusedOrAnswered() {
    let messages = RedoRequest.messages(
      for: Self.block,
      [UInt8](repeating: 0, count: 8192),
      [(Lsn(0x100), Self.insert.bytes)]
    )
    var refused = 0
    for position in messages.indices where position < 60 || position > 8200 {
      for bit in 0..<8 {
        var changed = messages
        changed[position] ^= 1 << bit
        do throws(RedoRequestError) {
          #expect(try Self.converse(changed).count <= 1)
        } catch {
          refused += 1
        }
      }
    }
    #expect(refused > 300)
  }
}

import Engine
import Foundation
import IndexFormat
import Synchronization
import Testing

@testable import Scrubber

/// Pages from programs that behave, and from such as do not.
struct RedoProcessTests {
  private static let block = RedoBlock(
    RelationTag(tablespace: 1663, database: 5, relation: 16428),
    BlockNumber(0)
  )

  /// A row of PostgreSQL 15, inserted into a page that is made anew.
  private static let insert = bytes(
    """
    40000000ec830000488b3d0200000000800a0000846fe09700600f007f060000050000002c40000000000000ff0302
    00020818002a0000000b6e656f6e010008
    """
  )

  private static func bytes(_ hex: String) -> [UInt8] {
    let digits = hex.filter { !$0.isWhitespace }.utf8.map { UInt8(String(UnicodeScalar($0)), radix: 16) ?? 0 }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }

  private static func server(_ words: [String] = []) throws -> RedoProcess.Program {
    Signals.ignoreBrokenPipes()
    let path = try BuiltProgram.path().path
    return RedoProcess.Program(
      words: [path, "--wal-redo", "--pg-version", "15", "--dialect", "postgres"] + words
    )
  }

  private static func shell(_ script: String, timeout: Duration = .seconds(20)) -> RedoProcess.Program {
    Signals.ignoreBrokenPipes()
    return RedoProcess.Program(words: ["/bin/sh", "-c", script], timeout: timeout)
  }

  /// What the server at the other end of the pipes should make of one request.
  private static func replayed(_ messages: [UInt8]) throws -> [UInt8] {
    var conversation = RedoConversation(RedoRules(version: .v15, hasNeonHeapRecords: false))
    var rest = messages.span.bytes
    while let (kind, byteCount) = try RedoMessage.header(of: rest) {
      _ = try conversation.take(RedoMessage(kind, rest.extracting(first: byteCount)))
      rest = rest.extracting(droppingFirst: byteCount)
    }
    return conversation.withAnswer { [UInt8]($0) }
  }

  @Test func aPageComesAsFromTheReplayInside() async throws {
    let records = [(lsn: Lsn(0x23d_abb8), bytes: Self.insert)]
    let expected = try Self.replayed(RedoRequest.messages(for: Self.block, nil, records))
    #expect(String(decoding: expected, as: UTF8.self).contains("neon"))
    let process = try RedoProcess(Self.server())
    defer { process.close() }
    try await process.ping()
    #expect(try await process.page(of: Self.block, nil, records) == expected)
  }

  /// More requests than the pipes hold, written while no page has come.
  @Test func manyRequestsAreUnderWayAtOnce() async throws {
    let process = try RedoProcess(Self.server())
    defer { process.close() }
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for number in 0..<500 {
        group.addTask {
          let page = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 8192)
          return try await process.page(of: Self.block, page, []) == page
        }
      }
      for try await isRight in group { #expect(isRight) }
    }
  }

  @Test func aRecordThatDoesNotFitEndsTheProgramWithTheReason() async throws {
    let process = try RedoProcess(Self.server())
    defer { process.close() }
    let error = try #require(
      await #expect(throws: RedoProcess.Failure.self) {
        _ = try await process.page(of: Self.block, nil, [(Lsn(8), [1, 2, 3])])
      }
    )
    guard case .ended(.exited(2), let message) = error else {
      Issue.record("\(error)")
      return
    }
    #expect(message.contains("wal-redo: ") && message.contains("at 0/8"))
    // Whoever asks later is told the same.
    await #expect(throws: error) { try await process.ping() }
  }

  @Test(arguments: [
    ("exit 3", RedoProcess.Failure.ended(.exited(3), message: "")),
    ("echo no room >&2; exit 1", .ended(.exited(1), message: "no room")),
    ("kill -9 $$", .ended(.killed(signal: 9), message: "")),
    ("head -c 100 /dev/zero", .ended(.exited(0), message: "")),
    ("cat > /dev/null; true", .timedOut(.milliseconds(300))),
  ])
  func programsThatGiveNoPage(_ script: String, _ expected: RedoProcess.Failure) async throws {
    let process = try RedoProcess(Self.shell(script, timeout: .milliseconds(300)))
    defer { process.close() }
    let error = await #expect(throws: RedoProcess.Failure.self) {
      _ = try await process.page(of: Self.block, [UInt8](repeating: 0, count: 8192), [])
    }
    // A busy machine may take longer to start the program than a page may take.
    #expect(error == expected || error == .timedOut(.milliseconds(300)))
  }

  @Test func pagesThatNobodyAskedForEndTheConversation() async throws {
    let process = try RedoProcess(Self.shell("head -c 20000 /dev/zero; cat > /dev/null; true"))
    defer { process.close() }
    await #expect(throws: RedoProcess.Failure.self) {
      for _ in 0..<4 { try await process.ping() }
    }
  }

  @Test func aProgramThatIsNotThereIsAnError() async {
    Signals.ignoreBrokenPipes()
    await #expect(throws: RedoProcess.Failure.self) {
      let process = try RedoProcess(RedoProcess.Program(words: ["/nowhere/postgres"]))
      defer { process.close() }
      try await process.ping()
    }
  }

  @Test func afterAFailureAnotherProgramIsStarted() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    // The first one fails.
    let server = try Self.server().words.joined(separator: " ")
    let program = Self.shell("if mkdir \(folder.path)/started 2> /dev/null; then exit 1; fi; exec \(server)")
    let page = [UInt8](repeating: 9, count: 8192)
    #expect(try await RedoProcesses(program).page(of: Self.block, page, []) == page)
    await #expect(throws: RedoProcess.Failure.ended(.exited(4), message: "")) {
      _ = try await RedoProcesses(Self.shell("cat > /dev/null & exit 4"), retries: 1).page(
        of: Self.block,
        page,
        []
      )
    }
  }

  @Test func whoWaitsIsToldThatItIsOver() async throws {
    let process = try RedoProcess(Self.shell("cat > /dev/null; true"))
    let answer = Task { try await process.ping() }
    try await Task.sleep(for: .milliseconds(50))
    process.close()
    await #expect(throws: RedoProcess.Failure.closed) { try await answer.value }
  }
}

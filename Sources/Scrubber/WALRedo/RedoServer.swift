import Engine
import Glibc
import IndexFormat

/// Replays records for a page server that writes requests into one pipe and reads pages from another.
///
/// Answers are kept until all that came was worked off: a page server that asks for many pages at once gets them with
/// few calls of the system. Nothing else is ever written to the output; what goes wrong ends the conversation, as the
/// page server expects it.
struct RedoServer: ~Copyable {
  private var conversation: RedoConversation
  private let input: CInt
  private let output: CInt
  private var buffer: UnsafeMutableRawBufferPointer
  /// What was read and not yet worked off.
  private var pending = 0..<0
  private var answers: [UInt8] = []

  private static let initialByteCount = 256 << 10
  private static let maximumKeptAnswers = 64 << 10

  enum Failure: Error, Equatable, Sendable {
    case system(SystemCallError)
    case request(RedoRequestError)
    /// The input ended within a message.
    case endOfInput(byteCount: Int)
    case noMemory(byteCount: Int)
  }

  init(_ rules: RedoRules, input: CInt, output: CInt) {
    conversation = RedoConversation(rules)
    (self.input, self.output) = (input, output)
    buffer = .allocate(byteCount: Self.initialByteCount, alignment: 16)
  }

  deinit { buffer.deallocate() }

  /// Answers until the input ends between two messages.
  mutating func run() throws(Failure) {
    while true {
      let needed = try takeMessages()
      try writeAnswers()
      guard try read(room: needed) else { break }
    }
    guard pending.isEmpty else { throw .endOfInput(byteCount: pending.count) }
  }

  /// Works off the messages that have come whole.
  ///
  /// - Returns: how long the next one is, if that is known, else 0.
  private mutating func takeMessages() throws(Failure) -> Int {
    while true {
      let bytes = RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: buffer[pending]))
      let wantsAnswer: Bool
      do throws(RedoRequestError) {
        guard let (kind, byteCount) = try RedoMessage.header(of: bytes) else { return 0 }
        guard byteCount <= bytes.byteCount else { return byteCount }
        pending = pending.lowerBound + byteCount..<pending.upperBound
        wantsAnswer = try conversation.take(RedoMessage(kind, bytes.extracting(first: byteCount)))
      } catch {
        throw .request(error)
      }
      guard wantsAnswer else { continue }
      conversation.withAnswer { answers.append(contentsOf: $0) }
      if answers.count >= Self.maximumKeptAnswers { try writeAnswers() }
    }
  }

  private mutating func writeAnswers() throws(Failure) {
    var written = 0
    while written < answers.count {
      written += try Self.check("write a page") {
        answers.withUnsafeBytes {
          Glibc.write(output, $0.baseAddress.map { $0 + written }, $0.count - written)
        }
      }
    }
    answers.removeAll(keepingCapacity: true)
  }

  /// Reads what there is, after what is kept. False at the end of the input.
  ///
  /// The buffer grows only when it is full: what a header claims is believed as far as bytes came.
  private mutating func read(room needed: Int) throws(Failure) -> Bool {
    if pending.isEmpty {
      pending = 0..<0
    } else if pending.upperBound == buffer.count {
      try makeRoom(needed)
    }
    let count = try Self.check("read requests") {
      Glibc.read(input, buffer.baseAddress.map { $0 + pending.upperBound }, buffer.count - pending.upperBound)
    }
    pending = pending.lowerBound..<pending.upperBound + count
    return count > 0
  }

  private mutating func makeRoom(_ needed: Int) throws(Failure) {
    let kept = UnsafeRawBufferPointer(rebasing: buffer[pending])
    if needed <= buffer.count, pending.lowerBound > 0 {
      buffer.copyMemory(from: kept)
    } else {
      let byteCount = 2 * buffer.count
      guard let memory = malloc(byteCount) else { throw .noMemory(byteCount: byteCount) }
      let larger = UnsafeMutableRawBufferPointer(start: memory, count: byteCount)
      larger.copyMemory(from: kept)
      buffer.deallocate()
      buffer = larger
    }
    pending = 0..<pending.count
  }

  private static func check(_ attempt: String, _ body: () -> Int) throws(Failure) -> Int {
    do throws(SystemCallError) {
      return try SystemCallError.check(attempt, body)
    } catch {
      throw .system(error)
    }
  }
}

extension RedoServer.Failure: CustomStringConvertible {
  var description: String {
    switch self {
    case .system(let error): "\(error)"
    case .request(let error): "\(error)"
    case .endOfInput(let byteCount): "end of input within a message, after \(Count(byteCount, "byte")) of it"
    case .noMemory(let byteCount): "no memory for a message of \(byteCount) bytes"
    }
  }
}

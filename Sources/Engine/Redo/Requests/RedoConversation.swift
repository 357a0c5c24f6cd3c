import IndexFormat

/// Answers a page server in place of PostgreSQL's process: takes its messages one after another.
///
///     var conversation = RedoConversation(rules)
///     if let answer = try conversation.take(message) { … write the answer … }
///
/// It differs from that process in one point: a record that changes a page of which nothing was sent is an error here,
/// where PostgreSQL leaves the record out and answers with zeros.
///
/// Source: `pgxn/neon_walredo/walredoproc.c`.
public struct RedoConversation: ~Copyable {
  private var redo: PageRedo
  private var block: RedoBlock?
  private var hasPage = false

  public init(_ rules: RedoRules) { redo = PageRedo(rules) }

  /// - Returns: whether the message asks for an answer, which `answer` then is.
  public mutating func take(_ message: borrowing RedoMessage) throws(RedoRequestError) -> Bool {
    switch message.kind {
    case .begin:
      block = RedoBlock(message.payload)
      hasPage = false
      redo.clear()
    case .page:
      try require(RedoBlock(message.payload))
      redo.fill(message.payload.extracting(droppingFirst: RedoMessage.tagByteCount))
      hasPage = true
    case .record: try replay(message.payload)
    case .get:
      try require(RedoBlock(message.payload))
      return true
    case .ping:
      block = nil
      hasPage = false
      redo.clear()
      return true
    }
    return false
  }

  /// Calls `body` with the page that was asked for last: 8192 bytes.
  public func withAnswer<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    redo.withPage(body)
  }

  private func require(_ found: RedoBlock) throws(RedoRequestError) {
    guard found == block else { throw .wrongBlock(found: found, expected: block) }
  }

  private mutating func replay(_ payload: RawSpan) throws(RedoRequestError) {
    guard let block else { throw .noBlock }
    let lsn = Lsn(payload.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt64.self).bigEndian)
    let record = payload.extracting(droppingFirst: RedoMessage.lsnByteCount)
    do throws(RedoFault) {
      hasPage = try redo.replay(record, at: lsn, on: block, hasPage: hasPage)
    } catch .blockNotNamed {
      // The page server sends what it has; a record of another block changes nothing.
    } catch {
      throw .redo(RedoError(of: block, at: lsn, record, fault: error))
    }
  }
}

/// What a page server writes to ask for a page.
public enum RedoRequest {
  /// All messages of a request as they go through the pipe.
  ///
  /// - Parameters:
  ///   - page: 8192 bytes, if there is a page below the records.
  ///   - records: in ascending order, each with where it ends.
  public static func messages(
    for block: RedoBlock,
    _ page: [UInt8]?,
    _ records: [(lsn: Lsn, bytes: [UInt8])]
  ) -> [UInt8] {
    var bytes: [UInt8] = []
    let recordByteCount = records.reduce(0) { $0 + $1.bytes.count + 13 }
    bytes.reserveCapacity(2 * 22 + (page?.count ?? 0) + 22 + recordByteCount)
    begin(.begin, RedoMessage.tagByteCount, &bytes)
    block.append(to: &bytes)
    if let page {
      begin(.page, RedoMessage.tagByteCount + page.count, &bytes)
      block.append(to: &bytes)
      bytes += page
    }
    for record in records {
      begin(.record, RedoMessage.lsnByteCount + record.bytes.count, &bytes)
      withUnsafeBytes(of: record.lsn.value.bigEndian) { bytes.append(contentsOf: $0) }
      bytes += record.bytes
    }
    begin(.get, RedoMessage.tagByteCount, &bytes)
    block.append(to: &bytes)
    return bytes
  }

  /// Asks whether the process is there.
  public static var ping: [UInt8] {
    var bytes: [UInt8] = []
    begin(.ping, 0, &bytes)
    return bytes
  }

  private static func begin(_ kind: RedoMessage.Kind, _ byteCount: Int, _ bytes: inout [UInt8]) {
    bytes.append(kind.rawValue)
    withUnsafeBytes(of: UInt32(truncatingIfNeeded: byteCount + 4).bigEndian) {
      bytes.append(contentsOf: $0)
    }
  }
}

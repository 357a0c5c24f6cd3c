extension S3ObjectStore {
  /// Keys a request of DeleteObjects may name.
  private static let deletionLimit = 1000

  /// Writes an object in one request, which S3 does whole or not at all.
  func put(_ key: String, bytes: [UInt8]) async throws(StoreError) -> ObjectMetadata {
    try checkNotCancelled(.put, key: key)
    try checkKey(key, for: .put)
    var call = S3Client.Call(operation: .put, method: .put, key: key, place: key, bodyLimit: 64 << 10)
    call.headers = [("content-type", "application/octet-stream"), ("content-md5", Digest.md5(bytes).base64)]
    call.body = bytes
    let written = try await client.send(call, answerOfPut(key, bytes))
    return try await confirm(key, written, size: UInt64(bytes.count))
  }

  /// What an answer says of bytes that were written.
  struct Written: Sendable {
    var etag: String
    var version: String?
    var date: Timestamp?

    init(etag: String, version: String?, date: Timestamp?) {
      (self.etag, self.version, self.date) = (etag, version, date)
    }
  }

  /// Reads the answer to a request that sent these bytes. One without ETag comes from somebody who wrote nothing.
  func answerOfPut(
    _ place: String,
    _ bytes: [UInt8]
  ) -> @Sendable (HTTPResponse) throws(StoreError) -> Written {
    let etags = client.etags
    return { response throws(StoreError) in
      let headers = S3Headers(response.headers)
      guard !headers.etag.isEmpty else {
        throw StoreError(
          .failed,
          .put,
          key: place,
          detail: "the answer has no ETag: nothing says that it is written"
        )
      }
      if case .mismatch(let reason) = headers.checksums.judge(
        bytes,
        etag: headers.etag,
        etags,
        mayDoubt: false
      ) {
        throw StoreError(.failed, .put, key: place, detail: "the server got other bytes: \(reason)")
      }
      let date = response.headers["date"].flatMap(HTTPDate.parse)
      return Written(etag: headers.etag, version: headers.version, date: date)
    }
  }

  /// The answer does not say the time, so it is asked for; somebody else may have written since.
  func confirm(_ key: String, _ written: Written, size: UInt64) async throws(StoreError) -> ObjectMetadata {
    let seen = try await metadata(key, version: written.version, for: .put)
    if let seen, seen.etag == written.etag {
      guard seen.size == size else {
        let detail = "\(size) bytes were written, the server has \(seen.size)"
        throw StoreError(.failed, .put, key: key, detail: detail)
      }
      return seen
    }
    return ObjectMetadata(
      size: size,
      lastModified: (written.date ?? Timestamp.now).wholeSeconds,
      etag: written.etag,
      version: written.version
    )
  }

  // MARK: Deleting

  /// Deletes in batches, in order. Goes on behind a key that cannot be deleted, and throws the first error at the end.
  func delete(_ keys: [String]) async throws(StoreError) {
    let refused = try await deleteReporting(keys)
    guard var first = refused.first else { return }
    if refused.count > 1 || keys.count > 1 {
      first.detail = "\(refused.count) of \(keys.count) objects are not deleted: \(first.detail)"
    }
    throw first
  }

  /// Deletes in batches, in order. Gives an error for every key of which no answer says that it is deleted; throws only
  /// when nothing can be asked.
  func deleteReporting(_ keys: [String]) async throws(StoreError) -> [StoreError] {
    for key in keys { try checkKey(key, for: .delete) }
    var errors: [StoreError] = []
    for start in stride(from: 0, to: keys.count, by: Self.deletionLimit) {
      let batch = Array(keys[start..<min(start + Self.deletionLimit, keys.count)])
      try checkNotCancelled(.delete, key: batch[0])
      do throws(StoreError) {
        errors += try await deleteBatch(batch)
      } catch {
        if error.kind == .cancelled { throw error }
        errors += batch.map { key in
          var error = error
          error.key = key
          return error
        }
      }
    }
    return errors
  }

  /// An error for each key that the server did not delete. What it could not do just now is asked for once more.
  private func deleteBatch(_ keys: [String]) async throws(StoreError) -> [StoreError] {
    let refusals = try await askToDelete(keys)
    let passing = Set(refusals.filter { Self.passingCodes.contains($0.code) }.map(\.key)).intersection(keys)
    guard !passing.isEmpty else { return refusals.map(error) }
    let final = refusals.filter { !passing.contains($0.key) }
    let named = Set(final.map(\.key))
    let second = try await askToDelete(keys.filter(passing.contains)).filter { !named.contains($0.key) }
    return (final + second).map(error)
  }

  private static let passingCodes: Set = ["InternalError", "SlowDown", "ServiceUnavailable"]

  private func error(_ refusal: S3DeletionAnswer.Refusal) -> StoreError {
    let kind: StoreError.Kind = refusal.code == "AccessDenied" ? .accessDenied : .failed
    return StoreError(
      kind,
      .delete,
      key: refusal.key,
      detail: client.presentable("\(refusal.code): \(refusal.message)")
    )
  }

  private func askToDelete(_ keys: [String]) async throws(StoreError) -> [S3DeletionAnswer.Refusal] {
    let body = try deletionRequest(keys)
    var call = S3Client.Call(operation: .delete, method: .post, place: keys.first ?? "", bodyLimit: 8 << 20)
    call.query = [("delete", "")]
    call.headers = [("content-md5", Digest.md5(body).base64), ("content-type", "application/xml")]
    call.body = body
    let sent = call
    return try await client.send(call) { response throws(StoreError) in
      do throws(XMLError) {
        let answer = try XMLReader.read(response.body, by: S3DeletionAnswer())
        guard answer.isWhole else { throw XMLError(message: "the answer is no DeleteResult") }
        return answer.refusals
      } catch {
        throw StoreError(errorIn: response, sent)
          ?? StoreError(.failed, .delete, key: sent.place, detail: error.message)
      }
    }
  }

  private func deletionRequest(_ keys: [String]) throws(StoreError) -> [UInt8] {
    var text = "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
    for key in keys {
      text += "<Object><Key>"
      guard XMLText.canHold(key) else {
        let detail = "the key holds a character that XML, in which deletions are written, cannot hold"
        throw StoreError(.badRequest, .delete, key: key, detail: detail)
      }
      text += XMLText.escape(key)
      text += "</Key></Object>"
    }
    return Array((text + "<Quiet>true</Quiet></Delete>").utf8)
  }
}

/// `DeleteResult`: an `Error` with `Key`, `Code` and `Message` for each object that is still there.
private struct S3DeletionAnswer: XMLVisitor {
  struct Refusal: Sendable {
    var key: String
    var code: String
    var message: String
  }

  private(set) var refusals: [Refusal] = []
  private(set) var isWhole = false
  private var depth = 0
  private var fields: [String: String] = [:]

  mutating func begin(_ element: XMLName) {
    if depth == 0 { isWhole = element == "DeleteResult" }
    if depth == 1 { fields = [:] }
    depth += 1
  }

  mutating func end(_ element: XMLName, text: Span<UInt8>) {
    depth -= 1
    if depth == 2 { fields[element.text] = text.text() }
    guard depth == 1, element == "Error" else { return }
    refusals.append(
      Refusal(key: fields["Key"] ?? "", code: fields["Code"] ?? "", message: fields["Message"] ?? "")
    )
  }
}

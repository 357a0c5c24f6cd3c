extension S3ObjectStore {
  /// Keys a request of DeleteObjects may name.
  private static let deletionLimit = 1000

  /// Writes an object in one request, which S3 does whole or not at all.
  func put(_ key: String, bytes: [UInt8]) async throws(StoreError) -> ObjectMetadata {
    try checkNotCancelled(.put, key: key)
    try checkKey(key, for: .put)
    var call = S3Client.Call(operation: .put, method: .put, key: key, place: key, bodyLimit: 64 << 10)
    call.headers = [("content-type", "application/octet-stream")]
    call.body = bytes
    let (written, date) = try await client.send(call) { response throws(StoreError) in
      (
        S3Headers(response.headers).metadata(size: UInt64(bytes.count)),
        (response.headers["date"].flatMap(HTTPDate.parse), S3Headers.unquoted(response.headers["etag"] ?? ""))
      )
    }
    // The answer does not say the time, so it is asked for; somebody else may have written since.
    let seen = try await metadata(key, version: written?.version, for: .put)
    if let seen, seen.etag == date.1 { return seen }
    return ObjectMetadata(
      size: UInt64(bytes.count),
      lastModified: (date.0 ?? Timestamp.now).wholeSeconds,
      etag: date.1
    )
  }

  /// Deletes in batches, in order. Goes on behind a key that cannot be deleted, and throws the first error at the end.
  func delete(_ keys: [String]) async throws(StoreError) {
    for key in keys { try checkKey(key, for: .delete) }
    var failure: StoreError?
    for start in stride(from: 0, to: keys.count, by: Self.deletionLimit) {
      let batch = Array(keys[start..<min(start + Self.deletionLimit, keys.count)])
      try checkNotCancelled(.delete, key: batch[0])
      do throws(StoreError) {
        try await deleteBatch(batch)
      } catch {
        if error.kind == .cancelled { throw error }
        failure = failure ?? error
      }
    }
    if let failure { throw failure }
  }

  private func deleteBatch(_ keys: [String]) async throws(StoreError) {
    let body = try deletionRequest(keys)
    var call = S3Client.Call(operation: .delete, method: .post, place: keys.first ?? "", bodyLimit: 8 << 20)
    call.query = [("delete", "")]
    call.headers = [("content-md5", Digest.md5(body).base64), ("content-type", "application/xml")]
    call.body = body
    let place = call.place
    let refusals = try await client.send(call) { response throws(StoreError) in
      do throws(XMLError) {
        return try XMLReader.read(response.body, by: S3DeletionAnswer()).refusals
      } catch {
        throw StoreError(.failed, .delete, key: place, detail: error.message)
      }
    }
    guard let first = refusals.first else { return }
    let kind: StoreError.Kind = first.code == "AccessDenied" ? .accessDenied : .failed
    let detail = "\(refusals.count) of \(keys.count) objects are not deleted: \(first.code): \(first.message)"
    throw StoreError(kind, .delete, key: first.key, detail: detail)
  }

  private func deletionRequest(_ keys: [String]) throws(StoreError) -> [UInt8] {
    var text = "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
    for key in keys {
      text += "<Object><Key>"
      for scalar in key.unicodeScalars {
        switch scalar {
        case "&": text += "&amp;"
        case "<": text += "&lt;"
        case ">": text += "&gt;"
        case "\t", "\n", "\r": text += "&#\(scalar.value);"
        case _ where scalar.value < 0x20 || scalar.value == 0xfffe || scalar.value == 0xffff:
          let detail = "the key holds a character that XML, in which deletions are written, cannot hold"
          throw StoreError(.badRequest, .delete, key: key, detail: detail)
        default: text.unicodeScalars.append(scalar)
        }
      }
      text += "</Key></Object>"
    }
    return Array((text + "<Quiet>true</Quiet></Delete>").utf8)
  }
}

/// `DeleteResult`: an `Error` with `Key`, `Code` and `Message` for each object that is still there.
private struct S3DeletionAnswer: XMLVisitor {
  private(set) var refusals: [(key: String, code: String, message: String)] = []
  private var fields: [String: String] = [:]

  mutating func begin(_ element: XMLName) { if element == "Error" { fields = [:] } }

  mutating func end(_ element: XMLName, text: Span<UInt8>) {
    guard element == "Error" else {
      fields[element.text] = text.text(limit: 2000)
      return
    }
    refusals.append((fields["Key"] ?? "", fields["Code"] ?? "", fields["Message"] ?? ""))
  }
}

/// Large objects, written in parts.
///
/// | step | request | answer |
/// |---|---|---|
/// | begin | `POST ?uploads` | `UploadId` |
/// | each part | `PUT ?partNumber=N&uploadId=…` with `Content-MD5` | its ETag |
/// | end | `POST ?uploadId=…` with the parts' numbers and ETags | the object's ETag, or an `Error` though the status is 200 |
/// | or give up | `DELETE ?uploadId=…` | nothing |
///
/// Readers see the object when the end is answered, and all of it. Whatever fails, the parts are removed; where even
/// that fails, the error names the upload, which costs its owner money until somebody ends it.
extension S3ObjectStore {
  /// Gives the bytes of a part, as many as asked for; again if need be, and several parts at the same time.
  typealias PartSource = @Sendable (Range<UInt64>) async throws(StoreError) -> [UInt8]

  /// | limit of S3 | |
  /// |---|---|
  /// | parts of an object | 10,000 |
  /// | bytes of a part | 5 MiB (but for the last) to 5 GiB |
  /// | bytes of an object | 5 TiB |
  enum PartLimits {
    static let count: UInt64 = 10_000
    static let usualSize: UInt64 = 8 << 20
    static let objectSize: UInt64 = 5 << 40
    /// Parts in memory and under way at the same time.
    static let atOnce = 4
  }

  /// The size of all parts but the last: 8 MiB, or as many whole MiB as 10,000 parts ask for.
  static func partSize(ofObject size: UInt64) -> UInt64 {
    let least = size / PartLimits.count + (size % PartLimits.count == 0 ? 0 : 1)
    let mebibyte: UInt64 = 1 << 20
    return max(PartLimits.usualSize, (least / mebibyte + (least % mebibyte == 0 ? 0 : 1)) * mebibyte)
  }

  /// Writes an object of this size, reading it by parts, four of which are in memory at the same time.
  ///
  /// - Parameter partSize: Only for tests: servers refuse parts below 5 MiB unless they are the last.
  func putMultipart(
    _ key: String,
    size: UInt64,
    partSize: UInt64? = nil,
    part source: @escaping PartSource
  ) async throws(StoreError) -> ObjectMetadata {
    try checkNotCancelled(.put, key: key)
    try checkKey(key, for: .put)
    let partSize = max(1, partSize ?? Self.partSize(ofObject: size))
    guard size <= PartLimits.objectSize, size / partSize < PartLimits.count else {
      let detail = "\(size) bytes are more than S3 keeps as one object"
      throw StoreError(.badRequest, .put, key: key, detail: detail)
    }
    guard size > partSize else {
      return try await put(key, bytes: try await Self.read(0..<size, source, key))
    }
    let upload = S3Upload(store: self, key: key, identifier: try await beginUpload(key))
    do throws(StoreError) {
      let etags = try await putParts(upload, size: size, partSize: partSize, source)
      let written = try await upload.complete(etags, size: size)
      return try await confirm(key, written, size: size)
    } catch {
      throw await upload.abort(because: error)
    }
  }

  private static func read(
    _ range: Range<UInt64>,
    _ source: PartSource,
    _ key: String
  ) async throws(StoreError) -> [UInt8] {
    let bytes = try await source(range)
    guard UInt64(bytes.count) == range.upperBound - range.lowerBound else {
      let detail = "bytes \(range) were to be written, but there are \(bytes.count) of them"
      throw StoreError(.shortRead, .put, key: key, detail: detail)
    }
    return bytes
  }

  private func beginUpload(_ key: String) async throws(StoreError) -> String {
    var call = S3Client.Call(operation: .put, method: .post, key: key, place: key, bodyLimit: 64 << 10)
    call.query = [("uploads", "")]
    call.headers = [("content-type", "application/octet-stream")]
    let sent = call
    return try await client.send(call) { response throws(StoreError) in
      let fields = try S3UploadAnswer.read(response, root: "InitiateMultipartUploadResult", sent)
      guard let identifier = fields["UploadId"], !identifier.isEmpty else {
        throw StoreError(.failed, .put, key: sent.place, detail: "the answer does not name the upload")
      }
      return identifier
    }
  }

  /// The ETags of the parts, in order.
  private func putParts(
    _ upload: S3Upload,
    size: UInt64,
    partSize: UInt64,
    _ source: @escaping PartSource
  ) async throws(StoreError) -> [String] {
    let count = Int(size / partSize + (size % partSize == 0 ? 0 : 1))
    let answer = await withTaskGroup(
      of: PartAnswer.self,
      returning: Result<[String], StoreError>.self
    ) { group in
      var etags = [String](repeating: "", count: count)
      for index in 0..<(count + PartLimits.atOnce) {
        // Behind the first few, a part begins when another one is done.
        if index >= PartLimits.atOnce, let answer = await group.next() {
          switch answer.result {
          case .success(let etag): etags[answer.index] = etag
          case .failure(let error):
            group.cancelAll()
            return .failure(error)
          }
        }
        guard index < count else { continue }
        let start = UInt64(index) * partSize
        let range = start..<min(size, start + partSize)
        group.addTask { await self.putPart(upload, index, range, source) }
      }
      return .success(etags)
    }
    return try answer.get()
  }

  private struct PartAnswer: Sendable {
    var index: Int
    var result: Result<String, StoreError>
  }

  private func putPart(
    _ upload: S3Upload,
    _ index: Int,
    _ range: Range<UInt64>,
    _ source: PartSource
  ) async -> PartAnswer {
    do throws(StoreError) {
      let bytes = try await Self.read(range, source, upload.key)
      return PartAnswer(index: index, result: .success(try await upload.put(part: index + 1, bytes)))
    } catch {
      return PartAnswer(index: index, result: .failure(error))
    }
  }
}

/// An upload under way.
private struct S3Upload: Sendable {
  var store: S3ObjectStore
  var key: String
  var identifier: String

  private func call(_ method: HTTPRequest.Method, _ query: [(name: String, value: String)] = [])
    -> S3Client.Call
  {
    var call = S3Client.Call(operation: .put, method: method, key: key, place: key, bodyLimit: 64 << 10)
    call.query = query + [("uploadId", identifier)]
    return call
  }

  func put(part number: Int, _ bytes: [UInt8]) async throws(StoreError) -> String {
    var call = call(.put, [("partNumber", "\(number)")])
    call.headers = [("content-md5", Digest.md5(bytes).base64)]
    call.body = bytes
    return try await store.client.send(call, store.answerOfPut(key, bytes)).etag
  }

  func complete(_ etags: [String], size: UInt64) async throws(StoreError) -> S3ObjectStore.Written {
    var call = call(.post)
    call.headers = [("content-type", "application/xml")]
    let parts = zip(1..., etags).map { number, etag in
      "<Part><PartNumber>\(number)</PartNumber><ETag>&quot;\(XMLText.escape(etag))&quot;</ETag></Part>"
    }
    call.body = Array("<CompleteMultipartUpload>\(parts.joined())</CompleteMultipartUpload>".utf8)
    let sent = call
    do throws(StoreError) {
      return try await store.client.send(call) { response throws(StoreError) in
        let fields = try S3UploadAnswer.read(response, root: "CompleteMultipartUploadResult", sent)
        guard let etag = fields["ETag"], !etag.isEmpty else {
          throw StoreError(
            .failed,
            .put,
            key: sent.place,
            detail: "the answer does not say that it is written"
          )
        }
        let headers = S3Headers(response.headers)
        return S3ObjectStore.Written(
          etag: S3Headers.unquoted(etag),
          version: headers.version,
          date: response.headers["date"].flatMap(HTTPDate.parse)
        )
      }
    } catch {
      // An answer may have been lost behind which there is no upload any more, because it has become the object.
      if let written = try await lookForObject(etags, size: size, error) {
        // If it was there before, and the same, the parts still are, too.
        _ = await abort(because: error)
        return written
      }
      throw error
    }
  }

  /// The object, if it is surely the one that these parts make: then its ETag is the MD5 of theirs.
  private func lookForObject(
    _ etags: [String],
    size: UInt64,
    _ error: StoreError
  ) async throws(StoreError) -> S3ObjectStore.Written? {
    guard error.kind != .cancelled, error.kind != .accessDenied, let expected = Self.combine(etags) else {
      return nil
    }
    do throws(StoreError) {
      let seen = try await store.metadata(key, version: nil, for: .put)
      guard let seen, seen.size == size, seen.etag == expected else { return nil }
      return S3ObjectStore.Written(etag: seen.etag, version: seen.version, date: seen.lastModified)
    } catch {
      // What went wrong first says more.
      return nil
    }
  }

  /// `MD5OFMD5S-COUNT`; nil if the parts' ETags are no MD5s.
  static func combine(_ etags: [String]) -> String? {
    var bytes: [UInt8] = []
    for etag in etags {
      guard let digest = [UInt8](hex: etag), digest.count == 16 else { return nil }
      bytes += digest
    }
    return "\(Digest.md5(bytes).lowercaseHex)-\(etags.count)"
  }

  /// Removes the parts, also when the task is cancelled. Gives the error to throw.
  func abort(because reason: StoreError) async -> StoreError {
    let call = call(.delete)
    let client = store.client
    let outcome = await Task { () -> StoreError? in
      do throws(StoreError) {
        try await client.send(call) { _ in }
        return nil
      } catch {
        return error
      }
    }.value
    guard let outcome, !outcome.detail.contains("NoSuchUpload") else { return reason }
    var error = reason
    error.detail += "; the parts of upload \(identifier.prefix(200)) are still there: \(outcome.detail)"
    return error
  }
}

/// The fields directly inside the outermost element of an answer about an upload.
private struct S3UploadAnswer: XMLVisitor {
  private var root = ""
  private var depth = 0
  private var fields: [String: String] = [:]

  mutating func begin(_ element: XMLName) {
    if depth == 0 { root = element.text }
    depth += 1
  }

  mutating func end(_ element: XMLName, text: Span<UInt8>) {
    depth -= 1
    if depth == 1 { fields[element.text] = text.text(limit: 4096) }
  }

  static func read(
    _ response: HTTPResponse,
    root: String,
    _ call: S3Client.Call
  ) throws(StoreError) -> [String: String] {
    do throws(XMLError) {
      let answer = try XMLReader.read(response.body, by: S3UploadAnswer())
      guard answer.root == root else {
        throw XMLError(message: "the answer is \(answer.root.prefix(100)), not \(root)")
      }
      return answer.fields
    } catch {
      throw StoreError(errorIn: response, call)
        ?? StoreError(.failed, call.operation, key: call.place, detail: error.message)
    }
  }
}

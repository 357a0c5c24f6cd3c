/// A bucket of S3, or of a server that speaks like it.
///
/// | of an object | is |
/// |---|---|
/// | last modified | what S3 says, to the second: more is not in every answer (versions keep what the listing says) |
/// | etag | as S3 says, without quotes |
/// | version | where the bucket keeps versions |
///
/// Keys are those of the bucket: no prefix is put before them. Versions can be listed in every bucket; one that
/// never had versioning shows its objects as the version `null` (`keepsHistory` tells).
struct S3ObjectStore: ObjectStore {
  let client: S3Client

  init(_ client: S3Client) { self.client = client }

  var location: String { "s3://\(client.configuration.bucket)" }
  var keepsVersions: Bool { true }

  func list(_ request: ListRequest) -> any ListingPages { S3Listing(client, request) }

  func listVersions(_ request: ListRequest) throws(StoreError) -> any VersionPages {
    S3VersionListing(client, request)
  }

  /// Cuts by tenants into 64 ranges at the most: each range costs a request more than its objects need.
  func split(
    _ request: ListRequest,
    at prefix: String,
    into count: Int
  ) async throws(StoreError) -> [ListRequest] {
    let digits = Array("0123456789abcdef")
    let cuts = digits.flatMap { first in digits.map { "\(prefix)\(first)\($0)" } }
    let step = cuts.count / min(max(1, count), 64)
    return request.cut(at: stride(from: step, to: cuts.count, by: step).map { cuts[$0] })
  }

  /// Whether the bucket keeps every version from now on, by its own word.
  func keepsHistory() async throws(StoreError) -> Bool { try await history().isKept }

  /// The same, and what the server's clock told when it answered; nil if it did not tell.
  func history() async throws(StoreError) -> (isKept: Bool, time: Timestamp?) {
    let call = S3Client.Call(
      operation: .listVersions,
      place: "",
      query: [("versioning", "")],
      bodyLimit: 64 << 10
    )
    return try await client.send(call) { response throws(StoreError) in
      do throws(XMLError) {
        let isKept = try XMLReader.read(response.body, by: S3VersioningAnswer()).isEnabled
        return (isKept, response.headers["date"].flatMap(HTTPDate.parse))
      } catch {
        throw StoreError(.failed, .listVersions, key: "", detail: error.message)
      }
    }
  }

  // MARK: Reading

  func read(_ request: ReadRequest) async throws(StoreError) -> ObjectContent {
    let key = request.key
    try checkNotCancelled(.read, key: key)
    try checkKey(key, for: .read)
    guard request.limit >= 0, request.range.map({ !$0.isEmpty && $0.lowerBound <= UInt64(Int64.max) }) ?? true
    else {
      return try await readNothing(request)
    }
    var call = S3Client.Call(operation: .read, key: key, place: key, bodyLimit: request.limit)
    if let version = request.version { call.query = [("versionId", version)] }
    if let etag = request.ifMatch { call.headers = [("if-match", "\"\(etag)\"")] }
    guard let range = request.range else {
      return try await client.send(call) { response throws(StoreError) in
        try Self.whole(response, of: request)
      }
    }
    // One byte more than the limit is enough to see that it is exceeded. The lower bound is at most `Int64.max`.
    let last = min(range.upperBound, range.lowerBound + UInt64(request.limit) + 1) - 1
    call.headers.append(("range", "bytes=\(range.lowerBound)-\(last)"))
    call.range = range.lowerBound..<(last + 1)
    call.expected = [416]
    let asked = range.lowerBound...last
    let content = try await client.send(call) { response throws(StoreError) in
      response.status == 416 ? nil : try Self.part(response, of: request, asked: asked)
    }
    guard let content else { return try await readNothing(request) }
    return content
  }

  /// A read that gives no bytes, or shows by the object's size why it cannot be done.
  private func readNothing(_ request: ReadRequest) async throws(StoreError) -> ObjectContent {
    guard let metadata = try await metadata(request.key, version: request.version, for: .read) else {
      throw StoreError(.notFound, .read, key: request.key, detail: "there is no such object")
    }
    try request.checkMatch(metadata)
    guard try request.bytesToRead(ofSize: metadata.size).isEmpty else {
      throw StoreError(.failed, .read, key: request.key, detail: "the server has no such bytes of the object")
    }
    return ObjectContent(bytes: [], metadata: metadata)
  }

  private static func whole(
    _ response: HTTPResponse,
    of request: ReadRequest
  ) throws(StoreError) -> ObjectContent {
    let size = UInt64(response.body.count)
    let headers = S3Headers(response.headers)
    guard response.status == 200, headers.contentLength ?? size == size else {
      throw short(request, "\(headers.contentLength ?? 0) bytes announced, \(size) came")
    }
    return ObjectContent(bytes: response.body, metadata: try metadata(headers, size: size, request))
  }

  private static func part(
    _ response: HTTPResponse,
    of request: ReadRequest,
    asked: ClosedRange<UInt64>
  ) throws(StoreError) -> ObjectContent {
    let headers = S3Headers(response.headers)
    let size: UInt64
    if response.isCutFromWhole || (response.status == 200 && headers.contentRange == nil) {
      // The whole object: what was asked for is cut out already.
      guard let length = headers.contentLength else { throw short(request, "the answer has no length") }
      size = length
    } else {
      guard let found = headers.contentRange else {
        throw short(request, "the answer does not say its range")
      }
      guard found.bytes.lowerBound == asked.lowerBound,
        found.bytes.upperBound == min(asked.upperBound, found.size - 1)
      else { throw short(request, "asked for bytes \(asked), the server sent \(found.bytes)") }
      size = found.size
    }
    let wanted = try request.bytesToRead(ofSize: size)
    guard UInt64(response.body.count) == wanted.upperBound - wanted.lowerBound else {
      throw short(request, "asked for bytes \(wanted), \(response.body.count) bytes came")
    }
    return ObjectContent(bytes: response.body, metadata: try metadata(headers, size: size, request))
  }

  private static func metadata(
    _ headers: S3Headers,
    size: UInt64,
    _ request: ReadRequest
  ) throws(StoreError) -> ObjectMetadata {
    guard let metadata = headers.metadata(size: size) else {
      throw StoreError(.failed, .read, key: request.key, detail: "the answer has no Last-Modified")
    }
    if let version = request.version, let sent = metadata.version, sent != version {
      throw StoreError(.failed, .read, key: request.key, detail: "the server sent another version, \(sent)")
    }
    // Not every server knows the condition.
    try request.checkMatch(metadata)
    return metadata
  }

  private static func short(_ request: ReadRequest, _ detail: String) -> StoreError {
    StoreError(.shortRead, .read, key: request.key, detail: detail)
  }

  func head(_ key: String) async throws(StoreError) -> ObjectMetadata? {
    try checkNotCancelled(.head, key: key)
    try checkKey(key, for: .head)
    return try await metadata(key, version: nil, for: .head)
  }

  /// Nil if there is no such object.
  func metadata(
    _ key: String,
    version: String?,
    for operation: StoreError.Operation
  ) async throws(StoreError) -> ObjectMetadata? {
    var call = S3Client.Call(operation: operation, method: .head, key: key, place: key, bodyLimit: 0)
    if let version { call.query = [("versionId", version)] }
    call.expected = [404]
    let metadata = try await client.send(call) { response throws(StoreError) -> ObjectMetadata? in
      if response.status == 404 { return nil }
      let headers = S3Headers(response.headers)
      guard let size = headers.contentLength, let metadata = headers.metadata(size: size) else {
        throw StoreError(.failed, operation, key: key, detail: "the answer lacks a length or a time")
      }
      return metadata
    }
    if let metadata { return metadata }
    return try await confirmMissing(call)
  }

  /// An answer to HEAD has no body, so its 404 may also mean that the whole bucket is missing. GET tells which.
  private func confirmMissing(_ head: S3Client.Call) async throws(StoreError) -> ObjectMetadata? {
    var call = head
    call.method = .get
    call.headers = [("range", "bytes=0-0")]
    call.range = 0..<1
    call.bodyLimit = 1
    call.expected = []
    do throws(StoreError) {
      return try await client.send(call) { response throws(StoreError) in
        let headers = S3Headers(response.headers)
        return (headers.contentRange?.size ?? headers.contentLength).flatMap(headers.metadata)
      }
    } catch {
      if error.kind == .notFound { return nil }
      throw error
    }
  }
}

/// `VersioningConfiguration`, with `Status` `Enabled` or `Suspended` if versioning was ever on.
private struct S3VersioningAnswer: XMLVisitor {
  private(set) var isEnabled = false

  mutating func begin(_ element: String) {}

  mutating func end(_ element: String, text: [UInt8]) {
    if element == "Status" { isEnabled = text == Array("Enabled".utf8) }
  }
}

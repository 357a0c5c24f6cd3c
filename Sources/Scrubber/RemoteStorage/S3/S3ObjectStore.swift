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
  var keyOrder: KeyOrder { client.keyOrder }

  func list(_ request: ListRequest) -> any ListingPages { S3Listing(client, request) }

  func listVersions(_ request: ListRequest) throws(StoreError) -> any VersionPages {
    S3VersionListing(client, request)
  }

  /// Cuts by the first digit of tenants: each range costs a request more than its objects need, and those that
  /// turn out long are cut again (`ParallelListing`). Each is asked for by its prefix, as a server that is told
  /// only where to begin sends a page of what lies behind the end, too. What lies between the digits takes ranges
  /// of its own.
  func split(
    _ request: ListRequest,
    at prefix: String,
    into count: Int
  ) async throws(StoreError) -> [ListRequest] {
    guard count > 1, prefix.utf8.starts(with: request.prefix.utf8), request.startAfter == nil,
      request.endBefore == nil
    else { return [request] }
    var parts: [ListRequest] = []
    var gap = request
    gap.pageLimit = min(request.pageLimit, Self.gapPageLimit)
    for (first, last) in [("0", "9"), ("a", "f")] as [(Unicode.Scalar, Unicode.Scalar)] {
      gap.endBefore = "\(prefix)\(first)"
      parts.append(gap)
      for digit in first.value...last.value {
        var part = request
        part.prefix = prefix
        part.prefix.unicodeScalars.append(Unicode.Scalar(digit) ?? first)
        parts.append(part)
      }
      // Behind all that begins with the last digit.
      gap.startAfter = "\(prefix)\(last)\u{10FFFF}"
    }
    gap.endBefore = nil
    return parts + [gap]
  }

  /// Where nothing should be, no whole page is asked for.
  private static let gapPageLimit = 100

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
        let answer = try XMLReader.read(response.body, by: S3VersioningAnswer())
        guard answer.isVersioning else { throw XMLError(message: "the answer is no VersioningConfiguration") }
        return (answer.isEnabled, response.headers["date"].flatMap(HTTPDate.parse))
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
      call.headers = [("x-amz-checksum-mode", "ENABLED")]
      let etags = client.etags
      return try await client.send(call) { response throws(StoreError) in
        try Self.whole(response, of: request, etags)
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

  /// One request for the whole object, which goes on where it broke off.
  func read(
    _ request: ReadRequest,
    into sink: any ObjectSink,
    partByteCount: UInt64
  ) async throws(StoreError) -> ObjectMetadata {
    let key = request.key
    try checkNotCancelled(.read, key: key)
    try checkKey(key, for: .read)
    let stream = S3BodyStream(request, into: sink)
    var call = S3Client.Call(operation: .read, key: key, place: key, bodyLimit: max(0, request.limit))
    if let version = request.version { call.query = [("versionId", version)] }
    if let etag = request.ifMatch { call.headers = [("if-match", "\"\(etag)\"")] }
    call.stream = stream
    return try await client.send(call) { response throws(StoreError) in
      try stream.finish(response)
    }
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
    of request: ReadRequest,
    _ etags: ETagTrust
  ) throws(StoreError) -> ObjectContent {
    let size = UInt64(response.body.count)
    let headers = S3Headers(response.headers)
    guard response.status == 200, headers.contentLength ?? size == size else {
      throw short(request, "\(headers.contentLength ?? 0) bytes announced, \(size) came")
    }
    let verdict = headers.checksums.judge(response.body, etag: headers.etag, etags)
    if case .mismatch(let reason) = verdict { throw short(request, reason) }
    // Bytes may be stored packed, or be packed by a proxy on the way: what is proved to be the object's is taken.
    if let encoding = headers.encoding, verdict != .proved { throw packed(request, encoding) }
    return ObjectContent(bytes: response.body, metadata: try metadata(headers, size: size, request))
  }

  private static func part(
    _ response: HTTPResponse,
    of request: ReadRequest,
    asked: ClosedRange<UInt64>
  ) throws(StoreError) -> ObjectContent {
    let headers = S3Headers(response.headers)
    if let encoding = headers.encoding { throw packed(request, encoding) }
    // An answer without it is not the store's, so nothing in it says where the object ends.
    _ = try metadata(headers, size: 0, request)
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

  static func metadata(
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

  static func packed(_ request: ReadRequest, _ encoding: String) -> StoreError {
    let detail = "the answer is packed as \(encoding.prefix(40)), which was not asked for"
    return StoreError(.failed, .read, key: request.key, detail: detail)
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
    call.expected = Self.silentRefusals
    let head = call
    let metadata = try await client.send(call) { response throws(StoreError) -> ObjectMetadata? in
      if !response.isSuccess { return nil }
      let headers = S3Headers(response.headers)
      guard let size = headers.contentLength, let metadata = headers.metadata(size: size) else {
        throw Self.noMetadata(head)
      }
      return metadata
    }
    if let metadata { return metadata }
    return try await askWhy(call)
  }

  private static func noMetadata(_ call: S3Client.Call) -> StoreError {
    StoreError(.failed, call.operation, key: call.place, detail: "the answer lacks a length or a time")
  }

  private static let silentRefusals = Set(300..<500).subtracting([408, 429])

  /// An answer to HEAD has no body: its 404 may also mean that the whole bucket is missing, its 400 that a token has
  /// expired. GET tells which.
  private func askWhy(_ head: S3Client.Call) async throws(StoreError) -> ObjectMetadata? {
    var question = head
    question.method = .get
    question.headers = [("range", "bytes=0-0")]
    question.range = 0..<1
    question.bodyLimit = 1
    question.expected = []
    let call = question
    do throws(StoreError) {
      return try await client.send(call) { response throws(StoreError) in
        let headers = S3Headers(response.headers)
        guard let metadata = (headers.contentRange?.size ?? headers.contentLength).flatMap(headers.metadata)
        else { throw Self.noMetadata(call) }
        return metadata
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
  private(set) var isVersioning = false
  private var isBegun = false

  mutating func begin(_ element: XMLName) {
    // The other name is that of moto, for a bucket that never had versioning.
    if !isBegun {
      isVersioning = element == "VersioningConfiguration" || element == "GetBucketVersioningResponse"
    }
    isBegun = true
  }

  mutating func end(_ element: XMLName, text: Span<UInt8>) {
    if element == "Status" { isEnabled = text.isEqual(to: "Enabled") }
  }
}

/// An object on its way from a bucket into a sink. When its request is sent again, it goes on behind what came.
///
/// Used by the task that sends the request and, while it is under way, by the network's thread: never by both at once.
final class S3BodyStream: HTTPBodySink, @unchecked Sendable {
  private let request: ReadRequest
  private let sink: any ObjectSink
  /// As the first answer says it; those that follow must say the same.
  private var metadata: ObjectMetadata?
  private var received: UInt64 = 0
  private var receivedBefore: UInt64 = 0
  /// Bytes at the start of the present answer that came before: the server sent the whole object anew.
  private var surplus: UInt64 = 0
  /// Why no other try can help.
  private(set) var refusal: StoreError?

  init(_ request: ReadRequest, into sink: any ObjectSink) {
    self.request = request
    self.sink = sink
  }

  /// What to add to a request so that only what is missing is sent, of the same object.
  var headersToGoOn: [(name: String, value: String)] {
    guard let metadata, received > 0 else { return [] }
    let range = [(name: "range", value: "bytes=\(received)-")]
    guard request.ifMatch == nil, !metadata.etag.isEmpty else { return range }
    return range + [(name: "if-match", value: "\"\(metadata.etag)\"")]
  }

  /// Whether bytes came since this was asked last.
  func takeProgress() -> Bool {
    defer { receivedBefore = received }
    return received > receivedBefore
  }

  /// What the store says of the object, if all of it came.
  func finish(_ response: HTTPResponse) throws(StoreError) -> ObjectMetadata {
    if metadata == nil, response.headers["content-length"] == "0" {
      // Of an empty object no byte came that would have begun it.
      do throws(HTTPFailure) {
        try begin(status: response.status, response.headers)
      } catch {
        throw refusal ?? StoreError(.failed, .read, key: request.key, detail: error.detail)
      }
    }
    guard let metadata, received == metadata.size else {
      let detail = metadata.map { "\(received) of \($0.size) bytes came" } ?? "the answer has no body"
      throw StoreError(.shortRead, .read, key: request.key, detail: detail)
    }
    return metadata
  }

  // MARK: The network's thread

  func begin(status: Int, _ headers: HTTPHeaders) throws(HTTPFailure) {
    let headers = S3Headers(headers)
    let (start, size) = try place(status, headers)
    do throws(StoreError) {
      if let encoding = headers.encoding { throw S3ObjectStore.packed(request, encoding) }
      let found = try S3ObjectStore.metadata(headers, size: size, request)
      guard size <= UInt64(max(0, request.limit)) else {
        let detail = "\(size) bytes, more than \(request.limit)"
        throw StoreError(.tooLarge, .read, key: request.key, detail: detail)
      }
      guard metadata ?? found == found else {
        throw StoreError(.changed, .read, key: request.key, detail: "replaced meanwhile")
      }
      metadata = found
    } catch {
      // An answer that is not the store's may not come again.
      if error.kind != .failed { refusal = error }
      throw HTTPFailure(kind: .short, detail: error.detail)
    }
    surplus = received - start
  }

  /// Where in the object an answer begins, and the object's size.
  private func place(_ status: Int, _ headers: S3Headers) throws(HTTPFailure) -> (UInt64, UInt64) {
    if let range = headers.contentRange {
      guard received > 0, range.bytes == received...(range.size - 1) else {
        let asked = received == 0 ? "all" : "from \(received) on"
        throw HTTPFailure(kind: .short, detail: "asked for \(asked), the server sent bytes \(range.bytes)")
      }
      return (received, range.size)
    }
    guard status == 200, let size = headers.contentLength else {
      throw HTTPFailure(kind: .short, detail: "the answer (status \(status)) has neither length nor range")
    }
    return (0, size)
  }

  func take(_ bytes: UnsafeRawBufferPointer) throws(HTTPFailure) -> Bool {
    let skipped = Int(clamping: min(surplus, UInt64(bytes.count)))
    let new = UnsafeRawBufferPointer(rebasing: bytes[skipped...])
    let missing = (metadata?.size ?? 0) - received
    guard UInt64(new.count) <= missing else {
      throw HTTPFailure(kind: .short, detail: "more bytes than the \(metadata?.size ?? 0) announced")
    }
    switch sink.take(new) {
    case .full: return false
    case .failed:
      refusal = .refusedBySink(request.key)
      throw HTTPFailure(kind: .other, detail: "what was read could not be kept")
    case .taken:
      surplus -= UInt64(skipped)
      received += UInt64(new.count)
      return true
    }
  }

  var isReady: Bool { sink.isReady }

  func notify(_ listener: @escaping @Sendable () -> Void) { sink.notify(listener) }
}

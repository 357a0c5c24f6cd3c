/// Takes the bytes of an object in their order, as they come.
///
/// Who reads the object must not be held up by who keeps it: a sink without room says so, and tells when there is room
/// again. Used by one thread at a time.
protocol ObjectSink: AnyObject, Sendable {
  /// Takes all of the bytes, or none. Never waits.
  func take(_ bytes: UnsafeRawBufferPointer) -> SinkAnswer

  /// Whether bytes that were refused as `full` would be taken now, or refused for good.
  var isReady: Bool { get }

  /// What to call, from any thread, when there may be room again. Replaces what was given before.
  func notify(_ listener: @escaping @Sendable () -> Void)

  /// Takes the bytes, and waits for room. False if they were refused for good.
  func put(_ bytes: [UInt8]) async -> Bool
}

enum SinkAnswer {
  case taken
  /// There is no room now.
  case full
  /// There will be none: the sink knows why.
  case failed
}

extension StoreError {
  /// The bytes could not be kept. Says nothing of the store.
  static func refusedBySink(_ key: String) -> StoreError {
    StoreError(.failed, .read, key: key, detail: "what was read could not be kept")
  }
}

extension ObjectStore {
  /// Reads an object part by part. For stores that have no better way.
  func readInParts(
    _ request: ReadRequest,
    into sink: any ObjectSink,
    partByteCount: UInt64
  ) async throws(StoreError) -> ObjectMetadata {
    let partByteCount = max(1, partByteCount)
    var part = request
    part.limit = Int(clamping: partByteCount)
    var metadata: ObjectMetadata?
    var start: UInt64 = 0
    while start < metadata?.size ?? 1 {
      let (end, overflow) = start.addingReportingOverflow(partByteCount)
      part.range = start..<(overflow ? .max : end)
      let content = try await read(part)
      let size = content.metadata.size
      guard size <= UInt64(max(0, request.limit)) else {
        throw StoreError(
          .tooLarge,
          .read,
          key: request.key,
          detail: "\(size) bytes, more than \(request.limit)"
        )
      }
      guard metadata ?? content.metadata == content.metadata else {
        throw StoreError(.changed, .read, key: request.key, detail: "replaced meanwhile")
      }
      guard UInt64(content.bytes.count) == min(size - start, partByteCount) else {
        let detail = "asked for bytes from \(start) on, \(content.bytes.count) came"
        throw StoreError(.shortRead, .read, key: request.key, detail: detail)
      }
      guard await sink.put(content.bytes) else { throw .refusedBySink(request.key) }
      start += UInt64(content.bytes.count)
      metadata = content.metadata
      // Parts that follow must be of the same object.
      if part.ifMatch == nil, !content.metadata.etag.isEmpty { part.ifMatch = content.metadata.etag }
      if size == 0 { break }
    }
    guard let metadata else { preconditionFailure("the first part is always read") }
    return metadata
  }

  func read(
    _ request: ReadRequest,
    into sink: any ObjectSink,
    partByteCount: UInt64
  ) async throws(StoreError) -> ObjectMetadata {
    try await readInParts(request, into: sink, partByteCount: partByteCount)
  }
}

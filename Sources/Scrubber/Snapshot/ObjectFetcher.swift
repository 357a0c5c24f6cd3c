import IndexFormat

/// Fetches objects into the files of a snapshot.
///
/// An object of up to `partByteCount` bytes is one request; a larger one is read in parts, several at a time, which are
/// hashed and written in their order. Each part in memory takes a token, so that all objects together never take more
/// than the tokens times `partByteCount`.
struct ObjectFetcher: Sendable {
  let store: any ObjectStore
  /// What stands before a path in a key.
  let tenantsPrefix: String
  let folder: SnapshotFolder
  let tokens: TokenBucket
  let progress: SnapshotProgress
  var partByteCount: UInt64 = 16 << 20
  /// Parts of one object that are read at the same time.
  var partsAtATime = 4

  enum Failure: Error {
    /// The object is not what it was when it was looked at.
    case changed(StoreError)
    /// The store gave no answer.
    case store(StoreError)
    /// The file cannot be written.
    case target(SystemCallError)
  }

  /// Fetches an object and gives the file its name.
  func fetch(_ item: SnapshotItem) async throws(Failure) -> SnapshotFile {
    await tokens.take()
    let part: SnapshotPart
    do throws(SystemCallError) {
      part = try folder.newPart(size: item.size)
    } catch {
      tokens.giveBack()
      throw .target(error)
    }
    do throws(Failure) {
      let metadata = try await readAll(item, into: part)
      return try await place(part, item, metadata)
    } catch {
      folder.discard(part)
      progress.takeBack(bytes: part.byteCount)
      throw error
    }
  }

  // MARK: Reading

  private func request(_ item: SnapshotItem, from start: UInt64, etag: String?) -> ReadRequest {
    var request = ReadRequest(tenantsPrefix + item.path, version: item.version, limit: Int(partByteCount))
    guard item.size > partByteCount else {
      // Without a range, as that is what servers do best. An object that has grown since is too large.
      request.limit = Int(clamping: item.size)
      return request
    }
    request.range = start..<min(item.size, start + partByteCount)
    request.ifMatch = etag
    return request
  }

  private func read(_ request: ReadRequest) async throws(Failure) -> ObjectContent {
    do throws(StoreError) {
      return try await store.read(request)
    } catch {
      switch error.kind {
      case .notFound, .changed, .tooLarge, .badRequest: throw .changed(error)
      default: throw .store(error)
      }
    }
  }

  /// Reads the first part, for which the caller holds a token, and then the others.
  private func readAll(_ item: SnapshotItem, into part: SnapshotPart) async throws(Failure) -> ObjectMetadata
  {
    let metadata: ObjectMetadata
    do throws(Failure) {
      let first = try await read(request(item, from: 0, etag: nil))
      metadata = first.metadata
      try check(metadata, item)
      try await write(first.bytes, to: part)
      tokens.giveBack()
    } catch {
      tokens.giveBack()
      throw error
    }
    if item.size > partByteCount { try await readRest(item, metadata, into: part) }
    guard part.byteCount == item.size else {
      throw .store(
        StoreError(
          .shortRead,
          .read,
          key: tenantsPrefix + item.path,
          detail: "\(part.byteCount) of \(item.size) bytes came"
        )
      )
    }
    return metadata
  }

  /// Whether what was read is what was looked at.
  private func check(_ metadata: ObjectMetadata, _ item: SnapshotItem) throws(Failure) {
    // Answers tell times to the second, listings of some servers more exactly.
    let isOfItsTime =
      metadata.lastModified == item.lastModified
      || metadata.lastModified.wholeSeconds == item.lastModified.wholeSeconds
        && [metadata.lastModified, item.lastModified].contains { $0 == $0.wholeSeconds }
    guard metadata.size == item.size, item.version != nil || isOfItsTime else {
      let detail =
        "\(metadata.size) bytes of \(metadata.lastModified.rfc3339), not "
        + "\(item.size) bytes of \(item.lastModified.rfc3339) as it was listed"
      throw .changed(StoreError(.changed, .read, key: tenantsPrefix + item.path, detail: detail))
    }
  }

  private func readRest(
    _ item: SnapshotItem,
    _ metadata: ObjectMetadata,
    into part: SnapshotPart
  ) async throws(Failure) {
    let etag = metadata.etag.isEmpty ? nil : metadata.etag
    var failure: Failure?
    await withTaskGroup(of: (UInt64, Result<ObjectContent, Failure>).self) { group in
      var next = partByteCount
      var written = partByteCount
      var running = 0
      var early: [UInt64: [UInt8]] = [:]
      while failure == nil, written < item.size {
        while next < item.size, running + early.count < partsAtATime {
          if running + early.count == 0 { await tokens.take() } else if !tokens.takeIfFree() { break }
          let (start, request) = (next, request(item, from: next, etag: etag))
          group.addTask {
            do throws(Failure) {
              return (start, .success(try await read(request)))
            } catch {
              return (start, .failure(error))
            }
          }
          next += partByteCount
          running += 1
        }
        guard let (start, result) = await group.next() else { break }
        running -= 1
        do throws(Failure) {
          let content = try result.get()
          guard content.metadata == metadata else {
            let error = StoreError(
              .changed,
              .read,
              key: tenantsPrefix + item.path,
              detail: "replaced meanwhile"
            )
            tokens.giveBack()
            throw Failure.changed(error)
          }
          early[start] = content.bytes
          while let bytes = early.removeValue(forKey: written) {
            defer { tokens.giveBack() }
            written += UInt64(bytes.count)
            try await write(bytes, to: part)
          }
        } catch {
          if case .failure = result { tokens.giveBack() }
          failure = error
        }
      }
      group.cancelAll()
      for _ in early { tokens.giveBack() }
      for await _ in group { tokens.giveBack() }
    }
    if let failure { throw failure }
  }

  private func write(_ bytes: [UInt8], to part: SnapshotPart) async throws(Failure) {
    do throws(SystemCallError) {
      try await part.writeElsewhere(bytes)
    } catch {
      throw .target(error)
    }
    progress.add(bytes: UInt64(bytes.count))
  }

  // MARK: Placing

  private func place(
    _ part: SnapshotPart,
    _ item: SnapshotItem,
    _ metadata: ObjectMetadata
  ) async throws(Failure) -> SnapshotFile {
    let key = tenantsPrefix + item.path
    guard let digest = part.finishHash() else {
      throw .store(StoreError(.failed, .read, key: key, detail: "the hash is finished already"))
    }
    if let expected = item.digest, expected != digest {
      throw .changed(
        StoreError(.changed, .read, key: key, detail: "the object says something else than before")
      )
    }
    var file = SnapshotFile(
      path: item.path,
      key: key,
      kind: item.kind,
      size: item.size,
      sha256: digest,
      lastModified: metadata.lastModified.rfc3339
    )
    file.etag = metadata.etag.isEmpty ? nil : metadata.etag
    file.version = item.version
    file.isRecovered = item.isRecovered
    do throws(SystemCallError) {
      try await part.finishElsewhere()
      try folder.note(file.encode())
      if try !folder.place(part, at: item.path) {
        // After a crash of the machine a file may be there of which the journal knows nothing.
        guard try folder.digest(of: item.path) == digest else { throw SnapshotFolder.inTheWay(item.path) }
        folder.discard(part)
      }
    } catch {
      throw .target(error)
    }
    progress.addObject()
    return file
  }
}

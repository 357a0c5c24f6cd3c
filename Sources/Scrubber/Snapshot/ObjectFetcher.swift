import IndexFormat

/// Fetches objects into the files of a snapshot.
///
/// An object of up to `partByteCount` bytes is in memory once; a larger one never is (`SnapshotPart`).
struct ObjectFetcher: Sendable {
  let store: any ObjectStore
  /// What stands before a path in a key.
  let tenantsPrefix: String
  let folder: SnapshotFolder
  let progress: SnapshotProgress
  var partByteCount: UInt64 = 4 << 20

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
    let part: SnapshotPart
    do throws(SystemCallError) {
      part = try folder.newPart(size: item.size, progress)
    } catch {
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

  /// Small objects are read whole, with the checksums that servers have of whole objects; large ones as they come.
  private func readAll(_ item: SnapshotItem, into part: SnapshotPart) async throws(Failure) -> ObjectMetadata
  {
    // An object that has grown since is too large.
    let request = ReadRequest(
      tenantsPrefix + item.path,
      version: item.version,
      limit: Int(clamping: item.size)
    )
    do throws(StoreError) {
      let metadata: ObjectMetadata
      if item.size <= partByteCount {
        let content = try await store.read(request)
        metadata = content.metadata
        guard await part.put(content.bytes) else { throw .refusedBySink(request.key) }
      } else {
        metadata = try await store.read(request, into: part, partByteCount: partByteCount)
      }
      try check(metadata, item)
      guard part.byteCount == item.size else {
        let detail = "\(part.byteCount) of \(item.size) bytes came"
        throw StoreError(.shortRead, .read, key: request.key, detail: detail)
      }
      return metadata
    } catch {
      if let failure = part.failure { throw .target(failure) }
      switch error.kind {
      case .notFound, .changed, .tooLarge, .badRequest: throw .changed(error)
      default: throw .store(error)
      }
    }
  }

  /// Whether what was read is what was looked at.
  private func check(_ metadata: ObjectMetadata, _ item: SnapshotItem) throws(StoreError) {
    // Answers tell times to the second, listings of some servers more exactly.
    let isOfItsTime =
      metadata.lastModified == item.lastModified
      || metadata.lastModified.wholeSeconds == item.lastModified.wholeSeconds
        && [metadata.lastModified, item.lastModified].contains { $0 == $0.wholeSeconds }
    guard metadata.size == item.size, item.version != nil || isOfItsTime else {
      let detail =
        "\(metadata.size) bytes of \(metadata.lastModified.rfc3339), not "
        + "\(item.size) bytes of \(item.lastModified.rfc3339) as it was listed"
      throw StoreError(.changed, .read, key: tenantsPrefix + item.path, detail: detail)
    }
  }

  // MARK: Placing

  private func place(
    _ part: SnapshotPart,
    _ item: SnapshotItem,
    _ metadata: ObjectMetadata
  ) async throws(Failure) -> SnapshotFile {
    let key = tenantsPrefix + item.path
    let digest: SHA256Digest
    do throws(SystemCallError) {
      digest = try await part.finish()
    } catch {
      throw .target(error)
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
      try folder.note(file.encode())
      if try !folder.place(part.name, at: item.path) {
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

import Engine
import IndexFormat

/// An object store as the engine sees it: layers by key and range.
struct StoreLayerSource: LayerSource {
  let store: any ObjectStore

  func byteCount(of key: String) async throws(LayerSourceError) -> UInt64 {
    let metadata: ObjectMetadata?
    do throws(StoreError) {
      metadata = try await store.head(key)
    } catch {
      throw LayerSourceError(error)
    }
    guard let metadata else { throw LayerSourceError(.notFound, key: key, detail: "no such object") }
    return metadata.size
  }

  func read(_ key: String, _ range: Range<UInt64>) async throws(LayerSourceError) -> LayerBytes {
    guard let byteCount = Int(exactly: range.upperBound - range.lowerBound) else {
      throw LayerSourceError(.badRequest, key: key, detail: "range \(range) is too long")
    }
    let bytes: [UInt8]
    do throws(StoreError) {
      bytes = try await store.read(ReadRequest(key, range: range, limit: byteCount)).bytes
    } catch {
      if error.kind == .badRequest { try await checkEnd(of: key, reaches: range) }
      throw LayerSourceError(error)
    }
    guard bytes.count == byteCount else {
      throw LayerSourceError(
        .shortRead,
        key: key,
        detail: "\(bytes.count) of \(byteCount) bytes from \(range.lowerBound) on"
      )
    }
    return LayerBytes(bytes)
  }

  /// Stores refuse a range that begins behind an object's end, and others too: throws if it is that.
  private func checkEnd(of key: String, reaches range: Range<UInt64>) async throws(LayerSourceError) {
    let size = try await byteCount(of: key)
    guard size < range.upperBound else { return }
    let detail = "byte \(range.lowerBound) lies behind the object's end (\(size) bytes)"
    throw LayerSourceError(.shortRead, key: key, detail: detail)
  }
}

extension LayerSourceError {
  init(_ error: StoreError) {
    let kind: Kind =
      switch error.kind {
      case .notFound: .notFound
      case .accessDenied: .accessDenied
      case .badRequest: .badRequest
      case .shortRead: .shortRead
      case .cancelled: .cancelled
      case .changed: .changed
      case .tooLarge, .timedOut, .failed, .unsupported: .failed
      }
    self.init(kind, key: error.key, detail: "\(error.operation.rawValue): \(error.detail)")
  }
}

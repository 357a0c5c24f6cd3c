import Engine
import Synchronization

/// Layers in memory, with a list of what was read.
final class MemoryLayerSource: LayerSource {
  private let objects: [String: [UInt8]]
  private let log = Mutex<[Range<UInt64>]>([])

  init(_ objects: [String: [UInt8]]) { self.objects = objects }

  /// What was read since the last time this was asked.
  func takeReads() -> [Range<UInt64>] {
    log.withLock { log in
      defer { log = [] }
      return log
    }
  }

  func byteCount(of key: String) async throws(LayerSourceError) -> UInt64 { UInt64(try object(key).count) }

  func read(_ key: String, _ range: Range<UInt64>) async throws(LayerSourceError) -> LayerBytes {
    log.withLock { $0.append(range) }
    // As a real source does, so that what is done behind a read runs in another turn.
    await Task.yield()
    let bytes = try object(key)
    guard range.upperBound <= bytes.count else {
      throw LayerSourceError(.shortRead, key: key, detail: "\(bytes.count) bytes, asked for \(range)")
    }
    return LayerBytes(copying: bytes.span.bytes.extracting(Int(range.lowerBound)..<Int(range.upperBound)))
  }

  private func object(_ key: String) throws(LayerSourceError) -> [UInt8] {
    guard let bytes = objects[key] else {
      throw LayerSourceError(.notFound, key: key, detail: "no such object")
    }
    return bytes
  }
}

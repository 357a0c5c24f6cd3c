import Engine
import Foundation
import Glibc
import IndexFormat

/// An image layer of 16,384 pages that are not compressed, in a temporary file.
struct LargeLayer {
  let object: LayerObject
  let folder: String

  private static let pageCount: UInt32 = 16_384

  init() throws {
    let start = Key(0, 0x67f, 1, 0xae, 0, 0)
    guard let end = start.advanced(by: Self.pageCount) else { throw BenchmarkError("no such key") }
    folder = FileManager.default.temporaryDirectory.path
    object = LayerObject(
      key: "scrubber-layer-\(getpid())",
      name: LayerName(image: KeyRange(start: start, end: end), at: Lsn(0x100_0000)),
      tenant: TenantID(high: 1, low: 1),
      timeline: TimelineID(high: 2, low: 2)
    )
    var writer = try ImageLayerWriter(
      object.name,
      tenant: object.tenant,
      timeline: object.timeline,
      compression: .none,
      sink: try LayerFileSink(path: "\(folder)/\(object.key)")
    )
    let page = [UInt8](repeating: 0x5a, count: 8192)
    for number in 0..<Self.pageCount {
      guard let key = start.advanced(by: number) else { break }
      try writer.put(key, image: page.span.bytes)
    }
    let written = try writer.finish()
    try written.sink.commit()
  }

  /// Every entry of the index, and every value.
  func secondsOfReading() async throws -> Double {
    let start = ContinuousClock.now
    let reader = try await LayerReader.open(
      object,
      in: FolderLayerSource(root: folder),
      cache: BlockCache(byteBudget: 8 << 20),
      decoders: BlobDecoderPool()
    )
    let blobs = reader.blobs(of: try await reader.entries())
    var count: UInt32 = 0
    while let batch = try await blobs.next() { count += try Self.count(batch) }
    guard count == Self.pageCount else { throw BenchmarkError("\(count) values") }
    return (ContinuousClock.now - start) / .seconds(1)
  }

  private static func count(_ batch: BlobBatch) throws -> UInt32 {
    var count: UInt32 = 0
    // Looked at, so that the work cannot be left out.
    try batch.decode { _, page in count += page.byteCount == 8192 ? 1 : 0 }
    return count
  }

  /// The file from start to end.
  func readFile() throws {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
    defer { buffer.deallocate() }
    let descriptor = open("\(folder)/\(object.key)", O_RDONLY)
    guard descriptor >= 0 else { throw BenchmarkError("cannot open the layer") }
    defer { close(descriptor) }
    while read(descriptor, buffer.baseAddress, buffer.count) > 0 {}
  }
}

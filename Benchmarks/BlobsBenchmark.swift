import Engine
import Foundation
import Glibc
import IndexFormat

/// Checks all blobs of image layers on one core, against `zstd -t` on the same compressed bytes in one file; and
/// reads a whole layer of the usual size by its index, against reading its file from start to end. Alternately, in
/// the same run.
struct BlobsBenchmark {
  private let layers: [(object: LayerObject, path: String)]

  private static let rounds = 7

  init(_ arguments: ArraySlice<String>) throws {
    guard let folder = arguments.first, arguments.count == 1 else {
      throw BenchmarkError("usage: Benchmarks blobs DIR (with image layers below tenants/…/timelines/…)")
    }
    let paths = try FileManager.default.subpathsOfDirectory(atPath: folder).sorted()
    layers = paths.compactMap { path -> (LayerObject, String)? in
      let parts = path.split(separator: "/").map(String.init)
      guard parts.count >= 4, let last = parts.last, let name = LayerFileName(last),
        name.layer.kind == .image,
        let timeline = TimelineID(parts[parts.count - 2]),
        let tenant = TenantID(String(parts[parts.count - 4].prefix(32)))
      else { return nil }
      let object = LayerObject(key: path, name: name.layer, tenant: tenant, timeline: timeline)
      return (object, "\(folder)/\(path)")
    }
    guard !layers.isEmpty else { throw BenchmarkError("no image layers below \(folder)") }
  }

  func run() async throws {
    let contents = try layers.map { [UInt8](try Data(contentsOf: URL(filePath: $0.path))) }
    let frames = try gather(contents)
    let large = try LargeLayer()
    defer {
      unlink(frames.path)
      unlink("\(large.folder)/\(large.object.key)")
    }
    var (ours, theirs, reading, sequential) = (
      Figures(seconds: []), Figures(seconds: []), Figures(seconds: []), Figures(seconds: [])
    )
    for round in 0...Self.rounds {
      let check = try seconds { try checkAll(contents) }
      let zstd = try ProgramRun(["/usr/bin/zstd", "-tq", "--single-thread", frames.path]).wallSeconds
      let vectored = try await large.secondsOfReading()
      let plain = try seconds { try large.readFile() }
      // The first round fills the kernel's caches.
      guard round > 0 else { continue }
      ours.seconds.append(check)
      theirs.seconds.append(zstd)
      reading.seconds.append(vectored)
      sequential.seconds.append(plain)
    }
    let megabytes = Double(frames.byteCount) / 1e6
    print(
      """
      blobs: \(layers.count) image layers, \(megabytes.short) MB of compressed values
        check      \((megabytes / ours.median).short) MB/s, all checks of depth blobs, one core
        zstd -t    \((megabytes / theirs.median).short) MB/s
        ratio      \((ours.median / theirs.median).short) times zstd's wall (wanted: 1.3 or less)
        reading    \(reading.median.short) s for the values of a 128 MiB layer, \(sequential.median.short) s for its \
      file, \
      \((reading.median / sequential.median).short) times (wanted: 2 or less)
      """
    )
  }

  private func seconds(_ body: () throws -> Void) throws -> Double {
    let start = ContinuousClock.now
    try body()
    return (ContinuousClock.now - start) / .seconds(1)
  }

  private func checkAll(_ contents: [[UInt8]]) throws {
    for (layer, bytes) in zip(layers, contents) {
      guard let decoder = BlobDecoder() else { throw BenchmarkError("no memory") }
      let report = LayerCheck.run(layer.object, bytes.span.bytes, depth: .blobs, decoder: decoder)
      guard report.findings.allSatisfy({ $0.severity == .info }) else {
        throw BenchmarkError("\(layer.path): \(report.findings)")
      }
    }
  }

  /// All compressed values, one frame behind the other: what `zstd` takes as one file.
  private func gather(_ contents: [[UInt8]]) throws -> (path: String, byteCount: Int) {
    var frames: [UInt8] = []
    for (layer, bytes) in zip(layers, contents) {
      guard let decoder = BlobDecoder() else { throw BenchmarkError("no memory") }
      _ = LayerCheck.run(layer.object, bytes.span.bytes, depth: .blobs, decoder: decoder) { entry, _ in
        let blob = bytes[Int(entry.blob.lowerBound)..<Int(entry.blob.upperBound)]
        guard let first = blob.first, first & 0xf0 == 0x90 else { return }
        let header = blob.prefix(4).reduce(0) { $0 << 8 | Int($1) } & 0x0fff_ffff
        frames += blob.dropFirst(4).prefix(header)
      }
    }
    let path = FileManager.default.temporaryDirectory.appending(path: "scrubber-frames-\(getpid()).zst").path
    try Data(frames).write(to: URL(filePath: path))
    return (path, frames.count)
  }
}

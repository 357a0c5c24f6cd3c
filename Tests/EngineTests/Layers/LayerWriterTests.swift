import Engine
import Foundation
import IndexFormat
import Testing

struct LayerWriterTests {
  private func imageWriter(
    _ name: String =
      "000000067F00000001000000AE0000000010-000000067F00000001000000AE0000000013__000000000169AD58",
    _ compression: ImageCompression = .standard
  ) throws -> ImageLayerWriter<MemoryLayerSink> {
    try ImageLayerWriter(
      try #require(LayerName(name)),
      tenant: LayerVectorTests.tenant,
      timeline: LayerVectorTests.timeline,
      compression: compression,
      sink: MemoryLayerSink()
    )
  }

  @Test func writerRefusesWhatReadersWouldNotFind() throws {
    var writer = try imageWriter()
    let range = try #require(
      LayerName(
        "000000067F00000001000000AE0000000010-000000067F00000001000000AE0000000013__000000000169AD58"
      )
    ).keys
    let value: [UInt8] = [1]
    #expect(
      error { () throws(LayerWriteError) in try writer.put(range.end, image: value.span.bytes) }
        == .keyOutOfRange(range.end, range)
    )
    try writer.put(range.start, image: value.span.bytes)
    let twice = error { () throws(LayerWriteError) in try writer.put(range.start, image: value.span.bytes) }
    #expect(twice == .unsorted(TreeKey(range.start), after: TreeKey(range.start)))

    let name = try #require(
      LayerName(
        "010000000000000001000000000000000000-010000000000000001000000000000000001"
          + "__000000000169AD58-000000000169ADF0"
      )
    )
    var delta = try DeltaLayerWriter(
      name,
      tenant: LayerVectorTests.tenant,
      timeline: LayerVectorTests.timeline,
      sink: MemoryLayerSink()
    )
    for lsn in [Lsn(0x169_ad57), Lsn(0x169_adf0)] {
      let error = error { () throws(LayerWriteError) in try delta.put(name.keys.start, lsn, .image([])) }
      #expect(error == .lsnOutOfRange(lsn, in: name))
    }
    do throws(LayerWriteError) {
      _ = try delta.finish()
      Issue.record("an empty layer was written")
    } catch {
      #expect(error == .empty)
    }
  }

  private func error(_ body: () throws(LayerWriteError) -> Void) -> LayerWriteError? {
    do throws(LayerWriteError) {
      try body()
      return nil
    } catch {
      return error
    }
  }

  /// Blobs passed on as they are stored make the same file as their values.
  @Test func storedBlobsArePassedOn() throws {
    let file = try #require(LayerFile.small.first)
    let bytes = try file.bytes()
    let report = try file.object.check(bytes)
    var writer = try ImageLayerWriter(
      file.object.name,
      tenant: file.object.tenant,
      timeline: file.object.timeline,
      compression: .none,
      sink: MemoryLayerSink()
    )
    var blobs: [(Key, [UInt8])] = []
    _ = try file.object.check(bytes) { entry, _ in
      blobs.append((entry.key, Array(bytes[Int(entry.blob.lowerBound)..<Int(entry.blob.upperBound)])))
    }
    // Behind the last one there are zeros.
    let last = blobs.removeLast()
    for (key, blob) in blobs { try writer.put(key, blob: blob.span.bytes) }
    let header = try BlobHeader(parsing: last.1.span.bytes)
    let tooLong = error { () throws(LayerWriteError) in try writer.put(last.0, blob: last.1.span.bytes) }
    if case .badBlob = tooLong {} else { Issue.record("\(String(describing: tooLong))") }
    let cut = Array(last.1.prefix(header.totalByteCount))
    try writer.put(last.0, blob: cut.span.bytes)
    let written = try writer.finish()
    #expect(written.sink.bytes == bytes)
    #expect(written.summary == report.summary)
    #expect(written.entryCount == report.entryCount)
  }

  /// Noise is stored as it is, a page of zeros compressed, and a short value with a short header.
  @Test func formFollowsTheValue() throws {
    var generator = RepeatableGenerator(seed: 3)
    let images = [generator.bytes(8192), Array(repeating: 0, count: 8192), Array(repeating: 0, count: 127)]
    var writer = try imageWriter()
    let start = Key(0, 0x67f, 1, 0xae, 0, 0x10)
    for (index, image) in images.enumerated() {
      let key = try #require(start.advanced(by: UInt32(index)))
      try writer.put(key, image: image.span.bytes)
    }
    let bytes = try writer.finish().sink.bytes
    #expect(Array(bytes[8192..<8196]).hex == "80002000")
    #expect(bytes[8192 + 8196] == 0x90)
    let object = try LayerVectorTests.object(
      "000000067F00000001000000AE0000000010-000000067F00000001000000AE0000000013__000000000169AD58"
    )
    #expect(try object.values(bytes).map(\.bytes) == images)
    #expect(try object.check(bytes).findings == [])
  }

  @Test func fileGetsItsNameAtTheEnd() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "scrubber-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    // The system clears its temporary folder.
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = try #require(LayerFile.small.last)
    let values = try file.object.values(try file.bytes())
    let path = folder.appending(path: "layer").path
    func write() throws {
      var writer = try DeltaLayerWriter(
        file.object.name,
        tenant: file.object.tenant,
        timeline: file.object.timeline,
        sink: try LayerFileSink(path: path)
      )
      for value in values {
        try writer.put(value.key, value.lsn, encoded: value.bytes.span.bytes, willInit: value.willInit)
      }
      let written = try writer.finish()
      #expect(!FileManager.default.fileExists(atPath: path) || values.isEmpty)
      try written.sink.commit()
    }
    try write()
    #expect(try Data(contentsOf: URL(filePath: path)) == Data(try file.bytes()))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["layer"])
    // What is there is not replaced.
    var sink = try LayerFileSink(path: path)
    try sink.append([1].span.bytes)
    do throws(LayerWriteError) {
      try sink.commit()
      Issue.record("the file was replaced")
    } catch {
      guard case .file(let cause) = error else {
        Issue.record("\(error)")
        return
      }
      #expect(cause.code == EEXIST)
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["layer"])
  }

  @Test func fileHasAllBytesWhateverTheLengthOfTheirPieces() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "scrubber-\(UUID().uuidString)").path
    // The system clears its temporary folder.
    defer { try? FileManager.default.removeItem(atPath: path) }
    var generator = RepeatableGenerator(seed: Fuzzing.seed)
    var expected: [UInt8] = []
    var sink = try LayerFileSink(path: path)
    for length in [0, 1, 4095, 262_144 - 4096, 262_144, 3, 262_143, 600_000, 0, 17] {
      let piece = generator.bytes(length)
      expected += piece
      try sink.append(piece.span.bytes)
    }
    let start = generator.bytes(100)
    expected.replaceSubrange(0..<100, with: start)
    try sink.replaceStart(start.span.bytes)
    let end: [UInt8] = [5, 6]
    try sink.append(end.span.bytes)
    try sink.commit()
    #expect([UInt8](try Data(contentsOf: URL(filePath: path))) == expected + end)
  }
}

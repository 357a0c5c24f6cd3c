import Engine
import Foundation
import IndexFormat
import Testing

/// Whole files that were worked out byte by byte from the original's source: written, they are these bytes, and read,
/// they are these values.
struct LayerVectorTests {
  static let tenant = TenantID(high: 0x1111_1111_1111_1111, low: 0x1111_1111_1111_1111)
  static let timeline = TimelineID(high: 0x2222_2222_2222_2222, low: 0x2222_2222_2222_2222)

  static func object(_ name: String) throws -> LayerObject {
    let layer = try #require(LayerName(name))
    return LayerObject(key: name, name: layer, tenant: tenant, timeline: timeline)
  }

  /// The SHA-256 of bytes, by the program of the system.
  static func sha256(_ bytes: [UInt8]) throws -> String {
    let file = FileManager.default.temporaryDirectory.appending(path: "scrubber-\(UUID().uuidString)")
    try Data(bytes).write(to: file)
    // The system clears its temporary folder.
    defer { try? FileManager.default.removeItem(at: file) }
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/sha256sum")
    process.arguments = [file.path]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return String(String(decoding: output, as: UTF8.self).prefix(64))
  }

  @Test func deltaOfThreeValues() throws {
    let object = try Self.object(
      "010000000000000001000000000000000000-010000000000000001000000000000000001"
        + "__000000000169AD58-000000000169ADF0"
    )
    let key = object.name.keys.start
    let values: [(Lsn, LayerValue)] = [
      (Lsn(0x169_ad58), .image(Array(repeating: 0, count: 8192))),
      (
        Lsn(0x169_ada0),
        .record(.clogSetCommitted(transactions: [0x2d1, 0x2d2], timestamp: 0x0002_a1b2_c3d4_e5f6))
      ),
      (Lsn(0x169_ade8), .record(.clogSetAborted(transactions: [0x2d3]))),
    ]
    var writer = try DeltaLayerWriter(
      object.name,
      tenant: Self.tenant,
      timeline: Self.timeline,
      sink: MemoryLayerSink()
    )
    for (lsn, value) in values { try writer.put(key, lsn, value) }
    let written = try writer.finish()
    let bytes = written.sink.bytes
    #expect(written.byteCount == 32_768)
    #expect(try Self.sha256(bytes) == "609f561b3267d57d337a1c73d4b386c20191e962797a0415e6e729ca82884d2a")
    #expect(
      Array(bytes[16_400..<16_433]).hex == "20000000010000000200000000000000"
        + "02000002d1000002d20002a1b2c3d4e5f6"
    )
    let seen = try object.values(bytes)
    #expect(seen.map(\.lsn) == values.map(\.0))
    #expect(try seen.map { try LayerValue(parsing: $0.bytes.span.bytes) } == values.map(\.1))
    #expect(try object.check(bytes).findings == [])
  }

  @Test func imageOfThreeValues() throws {
    let object = try Self.object(
      "000000067F00000001000000AE0000000010-000000067F00000001000000AE0000000013__000000000169AD58"
    )
    let images = [Array("foobar".utf8), [], Array(repeating: 0x41, count: 128)]
    let bytes = try write(images, object)
    #expect(bytes.count == 24_576)
    #expect(try Self.sha256(bytes) == "e5ebb2cce6bdee727b9743a1c35cc2a4051dfbda56fabfe0a8ef4c51ce2691e7")
    #expect(try object.values(bytes).map(\.bytes) == images)
    #expect(try object.check(bytes).findings == [])
  }

  @Test(arguments: [(2048, 49_152), (4096, 73_728), (8192, 122_880)])
  func imageWithTreeOfTwoLevels(count: UInt32, byteCount: Int) throws {
    let object = try Self.object(
      "000000067F00000001000000AE0000000000-000000067F00000001000000AE0000002000__0000DEADBEEF0000"
    )
    let bytes = try write(Array(repeating: [1, 2, 3, 4], count: Int(count)), object)
    #expect(bytes.count == byteCount)
    let report = try object.check(bytes)
    #expect(report.findings == [])
    #expect(report.entryCount == Int(count))
    guard count == 8192 else { return }
    #expect(report.summary?.indexStartBlock == 6)
    #expect(report.summary?.indexRootBlock == 8)
    #expect(try Self.sha256(bytes) == "c83c9af6cfcac97a082b380241a19daca2cdd6ddec3631fa1ca51dd7ebe65f13")
  }

  private func write(_ images: [[UInt8]], _ object: LayerObject) throws -> [UInt8] {
    var writer = try ImageLayerWriter(
      object.name,
      tenant: Self.tenant,
      timeline: Self.timeline,
      compression: .none,
      sink: MemoryLayerSink()
    )
    for (index, image) in images.enumerated() {
      let key = try #require(object.name.keys.start.advanced(by: UInt32(index)))
      try writer.put(key, image: image.span.bytes)
    }
    return try writer.finish().sink.bytes
  }
}

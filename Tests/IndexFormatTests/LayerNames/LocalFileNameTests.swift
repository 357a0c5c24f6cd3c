import Testing

@testable import IndexFormat

private let key = String(repeating: "0", count: 36)
private let end = "000000067F00000001000004DF0000000006"
private let image = "\(key)-\(end)__00000000014FED58"
private let delta = "\(key)-\(end)__00000000014FED58-000000000154C481"

struct LocalFileNameTests {
  private func classify(_ name: String) -> LocalFileName { withBytes(name) { LocalFileName(text: $0) } }

  @Test(arguments: [
    ("\(key)-XXX__00000000014FED58-000000000154C481.1f.___temp", TemporaryName.deltaBeingWritten),
    ("\(key)-XXX__00000000014FED58-000000000154C481.aB3dEf9h.___temp", .deltaBeingWritten),
    ("\(image).0.___temp", .imageBeingWritten),
    ("\(delta)-v1-00000001.0.temp_download", .download(LayerFileName("\(delta)-v1-00000001"))),
    ("\(delta)-v1-00000001.temp_download", .download(LayerFileName("\(delta)-v1-00000001"))),
    ("\(image)-v1-00000001.1.temp_download", .download(LayerFileName("\(image)-v1-00000001"))),
    ("\(image).temp_download", .download(LayerFileName(image))),
    ("whatever.temp_download", .download(nil)), (".temp_download", .download(nil)),
    ("ephemeral-0", .ephemeral(0)), ("ephemeral-4294967295", .ephemeral(.max)),
    ("\(delta).old", .obsolete), ("metadata.old", .obsolete),
    ("\(image)..___temp", .otherTemporary), ("\(image).0.0.___temp", .otherTemporary),
    ("\(delta).0.___temp", .otherTemporary), ("\(image)-00000001.___temp", .otherTemporary),
    ("\(key)-XXX__00000000014FED58.1.___temp", .otherTemporary), ("heatmap-v1.json.___temp", .otherTemporary),
    ("___temp", .otherTemporary), ("\(image)-00000001.metadata", .sideFile),
  ])
  func temporary(name: String, expected: TemporaryName) {
    #expect(classify(name) == .temporary(expected))
  }

  @Test(arguments: [image, delta, "\(image)-v1-00000001", "\(delta)-v1-0000000a", "\(delta)-0000000a"])
  func layers(name: String) throws {
    #expect(classify(name) == .layer(try #require(LayerFileName(name))))
  }

  @Test(arguments: [
    "", "metadata", "ephemeral-", "ephemeral-4294967296", "ephemeral-x", "ephemeral--1", "old",
    "temp_download",
    "\(image).___tem", "\(image)-v1", "index_part.json",
  ])
  func unknown(name: String) { #expect(classify(name) == .unknown) }

  @Test func everyTruncationOfATemporaryNameHasAnAnswer() {
    let names = [
      "\(key)-XXX__00000000014FED58-000000000154C481.1f.___temp", "\(delta)-v1-00000001.0.temp_download",
    ]
    for name in names {
      for length in 0..<name.utf8.count {
        let answer = classify(String(name.prefix(length)))
        if case .temporary = answer { Issue.record("\(name.prefix(length))") }
      }
    }
  }
}

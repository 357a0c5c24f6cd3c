import Testing

@testable import IndexFormat

/// One real index of each era, cut at every byte and changed at every byte.
struct DocumentDamageTests {
  private static func index(ofBucketWith suffix: String, sizes: Range<Int>) -> [UInt8] {
    // An absent document is an empty one, which the first test notices.
    BucketDocument.all(.index).first { sizes.contains($0.bytes.count) && $0.key.hasSuffix(suffix) }?.bytes
      ?? []
  }

  private static let documents: [[UInt8]] = [
    index(ofBucketWith: "", sizes: 2400..<2600), index(ofBucketWith: "", sizes: 1290..<1310),
  ]

  @Test func oneOfEachEra() throws {
    let indices = try Self.documents.map { try IndexPart(parsing: $0) }
    #expect(indices[0].metadataForm == .object && indices[0].layers.count > 5)
    guard case .binary = indices[1].metadataForm else {
      Issue.record("not of 2024")
      return
    }
  }

  @Test(arguments: documents.indices)
  func everyTruncation(number: Int) {
    let document = Self.documents[number]
    for length in 0..<document.count {
      let verdict = DocumentVerdict.of(Array(document.prefix(length)), as: IndexPart.self)
      if verdict != .refused(.truncated) { Issue.record("\(length) bytes: \(verdict)") }
    }
  }

  /// Every offset with some other values: one bit each way, and bytes that mean something.
  @Test(arguments: documents.indices)
  func everyByteChanged(number: Int) throws {
    let document = Self.documents[number]
    let original = try IndexPart(parsing: document)
    var accepted = 0
    var refused: [FormatError.Kind: Int] = [:]
    for offset in document.indices {
      let byte = document[offset]
      let values = Set(
        [byte ^ 0x01, byte ^ 0x20, byte ^ 0x80, 0x00, 0x80, 0xff] + Array("\"\\{},09 ".utf8)
      ).subtracting([byte])
      for value in values.sorted() {
        var changed = document
        changed[offset] = value
        switch DocumentVerdict.of(changed, as: IndexPart.self) {
        case .refused(let kind): refused[kind, default: 0] += 1
        case .broken(let what): Issue.record("byte \(offset), \(value): \(what)")
        case .accepted(let rewritten):
          accepted += 1
          // Another document, unless only the spelling changed.
          if rewritten == document, try IndexPart(parsing: changed) != original {
            Issue.record("byte \(offset), \(value) is lost")
          }
        }
      }
    }
    #expect(accepted > 1000 && refused.values.reduce(0, +) > 5000)
    #expect(refused[.truncated, default: 0] < 200)
    if number == 1 { #expect(refused[.checksumMismatch, default: 0] > 0) }
  }

  /// All 255 other values of every byte of one index: small, with a layer, an ancestor and a time.
  @Test func everyChangeOfASingleByte() throws {
    let document = Self.index(ofBucketWith: "index_part.json-00000002", sizes: 540..<550)
    #expect(try IndexPart(parsing: document).layers.count == 1)
    var changed = document
    var count = 0
    for offset in document.indices {
      for value in UInt8.min...UInt8.max where value != document[offset] {
        changed[offset] = value
        count += 1
        if case .broken(let what) = DocumentVerdict.of(changed, as: IndexPart.self) {
          Issue.record("byte \(offset), \(value): \(what)")
        }
      }
      changed[offset] = document[offset]
    }
    #expect(count == document.count * 255)
  }
}

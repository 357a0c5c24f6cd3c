import Engine
import Foundation
import IndexFormat
import Testing

/// Real pages, one of each kind: of all that were added the one with the most line pointers, and among those the one
/// with the fewest zeros.
struct PageSamples {
  struct Sample {
    var name: String
    var kind: PageKind
    var block: BlockNumber
    var bytes: [UInt8]
  }

  /// By name.
  private(set) var samples: [String: Sample] = [:]
  private(set) var limits = PageCheck.Limits()

  init() {}

  /// Reads keys (18 bytes), lengths (4, big-endian) and values, one after the other.
  init(golden path: String) throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "scrubber-\(UUID().uuidString).bin")
    // The system clears its temporary folder.
    defer { try? FileManager.default.removeItem(at: file) }
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/zstd")
    process.arguments = ["-dcq", "--long=27", "-o", file.path, Golden.folder.appending(path: path).path]
    try process.run()
    process.waitUntilExit()
    let bytes = [UInt8](try Data(contentsOf: file))
    var offset = 0
    while offset + 22 <= bytes.count {
      let hex = bytes[offset..<offset + 18].map { byte in
        let digits = String(byte, radix: 16, uppercase: true)
        return digits.count == 1 ? "0" + digits : digits
      }
      let key = try #require(Key(hex.joined()))
      let length = bytes[offset + 18..<offset + 22].reduce(0) { $0 << 8 | Int($1) }
      try add(key, Array(bytes[offset + 22..<offset + 22 + length]))
      offset += 22 + length
    }
  }

  private mutating func add(_ key: Key, _ value: [UInt8]) throws {
    switch KeyClass(key) {
    case .checkpoint: limits = PageCheck.Limits(try Checkpoint(parsing: value.span.bytes))
    case .slruBlock(let segment, let block):
      add(Sample(name: segment.kind.folder, kind: .slru(segment.kind), block: block, bytes: value))
    case .relationBlock(let tag, let block):
      add(value, tag.fork, block)
    default: return
    }
  }

  /// A page of a relation; one that nothing was stored in is passed over.
  mutating func add(_ page: [UInt8], _ fork: RelationFork, _ block: BlockNumber) {
    guard let signature = PageSignature(page, fork, block) else { return }
    add(Sample(name: signature.name, kind: signature.kind, block: block, bytes: page))
  }

  private mutating func add(_ sample: Sample) {
    let known = samples[sample.name].map { Self.content($0) }
    if known.map({ $0 < Self.content(sample) }) ?? true { samples[sample.name] = sample }
  }

  private static func content(_ sample: Sample) -> (Int, Int) {
    let content = sample.bytes.count { $0 != 0 }
    if case .slru = sample.kind { return (0, content) }
    return (Int(sample.bytes[12]) | Int(sample.bytes[13]) << 8, content)
  }
}

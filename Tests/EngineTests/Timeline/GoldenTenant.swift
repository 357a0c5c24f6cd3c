import Engine
import Foundation
import Glibc
import IndexFormat
import Testing

/// The timelines of a real tenant, unpacked into a folder.
struct GoldenTenant {
  /// A shard of the tenant, and a timeline of it.
  struct Place: Hashable {
    var shard: ShardIndex
    var timeline: TimelineID
  }

  /// All sharded tenants of the golden data have stripes of this many pages.
  static let stripeSize = StripeSize(pages: 16)

  let timelines: [Place: Timeline]
  /// With the keys of the layers' objects.
  let folder: URL
  /// Of each timeline the indices of all generations that wrote one, by the ends of the objects' names.
  private(set) var indices: [Place: [String: IndexPart]] = [:]
  /// Where the archive that holds the layers is unpacked, so that it stays.
  private var archive: UnpackedArchive?

  /// - tenant: its letter.
  init(_ tenant: String) throws {
    let archive = try UnpackedArchive("\(Golden.part(of: tenant))/tenants/\(tenant).tar.zst")
    try self.init(archive.url, rules: Golden.rules(of: tenant))
    self.archive = archive
  }

  /// - Parameter root: with the folders of tenants below `pageserver/v1/tenants`.
  init(_ root: URL, rules: ReadRules) throws {
    let stripeSize = try #require(Self.stripeSize)
    let tenants = root.appending(path: "pageserver/v1/tenants")
    folder = tenants
    var newest: [Place: (tenant: TenantID, generation: String, index: IndexPart)] = [:]
    for path in try FileManager.default.subpathsOfDirectory(atPath: tenants.path).sorted() {
      let parts = path.split(separator: "/")
      guard parts.count == 4, parts[3].hasPrefix("index_part.json"),
        let shard = TenantShardID(String(parts[0])),
        let timeline = TimelineID(String(parts[2]))
      else { continue }
      let place = Place(shard: shard.shard, timeline: timeline)
      let generation = String(parts[3].dropFirst("index_part.json".count))
      let bytes = [UInt8](try Data(contentsOf: tenants.appending(path: path)))
      let index = try IndexPart(parsing: bytes.span.bytes)
      indices[place, default: [:]][generation] = index
      if let known = newest[place], known.generation > generation { continue }
      newest[place] = (shard.tenant, generation, index)
    }
    let store = LayerStore(
      source: FolderLayerSource(root: tenants.path),
      cache: BlockCache(byteBudget: 16 << 20),
      limit: 64
    )
    var timelines: [Place: Timeline] = [:]
    func open(_ place: Place) throws -> Timeline? {
      if let known = timelines[place] { return known }
      guard let (tenant, _, index) = newest[place] else { return nil }
      var ancestor: Timeline.Ancestor?
      if let id = index.metadata.ancestorTimeline {
        let timeline = try #require(try open(Place(shard: place.shard, timeline: id)))
        ancestor = Timeline.Ancestor(timeline, at: index.metadata.ancestorLsn)
      }
      let timeline = Timeline(
        tenant: tenant,
        shard: try ShardIdentity(place.shard, stripeSize: stripeSize),
        id: place.timeline,
        index: index,
        ancestor: ancestor,
        rules: rules,
        store: store
      )
      timelines[place] = timeline
      return timeline
    }
    for place in newest.keys { _ = try open(place) }
    self.timelines = timelines
  }

  /// The index of the newest generation.
  func index(_ place: Place) throws -> IndexPart {
    try #require(indices[place]?.max { $0.key < $1.key }?.value)
  }

  func catalog(_ place: Place) throws -> TimelineCatalog {
    var index = try index(place)
    let facts = index
    var policy: AuxFilePolicy?
    while policy == nil, let ancestor = index.metadata.ancestorTimeline {
      index = try self.index(Place(shard: place.shard, timeline: ancestor))
      policy = index.lastAuxFilePolicy
    }
    let timeline = try #require(timelines[place])
    return TimelineCatalog(
      timeline,
      try TimelineFacts(facts, shard: timeline.shard, ancestorPolicy: policy)
    )
  }
}

/// What a page server answered: one `*.pages.tsv`.
struct GoldenOracle {
  struct Page {
    var key: Key
    var byteCount: Int
    /// The first 12 bytes of the SHA-256.
    var digest: [UInt8]
    /// Not told by page servers of 2024.
    var recordCount: Int?
    var layerCount: Int?
  }

  let place: GoldenTenant.Place
  let lsn: Lsn
  let pages: [Page]

  init(_ url: URL) throws {
    // Bytes, as text is slow to split for hundreds of thousands of lines.
    let lines = [UInt8](try Data(contentsOf: url)).split(separator: UInt8(ascii: "\n"))
    let words = String(decoding: try #require(lines.first), as: UTF8.self)
      .split { " ;".contains($0) }.map(String.init)
    func word(behind name: String) throws -> String {
      words[try #require(words.firstIndex(of: name)) + 1]
    }
    let shard = try #require(TenantShardID(try word(behind: "tenant")))
    place = GoldenTenant.Place(
      shard: shard.shard,
      timeline: try #require(TimelineID(try word(behind: "timeline")))
    )
    lsn = try #require(Lsn(try word(behind: "lsn")))
    pages = try lines.dropFirst().map { line in
      let fields = line.split(separator: UInt8(ascii: "\t")).map { String(decoding: $0, as: UTF8.self) }
      return Page(
        key: try #require(Key(fields[0])),
        byteCount: try #require(Int(fields[1])),
        digest: try Self.digest(fields[2].utf8),
        recordCount: fields.count > 3 ? Int(fields[3]) : nil,
        layerCount: fields.count > 4 ? Int(fields[4]) : nil
      )
    }
  }

  private static func digest(_ text: String.UTF8View) throws -> [UInt8] {
    func digit(_ byte: UInt8) -> UInt8 { byte < UInt8(ascii: "a") ? byte &- UInt8(ascii: "0") : byte &- 87 }
    var bytes: [UInt8] = []
    var high: UInt8?
    for byte in text {
      if let first = high { bytes.append(first << 4 | digit(byte)) }
      high = high == nil ? digit(byte) : nil
    }
    guard bytes.count == 12 else { throw CocoaError(.fileReadCorruptFile) }
    return bytes
  }
}

/// SHA-256 by the system's libcrypto, for tens of thousands of pages.
struct Hasher256 {
  private typealias Function =
    @convention(c) (UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<UInt8>?) -> OpaquePointer?
  private let function: Function

  init() throws {
    let library = try #require(dlopen("libcrypto.so.3", RTLD_NOW))
    function = unsafeBitCast(try #require(dlsym(library, "SHA256")), to: Function.self)
  }

  func digest(_ bytes: [UInt8]) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: 32)
    _ = function(bytes, bytes.count, &digest)
    return digest
  }
}

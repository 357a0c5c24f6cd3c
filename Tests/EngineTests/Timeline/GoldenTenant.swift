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

  let timelines: [Place: Timeline]

  /// - Parameter root: with the folders of tenants below `pageserver/v1/tenants`.
  init(_ root: URL, stripeSize: StripeSize, rules: ReadRules) throws {
    let tenants = root.appending(path: "pageserver/v1/tenants")
    var indices: [Place: (tenant: TenantID, generation: String, index: IndexPart)] = [:]
    for path in try FileManager.default.subpathsOfDirectory(atPath: tenants.path).sorted() {
      let parts = path.split(separator: "/")
      guard parts.count == 4, parts[3].hasPrefix("index_part.json"),
        let shard = TenantShardID(String(parts[0])),
        let timeline = TimelineID(String(parts[2]))
      else { continue }
      let place = Place(shard: shard.shard, timeline: timeline)
      let generation = String(parts[3].dropFirst("index_part.json".count))
      if let known = indices[place], known.generation > generation { continue }
      let bytes = [UInt8](try Data(contentsOf: tenants.appending(path: path)))
      indices[place] = (shard.tenant, generation, try IndexPart(parsing: bytes.span.bytes))
    }
    let store = LayerStore(
      source: FolderLayerSource(root: tenants.path),
      cache: BlockCache(byteBudget: 16 << 20),
      limit: 64
    )
    var timelines: [Place: Timeline] = [:]
    func open(_ place: Place) throws -> Timeline? {
      if let known = timelines[place] { return known }
      guard let (tenant, _, index) = indices[place] else { return nil }
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
    for place in indices.keys { _ = try open(place) }
    self.timelines = timelines
  }
}

/// What a page server answered: one `*.pages.tsv`.
struct GoldenOracle {
  struct Page {
    var key: Key
    var byteCount: Int
    /// The first 24 hex digits of the SHA-256.
    var digest: String
    /// Not told by page servers of 2024.
    var recordCount: Int?
    var layerCount: Int?
  }

  let place: GoldenTenant.Place
  let lsn: Lsn
  let pages: [Page]

  init(_ url: URL) throws {
    let lines = String(decoding: try Data(contentsOf: url), as: UTF8.self).split(separator: "\n")
    let words = try #require(lines.first).split(whereSeparator: { " ;".contains($0) }).map(String.init)
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
      let fields = line.split(separator: "\t").map(String.init)
      return Page(
        key: try #require(Key(fields[0])),
        byteCount: try #require(Int(fields[1])),
        digest: fields[2],
        recordCount: fields.count > 3 ? Int(fields[3]) : nil,
        layerCount: fields.count > 4 ? Int(fields[4]) : nil
      )
    }
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

  func digest(_ bytes: [UInt8]) -> String {
    var digest = [UInt8](repeating: 0, count: 32)
    _ = function(bytes, bytes.count, &digest)
    return digest.hex
  }
}

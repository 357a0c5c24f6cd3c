import Engine
import Foundation
import IndexFormat
import Testing

/// The layers of real timelines, compared with the layer maps that their page servers showed.
@Suite(.enabled(if: Golden.isPresent, Golden.absence))
struct GoldenLayerMapTests {
  /// How many layers the timelines of each tenant have in all, and timelines whose page server was asked before a
  /// later generation wrote its index.
  static let tenants: [(String, Int, [String: String])] = [
    ("A", 89, ["A.main": "-00000003"]), ("B", 167, ["B.0004.main": "-00000001"]), ("C", 23, [:]),
    ("D", 29, [:]), ("E", 17, [:]), ("F", 28, [:]), ("G", 66, [:]), ("H", 34, [:]), ("I", 29, [:]),
    ("J", 129, [:]), ("K", 2, [:]), ("M", 175, [:]),
  ]

  @Test(arguments: tenants)
  func layersAreThoseOfThePageServer(tenant: String, count: Int, earlier: [String: String]) throws {
    let golden = try GoldenTenant(tenant)
    var layerCount = 0
    for told in try Oracle(tenant).timelines {
      let place = GoldenTenant.Place(shard: told.tenant.shard, timeline: told.timeline)
      let timeline = try #require(golden.timelines[place])
      var map = timeline.map
      if let generation = earlier[told.name] {
        #expect(Self.layers(map) != Set(told.layers), "\(told.name) is as the later generation left it")
        map = LayerMap(try #require(golden.indices[place]?[generation]).layers)
      }
      #expect(Self.layers(map) == Set(told.layers), "\(told.name)")
      #expect(map.layers.count == told.layers.count)
      layerCount += map.layers.count
    }
    #expect(layerCount == count)
  }

  private static func layers(_ map: LayerMap) -> Set<Oracle.Layer> {
    Set(
      map.layers.map {
        Oracle.Layer(name: $0.name.description, isDelta: $0.name.isDelta, byteCount: $0.fileSize)
      }
    )
  }

  /// How many keys the other shards' are, in layers that a split left to all of them. Versions of a key count.
  @Test func disposableKeysAreThoseOfThePageServer() async throws {
    let archive = try UnpackedArchive("pageserver/oracle/B.tar.zst")
    let data = try Data(contentsOf: archive.url.appending(path: "B.disposable_keys.json"))
    let shards = try #require(
      try JSONSerialization.jsonObject(with: data) as? [String: [String: [String: Int]]]
    )
    let golden = try GoldenTenant("B")
    var layerCount = 0
    var sums = (disposable: 0, kept: 0)
    for (shard, layers) in shards {
      let index = try #require(TenantShardID(shard)).shard
      let timeline = try #require(
        golden.timelines.first { $0.key.shard == index && !$0.value.map.layers.isEmpty }?.value
      )
      #expect(Set(layers.keys) == Set(timeline.map.layers.map(\.name.description)))
      for (position, layer) in timeline.map.layers.enumerated() {
        let told = try #require(layers[layer.name.description])
        let entries = try await Self.entries(timeline, LayerMap.Position(position))
        let disposable = entries.count { timeline.shard.isDisposable($0.key) }
        #expect(disposable == told["disposable_count"], "\(shard) \(layer.name)")
        #expect(entries.count - disposable == told["not_disposable_count"], "\(shard) \(layer.name)")
        layerCount += 1
        sums.disposable += disposable
        sums.kept += entries.count - disposable
      }
    }
    #expect(layerCount == 156)
    #expect(sums.disposable > 0 && sums.kept > 0)
  }

  private static func entries(_ timeline: Timeline, _ position: LayerMap.Position) async throws
    -> [LayerEntry]
  {
    let reader = try await timeline.store.open(
      timeline.object(position),
      byteCount: timeline.map.layers[Int(position)].fileSize
    )
    return try await reader.entries()
  }
}

import Testing

@testable import IndexFormat

private let tenantText = "1f359dd625e519a1a4e8d7509690f6fc"
private let timelineText = "11223344556677881122334455667788"
private let tenant = TenantID(high: 0x1f35_9dd6_25e5_19a1, low: 0xa4e8_d750_9690_f6fc)
private let shard = TenantShardID(tenant: tenant, shard: ShardIndex(number: 1, count: 2))
private let timeline = TimelineID(high: 0x1122_3344_5566_7788, low: 0x1122_3344_5566_7788)
private let folder = "\(tenantText)-0102/timelines/\(timelineText)/"
private let layerText =
  "000000000000000000000000000000000000-000000067F00000001000004DF0000000006"
  + "__00000000014FED58-000000000154C481"

private func classify(_ key: String) -> PageserverObjectKey { withBytes(key) { PageserverObjectKey($0) } }

/// The part of `key` that a case points at.
private func part(_ key: String, _ range: Range<Int>) -> String {
  String(decoding: Array(key.utf8)[range], as: UTF8.self)
}

struct PageserverObjectKeyTests {
  @Test func written() throws {
    let unsharded = TenantShardID(tenant: tenant)
    let generation = Generation.valid(3)
    #expect(PageserverObjectKey.indexKey(shard, timeline, generation) == folder + "index_part.json-00000003")
    #expect(PageserverObjectKey.indexKey(shard, timeline, .none) == folder + "index_part.json")
    #expect(
      PageserverObjectKey.manifestKey(shard, generation) == "\(tenantText)-0102/tenant-manifest-00000003.json"
    )
    #expect(
      PageserverObjectKey.initdbKey(tenant, timeline)
        == "\(tenantText)/timelines/\(timelineText)/initdb.tar.zst"
    )
    #expect(
      PageserverObjectKey.preservedInitdbKey(tenant, timeline)
        == "\(tenantText)/timelines/\(timelineText)/initdb-preserved.tar.zst"
    )
    #expect(PageserverObjectKey.heatmapKey(shard) == "\(tenantText)-0102/heatmap-v1.json")
    #expect(PageserverObjectKey.deletedMarkKey(unsharded) == "\(tenantText)/timelines/deleted")
    let layer = try #require(LayerName(layerText))
    #expect(
      PageserverObjectKey.layerKey(tenant, layerShard: .unsharded, timeline, layer, .valid(2))
        == "\(tenantText)/timelines/\(timelineText)/\(layerText)-00000002"
    )
    #expect(
      PageserverObjectKey.layerKey(tenant, layerShard: shard.shard, timeline, layer, .none) == folder
        + layerText
    )
    #expect(folder.hasPrefix(PageserverObjectKey.tenantPrefix(tenant)))
    #expect(folder == PageserverObjectKey.timelinePrefix(shard, timeline))
  }

  @Test(arguments: [Generation.none, .valid(0), .valid(0xdead_beef)])
  func whatIsWrittenIsRead(generation: Generation) throws {
    let layer = LayerFileName(layer: try #require(LayerName(layerText)), generation: generation)
    let objects: [PageserverObjectKey] = [
      .layer(shard, timeline, layer), .index(shard, timeline, generation, isCanonical: true),
      .initdb(shard, timeline), .preservedInitdb(shard, timeline), .manifest(shard, generation),
      .heatmap(shard),
      .deletedMark(shard), .layer(TenantShardID(tenant: tenant), timeline, layer),
      .localLayer(
        shard,
        timeline,
        LayerFileName(layer: layer.layer, generation: .valid(7), place: .localFile)
      ),
    ]
    for object in objects {
      let text = try #require(object.text)
      #expect(classify(text) == object)
      #expect(object.tenantShard?.tenant == tenant)
    }
  }

  @Test(arguments: [
    ("index_part.json-3", Generation.valid(3)), ("index_part.json-0000000A", .valid(10)),
    ("index_part.json-0000000000a", .valid(10)),
  ])
  func indexWithAnotherSpellingOfItsGeneration(name: String, generation: Generation) {
    #expect(classify(folder + name) == .index(shard, timeline, generation, isCanonical: false))
    #expect(classify(folder + name).text == nil)
  }

  @Test(arguments: [
    "index_part.json-", "index_part.json-x", "index_part.json-100000000", "index_part.jsonl",
    "index_part.json~",
    "index_part.json-00000001-00000002", "index_part.json/x",
  ])
  func misnamedIndex(name: String) {
    let key = folder + name
    #expect(classify(key) == .misnamedIndex(shard, timeline, name: folder.utf8.count..<key.utf8.count))
  }

  @Test(arguments: [
    "tenant-manifest-1.json", "tenant-manifest-0000000A.json", "tenant-manifest-00000001.jsonx",
    "tenant-manifest",
    "tenant-manifest-00000001", "tenant-manifest-00000001-json", "tenant-manifest-0000000x.json",
    "tenant-manifest.json-00000001",
  ])
  func misnamedManifest(name: String) {
    let key = "\(shard)/\(name)"
    #expect(classify(key) == .misnamedManifest(shard, name: 38..<key.utf8.count))
  }

  @Test(arguments: [
    ("\(folder)index_part.json-00000001.___temp", TemporaryName.otherTemporary),
    (
      "\(folder)\(layerText)-v1-00000001.0.temp_download",
      .download(LayerFileName("\(layerText)-v1-00000001"))
    ),
    ("\(folder)\(layerText)-00000001.metadata", .sideFile),
    ("\(tenantText)/heatmap-v1.json.___temp", .otherTemporary),
    ("\(tenantText).aB3dEf9h___temp/timelines/\(timelineText)/\(layerText)", .otherTemporary),
    ("\(tenantText)/timelines/basebackup-\(timelineText).___temp/PG_VERSION", .otherTemporary),
    ("x.___temp", .otherTemporary),
  ])
  func temporary(key: String, expected: TemporaryName) { #expect(classify(key) == .localTemporary(expected)) }

  @Test(arguments: [
    "", "metadata", "\(layerText)-0000000A", "\(layerText)-1", "\(layerText.lowercased())-00000001",
    "sub/\(layerText)-00000001", "initdb.tar.zst2", "deleted", "ephemeral-1", "\(layerText).old",
    "initdb-preserved.tar",
  ])
  func unknownInTimeline(name: String) {
    let key = folder + name
    guard case .unknownInTimeline(shard, timeline, let range) = classify(key) else {
      Issue.record("\(classify(key))")
      return
    }
    #expect(part(key, range) == name)
  }

  @Test(arguments: ["", "x", "deleted2", timelineText])
  func unknownInTimelines(name: String) {
    let key = "\(shard)/timelines/\(name)"
    guard case .unknownInTimelines(shard, let range) = classify(key) else {
      Issue.record("\(classify(key))")
      return
    }
    #expect(part(key, range) == name)
  }

  @Test(arguments: [
    "", "x", "deleted", timelineText + "0", String(timelineText.dropLast()),
    "1122334455667788112233445566778G",
    "AABBCCDD556677881122334455667788", "\(timelineText).___delete",
  ])
  func badTimelineName(name: String) {
    let key = "\(shard)/timelines/\(name)/index_part.json"
    guard case .badTimelineName(shard, let range) = classify(key) else {
      Issue.record("\(classify(key))")
      return
    }
    #expect(part(key, range) == name)
  }

  @Test(arguments: [
    "", "config-v1", "heatmap-v1.json2", "timelines", "timelinesx/y", "deleted", "x/timelines/",
  ])
  func unknownInTenant(name: String) {
    let key = "\(shard)/\(name)"
    guard case .unknownInTenant(shard, let range) = classify(key) else {
      Issue.record("\(classify(key))")
      return
    }
    #expect(part(key, range) == name)
  }

  @Test(arguments: [
    "", "x", tenantText.uppercased(), "\(tenantText)-0000", "\(tenantText)-0300", "\(tenantText)-0A10",
    "\(tenantText)_0102", "\(tenantText)-010", "\(tenantText)-01020",
  ])
  func badTenantName(name: String) {
    let key = "\(name)/timelines/\(timelineText)/index_part.json"
    #expect(classify(key) == .badTenantName(folder: 0..<name.utf8.count))
    #expect(classify(key).tenantShard == nil)
  }

  @Test(arguments: ["", "x", tenantText, "\(tenantText)-0102"])
  func unknownAtRoot(key: String) { #expect(classify(key) == .unknownAtRoot) }

  @Test func classifyingIsCheapToKeep() {
    // Plain values: a listing of millions costs no reference counting.
    #expect(_isPOD(PageserverObjectKey.self))
    #expect(_isPOD(SafekeeperObjectKey.self))
    #expect(_isPOD(LayerFileName.self))
  }

  @Test func everyTruncationAndStrangeByteHasAnAnswer() {
    let key = Array("\(folder)\(layerText)-00000001".utf8)
    for length in 0..<key.count {
      if case .layer(_, _, let file) = PageserverObjectKey(key.span.bytes.extracting(0..<length)) {
        // The name may end with the first LSN, with eight digits of the second, or before the generation.
        #expect([91, 100, 108].contains(length - folder.utf8.count), "\(file)")
      }
    }
    for offset in key.indices {
      var changed = key
      changed[offset] = 0xff
      if case .layer = PageserverObjectKey(changed.span.bytes) { Issue.record("byte \(offset)") }
    }
  }

  /// Every object that real page servers wrote is known, and its key follows from what was read.
  @Test(
    .enabled(if: Golden.isPresent, Golden.absence),
    arguments: [
      ("pageserver/tenants/A.tar.zst", "pageserver/v1/tenants/"),
      ("pageserver/tenants/B.tar.zst", "pageserver/v1/tenants/"),
      ("pageserver/tenants/E.tar.zst", "pageserver/v1/tenants/"),
      ("pageserver/tenants/I.tar.zst", "pageserver/v1/tenants/"),
      ("pageserver-2024/tenants/J.tar.zst", "pageserver/v1/tenants/"),
      ("pageserver-2024/tenants/K.tar.zst", "pageserver/v1/tenants/"),
      ("pageserver-2024/tenants/M.tar.zst", "pageserver/v1/tenants/"),
    ]
  )
  func keysOfRealBuckets(archive: String, root: String) throws {
    let names = try Golden.archiveNames(archive)
    #expect(names.count > 5)
    for name in names {
      try #require(name.hasPrefix(root))
      let key = String(name.dropFirst(root.count))
      #expect(classify(key).text == key)
    }
  }
}

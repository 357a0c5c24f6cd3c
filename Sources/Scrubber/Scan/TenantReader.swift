import IndexFormat

/// Reads the objects of a tenant that a scan looks into.
struct TenantReader: Sendable {
  let store: any ObjectStore
  /// The most bytes of an index, manifest or heatmap; larger ones are not read.
  var objectByteLimit = 256 << 20
  /// Reads at the same time.
  var parallelReads = 8
  /// Whether to look also at indices and manifests of which there is a later generation.
  var readsSuperseded = true

  /// Reads indices (all generations, unless told otherwise), manifests and heatmaps of every shard.
  func read(_ inventory: TenantInventory) async -> TenantContents {
    var contents = TenantContents()
    for shard in inventory.shards {
      contents.shards[shard.index] = await read(shard)
    }
    return contents
  }

  private func read(_ shard: ShardInventory) async -> ShardContents {
    var contents = ShardContents()
    let manifests = shard.manifests.newestFirst
    contents.manifest = await look(at: manifests.first?.object)
    if readsSuperseded {
      contents.supersededManifests = await problems(in: manifests.dropFirst(), as: TenantManifest.self)
    }
    contents.heatmap = await look(at: shard.heatmap)
    await withTaskGroup(of: (TimelineID, TimelineContents).self) { group in
      var waiting = shard.timelines.makeIterator()
      for _ in 0..<max(1, parallelReads) {
        guard let timeline = waiting.next() else { break }
        group.addTask { (timeline.id, await read(timeline)) }
      }
      while let (id, timeline) = await group.next() {
        contents.timelines[id] = timeline
        if let timeline = waiting.next() { group.addTask { (timeline.id, await read(timeline)) } }
      }
    }
    return contents
  }

  private func read(_ timeline: TimelineInventory) async -> TimelineContents {
    var contents = TimelineContents()
    let indices = timeline.indices.newestFirst
    contents.chosen = indices.first
    contents.index = await look(at: indices.first?.object)
    if readsSuperseded {
      contents.supersededIndices = await problems(in: indices.dropFirst(), as: IndexPart.self)
    }
    return contents
  }

  /// What is wrong with objects of which nothing else is wanted, by key.
  private func problems<Document: JSONDocument>(
    in objects: some Sequence<GenerationalObject>,
    as document: Document.Type
  ) async -> [String: LookProblem] {
    var problems: [String: LookProblem] = [:]
    for object in objects {
      let look: Look<Document> = await look(at: object.object)
      if case .problem(let problem) = look { problems[object.object.key] = problem }
    }
    return problems
  }

  private func look<Document: JSONDocument>(at object: ListedObject?) async -> Look<Document> {
    guard let object else { return .absent }
    let bytes: [UInt8]
    do throws(StoreError) {
      bytes = try await store.read(ReadRequest(object.key, limit: objectByteLimit)).bytes
    } catch {
      return error.kind == .notFound ? .absent : .problem(.unknown(error))
    }
    do throws(FormatError) {
      return .present(try Document(parsing: bytes))
    } catch {
      return .problem(.damaged(error))
    }
  }
}

extension [GenerationalObject] {
  /// The one a page server would choose first: the highest generation, the one without a generation last.
  var newestFirst: [GenerationalObject] { sorted { $1.generation < $0.generation } }
}

import Engine
import IndexFormat

/// Every version of a key in a timeline and those that it is read through, the newest first.
///
/// LSNs are gone down in windows: from the highest LSN that a layer has, to where the next layer begins or ends, and at
/// most `windowLength` or a 256th of the widest layer. Only the index entries of one window, and the values of
/// `pieceCount` of them, are in memory. A version that two layers have is told twice.
struct KeyHistory {
  /// A version, or why there is none.
  struct Version {
    var lsn: Lsn
    /// Nil if it cannot be read.
    var value: StoredValue?
    var problem: ReadError?
    /// The layer's position among `layers` of the link.
    var layer: Int
  }

  /// A timeline of the chain, and what it has.
  struct Link {
    let timeline: TimelineView
    /// The last LSN of it that belongs to the first timeline; nil for that one itself.
    let limit: Lsn?
    /// Those that cover the key and have LSNs that are asked for, those that end last first.
    let layers: [LayerReference]
  }

  let key: Key
  let place: OpenTimeline
  /// Which LSNs are told, both included.
  let lsns: ClosedRange<Lsn>

  /// LSNs of a window, if there are not more than 256 in a layer.
  private static let windowLength: UInt64 = 8 << 20
  private static let windowLimit: UInt64 = 256
  private static let pieceCount = 256

  /// The timeline and its ancestors as far as they have versions of the key.
  var links: [Link] {
    var links: [Link] = []
    for link in place.chain {
      if link.limit != nil, !place.inherits(key) { break }
      let last = min(link.limit ?? Lsn(.max), lsns.upperBound)
      let layers = link.timeline.layers
        .filter { layer in
          layer.name.keys.contains(key) && layer.name.startLsn <= last
            && layer.name.endLsn > lsns.lowerBound
        }
        .sorted { LayerSelection.isNewer($0.name, $1.name) }
      links.append(Link(timeline: link.timeline, limit: link.limit, layers: layers))
    }
    return links
  }

  /// Gives the versions that one timeline has to `visit`.
  ///
  /// - Parameter damaged: gets layers that cannot be looked into; the others are told all the same.
  func forEach(
    of link: Link,
    damaged: (LayerReference, LayerReadError) -> Void,
    _ visit: (Version) -> Void
  ) async throws(ScanFailure) {
    var failed = Set<Int>()
    var high = min(link.limit ?? Lsn(.max), lsns.upperBound).successor
    while let window = Self.window(of: link.layers, below: high, from: lsns.lowerBound) {
      if Task.isCancelled { throw .interrupted }
      var found: [(layer: Int, entry: LayerEntry)] = []
      for (position, layer) in link.layers.enumerated()
      where !failed.contains(position) && layer.name.startLsn < window.upperBound
        && window.lowerBound < layer.name.endLsn
      {
        do throws(LayerReadError) {
          let entries = try await entries(of: layer, window)
          found += entries.map { (position, $0) }
        } catch {
          failed.insert(position)
          damaged(layer, error)
        }
      }
      found.sort { left, right in
        left.entry.lsn == right.entry.lsn ? left.layer < right.layer : left.entry.lsn > right.entry.lsn
      }
      var start = 0
      while start < found.count {
        let end = min(start + Self.pieceCount, found.count)
        for version in await versions(found[start..<end], link.layers) { visit(version) }
        start = end
      }
      high = window.lowerBound
    }
  }

  /// The next LSNs to look at; nil if no layer has any below `high`.
  private static func window(of layers: [LayerReference], below high: Lsn, from first: Lsn) -> Range<Lsn>? {
    var top = Lsn(0)
    var widest: UInt64 = 0
    for layer in layers where layer.name.startLsn < high && layer.name.startLsn < layer.name.endLsn {
      top = max(top, min(layer.name.endLsn, high))
      widest = max(widest, layer.name.endLsn.value - layer.name.startLsn.value)
    }
    guard top > first else { return nil }
    let length = max(windowLength, widest / windowLimit)
    var low = Lsn(max(first.value, top.value > length ? top.value - length : 0))
    for layer in layers {
      if layer.name.startLsn < top { low = max(low, layer.name.startLsn) }
      if layer.name.endLsn < top { low = max(low, layer.name.endLsn) }
    }
    return low..<top
  }

  private func open(_ layer: LayerReference) async throws(LayerReadError) -> LayerReader {
    try await place.timeline.store.open(layer.object, byteCount: layer.layer.fileSize)
  }

  private func entries(of layer: LayerReference, _ lsns: Range<Lsn>) async throws(LayerReadError)
    -> [LayerEntry]
  {
    let reader = try await open(layer)
    return try await reader.entries(of: key, lsns: lsns)
  }

  /// Reads some values, layer by layer, and puts them in the order that they were asked for.
  private func versions(
    _ wanted: ArraySlice<(layer: Int, entry: LayerEntry)>,
    _ layers: [LayerReference]
  ) async -> [Version] {
    var versions: [Version] = []
    for position in Set(wanted.map(\.layer)) {
      // Blobs are read in the order of the index.
      let entries = wanted.filter { $0.layer == position }.map(\.entry).sorted { $0.lsn < $1.lsn }
      versions += await self.versions(entries, of: layers[position], position)
    }
    return versions.sorted { $0.lsn == $1.lsn ? $0.layer < $1.layer : $0.lsn > $1.lsn }
  }

  private func versions(
    _ entries: [LayerEntry],
    of layer: LayerReference,
    _ position: Int
  ) async -> [Version] {
    var versions: [Version] = []
    func fail(_ entries: some Sequence<LayerEntry>, _ error: LayerReadError) {
      for entry in entries {
        versions.append(Version(lsn: entry.lsn, problem: .layer(error), layer: position))
      }
    }
    do throws(LayerReadError) {
      let reader = try await open(layer)
      let stream = reader.blobs(of: entries, concurrency: 2)
      while let batch = await stream.nextResult() {
        do throws(LayerReadError) {
          try batch.decodeEach { entry, bytes in
            let value = StoredValue(bytes, in: layer.name.kind)
            versions.append(Version(lsn: entry.lsn, value: value, layer: position))
          } failed: { entry, error in
            fail([entry], error)
            return true
          }
        } catch {
          fail(batch.entries, error)
        }
      }
    } catch {
      fail(entries, error)
    }
    return versions
  }
}

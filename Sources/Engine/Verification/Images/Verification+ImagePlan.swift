import IndexFormat

/// Which units of images there are.
extension Verification {
  func addImages(of shard: VerifiedShard, _ units: inout [VerificationUnit]) async throws(ReadError) {
    let timeline = shard.timeline
    var listed: (lsn: Lsn, keys: KeySpace)?
    for index in timeline.map.layers.indices {
      if Task.isCancelled { throw .cancelled }
      let position = LayerMap.Position(clamping: index)
      let name = timeline.map[position]
      let contents = try await contents(of: position, timeline)
      for (keys, weight) in contents.parts {
        units.append(
          VerificationUnit(.images(of: position, keys), shard: timeline.shard.index, weight: weight)
        )
      }
      guard shard.mustBeComplete(name), let present = contents.keys else { continue }
      if listed?.lsn != name.startLsn {
        listed = (name.startLsn, try await ListedKeys(shard.catalog, at: name.startLsn).dense)
      }
      let gaps = (listed?.keys ?? KeySpace()).gaps(in: name, having: present)
      try await addGaps(gaps, of: timeline, name.startLsn, &units)
    }
  }

  private func addGaps(
    _ gaps: KeySpace,
    of timeline: Timeline,
    _ lsn: Lsn,
    _ units: inout [VerificationUnit]
  ) async throws(ReadError) {
    try await forEachPart(of: gaps, timeline, lsn) { part, count throws(ReadError) in
      // Mostly keys of other shards.
      guard !timeline.owned(part).isEmpty else { return }
      try add(VerificationUnit.Work.gaps, part, count, timeline.shard, lsn, &units)
    }
  }

  /// What there is in a layer.
  private struct Contents {
    /// Parts of so many entries, each with their number. What cannot be read is one part, which will say why.
    var parts: [(KeyRange, UInt64)] = []
    /// Nil if some of it cannot be read.
    var keys: KeySpace? = KeySpace()
  }

  private func contents(
    of position: LayerMap.Position,
    _ timeline: Timeline
  ) async throws(ReadError) -> Contents {
    let name = timeline.map[position]
    var contents = Contents()
    var start = name.keys.start
    do throws(LayerReadError) {
      let reader = try await timeline.open(position, nil)
      let lsns = Lsn(0)..<Lsn(.max)
      while start < name.keys.end {
        let rest = KeySpace(KeyRange(start: start, end: name.keys.end))
        let found = try await reader.entries(of: rest, lsns: lsns, limit: Int(Self.unitKeyCount))
        let end = found.next ?? name.keys.end
        guard start < end else { break }
        // Without any, nothing is to be done.
        if let first = found.entries.first {
          contents.parts.append((KeyRange(start: first.key, end: end), UInt64(found.entries.count)))
        }
        if !name.isDelta {
          for entry in found.entries { contents.keys?.append(KeyRange(entry.key)) }
        }
        start = end
      }
    } catch {
      if Task.isCancelled || error.cause.isCancellation { throw .cancelled }
      let rest = KeyRange(start: start, end: max(start, name.keys.end))
      contents.parts.append((rest, Self.unitKeyCount))
      contents.keys = nil
    }
    return contents
  }
}

extension VerifiedShard {
  /// Whether an image layer must have each key of its range that is listed at its LSN: reads that come to it look no
  /// further. Below the GC cutoff nobody reads at its LSN, and what lists the keys may be gone.
  func mustBeComplete(_ name: LayerName) -> Bool { !name.isDelta && name.startLsn >= gcCutoff }
}

extension KeySpace {
  /// Listed keys in the range of an image layer that it does not have.
  func gaps(in name: LayerName, having present: KeySpace) -> KeySpace {
    intersection(KeySpace(name.keys)).subtracting(present)
  }
}

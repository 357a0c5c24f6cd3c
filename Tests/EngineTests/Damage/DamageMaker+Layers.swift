@testable import Engine
import IndexFormat
import Testing

/// Whole layers, indices and WAL.
extension DamageMaker {
  mutating func layer(_ kind: DamageKind) throws -> Damage? {
    guard let target = try pickLayer() else { return nil }
    switch kind {
    case .layerDropped: return whole(kind, target, nil, "gone")
    case .layerLost:
      var damage = whole(kind, target, nil, "gone, with its line in the index")
      damage.index = target.part.index
      damage.index?.layers.remove(at: target.position)
      damage.named.insert(target.part.indexKey)
      return damage
    case .layersSwapped: return try swap(target)
    case .layerDuplicated: return duplicate(target)
    case .layerShifted: return try shifted(target)
    case .layerOfTimeline: return try ofTimeline(target)
    default:
      let others = target.object.name.isDelta ? foreign.deltas : foreign.images
      guard let bytes = pick(others) else { return nil }
      return replaced(kind, target, bytes, "bytes of a shard's layer")
    }
  }

  /// A layer with the bytes of another one; the index has their size.
  private func replaced(_ kind: DamageKind, _ target: Target, _ bytes: [UInt8], _ place: String) -> Damage {
    var damage = whole(kind, target, bytes, place)
    damage.index = target.part.index
    damage.index?.layers[target.position].fileSize = UInt64(bytes.count)
    return damage
  }

  private mutating func swap(_ target: Target) throws -> Damage? {
    let layers = target.part.index.layers
    let other = generator.below(layers.count)
    let object = tenant.object(layers[other], of: target.part.id)
    guard other != target.position, let bytes = tenant.objects[object.key] else { return nil }
    var damage = replaced(.layersSwapped, target, bytes, "swapped with \(object.name)")
    damage.changes[object.key] = target.bytes
    damage.index?.layers[other].fileSize = UInt64(target.bytes.count)
    damage.named.insert(object.key)
    return damage
  }

  /// LSNs that lie so much higher or lower.
  private static func moved(_ lsn: Lsn, _ distance: Int64) -> Lsn? {
    let value = Int64(clamping: lsn.value) + distance
    return value > 8 ? Lsn(UInt64(value)) : nil
  }

  private mutating func movedName(_ name: LayerName) -> (LayerName, Int64)? {
    var distance = Int64(1 + generator.below(1 << 22)) * 8
    if generator.below(2) == 0 { distance = -distance }
    guard let start = Self.moved(name.startLsn, distance), let end = Self.moved(name.endLsn, distance) else {
      return nil
    }
    let moved =
      name.isDelta
      ? LayerName(delta: name.keys, from: start, to: end) : LayerName(image: name.keys, at: start)
    return (moved, distance)
  }

  private mutating func duplicate(_ target: Target) -> Damage? {
    guard let (name, _) = movedName(target.object.name) else { return nil }
    var layer = target.layer
    layer.name = name
    let key = tenant.key(layer, of: target.part.id)
    guard tenant.objects[key] == nil else { return nil }
    var damage = whole(.layerDuplicated, target, target.bytes, "once more as \(name)")
    damage.changes = [key: target.bytes]
    damage.index = target.part.index
    damage.index?.layers.append(layer)
    damage.named = [key]
    damage.lsn = min(name.startLsn, target.object.name.startLsn)
    return damage
  }

  /// Its name, its summary and, of a delta, all its LSNs.
  private mutating func shifted(_ target: Target) throws -> Damage? {
    guard let (name, distance) = movedName(target.object.name) else { return nil }
    var layer = target.layer
    layer.name = name
    let object = tenant.object(layer, of: target.part.id)
    guard tenant.objects[object.key] == nil else { return nil }
    var values = try tenant.values(target.layer, of: target.part.id)
    for index in values.indices {
      guard let lsn = Self.moved(values[index].lsn, distance) else { return nil }
      values[index].lsn = lsn
    }
    let bytes = try object.rewrite(values, timeline: target.part.id, compression: .standard)
    var damage = whole(.layerShifted, target, nil, "moved to \(name)")
    damage.changes[object.key] = bytes
    damage.index = target.part.index
    layer.fileSize = UInt64(bytes.count)
    damage.index?.layers[target.position] = layer
    damage.named.formUnion([object.key, target.part.indexKey])
    damage.lsn = min(name.startLsn, target.object.name.startLsn)
    return damage
  }

  private mutating func ofTimeline(_ target: Target) throws -> Damage? {
    guard let other = try pickLayer({ $0.isDelta == target.object.name.isDelta }) else { return nil }
    guard other.part.id != target.part.id else {
      // A tenant with one timeline has no other; the same layer with another one's summary will do.
      guard tenant.timelines.count == 1 else { return nil }
      var bytes = target.bytes
      for offset in 20..<36 { bytes[offset] = UInt8(truncatingIfNeeded: generator.next()) }
      return whole(.layerOfTimeline, target, bytes, "of another timeline")
    }
    return replaced(.layerOfTimeline, target, other.bytes, "bytes of \(other.object.key)")
  }

  // MARK: Indices

  mutating func index(_ kind: DamageKind) throws -> Damage? {
    guard let part = try pickPart() else { return nil }
    var damage = Damage(
      kind,
      part.id,
      keys: KeySpace(.all),
      lsn: .invalid,
      named: [part.indexKey],
      place: "index of \(part.id)"
    )
    var index = part.index
    switch kind {
    case .indexStale:
      guard try makeStale(&index, part, &damage) else { return nil }
    case .indexSize:
      let position = generator.below(index.layers.count)
      let size = index.layers[position].fileSize
      index.layers[position].fileSize = size ^ 1 << UInt64(generator.below(24))
      damage.named.insert(tenant.key(index.layers[position], of: part.id))
    case .indexLayerMissing:
      let position = generator.below(index.layers.count)
      damage.named.insert(tenant.key(index.layers[position], of: part.id))
      index.layers.remove(at: position)
    case .indexEnd:
      guard let lsn = Self.moved(index.diskConsistentLsn, distance()) else { return nil }
      index.diskConsistentLsn = lsn
      index.metadata.diskConsistentLsn = lsn
      damage.named.formUnion(index.layers.filter { $0.name.endLsn > lsn }.map { tenant.key($0, of: part.id) })
    case .indexOrigin:
      guard let lsn = Self.moved(index.metadata.initdbLsn, distance()) else { return nil }
      index.metadata.initdbLsn = lsn
      // Whether there must be one depends on that LSN.
      damage.named.insert("\(part.id)/initdb.tar.zst")
    case .indexAncestor:
      guard index.metadata.ancestorTimeline != nil,
        let lsn = Self.moved(index.metadata.ancestorLsn, distance())
      else { return nil }
      index.metadata.ancestorLsn = lsn
      damage.named.formUnion(
        index.layers.filter { $0.name.startLsn <= lsn }.map { tenant.key($0, of: part.id) }
      )
    default: return try ofBytes(kind, part, damage)
    }
    if damage.changes.isEmpty { damage.changes[part.indexKey] = index.encode() }
    damage.index = index
    return damage
  }

  private mutating func distance() -> Int64 {
    let distance = Int64(1 + generator.below(1 << 20)) * 8
    return generator.below(2) == 0 ? distance : -distance
  }

  /// An index of an older generation, or what this one was before the last layers came.
  private mutating func makeStale(_ index: inout IndexPart, _ part: DamageTenant.Part, _ damage: inout Damage)
    throws
    -> Bool
  {
    if let older = pick(part.olderKeys), generator.below(2) == 0, let bytes = tenant.objects[older] {
      index = try IndexPart(parsing: bytes.span.bytes)
      damage.changes[part.indexKey] = bytes
    } else {
      let ends = Set(index.layers.map(\.name.endLsn)).sorted().dropLast()
      guard let end = pick(Array(ends)) else { return false }
      index.layers.removeAll { $0.name.endLsn > end }
      index.diskConsistentLsn = Lsn(end.value - 1)
      index.metadata.diskConsistentLsn = index.diskConsistentLsn
    }
    let left = Set(index.layers)
    damage.named.formUnion(
      part.index.layers.filter { !left.contains($0) }.map { tenant.key($0, of: part.id) }
    )
    damage.named.formUnion(
      index.layers.filter { !part.index.layers.contains($0) }.map { tenant.key($0, of: part.id) }
    )
    return !index.layers.isEmpty && index != part.index
  }

  private mutating func ofBytes(_ kind: DamageKind, _ part: DamageTenant.Part, _ damage: Damage) throws
    -> Damage?
  {
    guard var bytes = tenant.objects[part.indexKey] else { return nil }
    var damage = damage
    if kind == .indexCut {
      bytes.removeLast(1 + generator.below(bytes.count))
    } else {
      let byte = generator.below(bytes.count)
      bytes[byte] ^= 1 << UInt8(generator.below(8))
      damage.place += ", byte \(byte)"
    }
    damage.changes[part.indexKey] = bytes
    // One that cannot be read is told by the scan; nothing else can be asked then.
    damage.index = try? IndexPart(parsing: bytes.span.bytes)
    if let index = damage.index {
      for (old, new) in zip(part.index.layers, index.layers) where old != new {
        damage.named.formUnion([tenant.key(old, of: part.id), tenant.key(new, of: part.id)])
      }
    }
    return damage
  }

  // MARK: WAL

  mutating func wal(_ kind: DamageKind) throws -> Damage? {
    let timelines = tenant.replays.keys.sorted { "\($0)" < "\($1)" }
    guard let id = pick(timelines), let golden = tenant.replays[id]?.golden else { return nil }
    var wal = golden.wal
    let segment = Int(wal.segmentSize.byteCount)
    let first = golden.start.value - wal.start.value
    let last = golden.golden.end.value - wal.start.value
    var place = wal.start.value + first + UInt64(generator.below(Int(last - first)))
    let begin = Int(place - wal.start.value) / segment * segment
    func stretch(_ start: Int) -> Range<Lsn> {
      let first = wal.start.value + UInt64(start)
      // What a reader says of a record names its beginning, which may be in the segment before.
      return Lsn(first - Self.longestRecord)..<Lsn(first + UInt64(segment))
    }
    var stretches = [stretch(begin)]
    switch kind {
    case .walGap:
      place = max(golden.start.value, wal.start.value + UInt64(begin))
      wal.missing = [wal.segmentSize.segment(of: Lsn(place)).value]
    case .walBit:
      wal.bytes[Int(place - wal.start.value)] ^= 1 << UInt8(generator.below(8))
      // A reader that is lost says so on the next page.
      stretches = [Lsn(place - Self.longestRecord)..<Lsn(place + 8192)]
    case .walCut:
      let end = min(begin + segment, wal.bytes.count)
      for offset in Int(place - wal.start.value)..<end { wal.bytes[offset] = 0 }
    default:
      let other = generator.below(wal.bytes.count / segment) * segment
      guard other != begin, begin + segment <= wal.bytes.count else { return nil }
      for offset in 0..<segment { wal.bytes.swapAt(begin + offset, other + offset) }
      place = max(golden.start.value, wal.start.value + UInt64(min(begin, other)))
      stretches.append(stretch(other))
    }
    var damage = Damage(kind, id, lsn: Lsn(place), named: [], place: "\(Lsn(place))")
    damage.wal = wal
    damage.stretches = stretches
    return damage
  }

  /// Of the WAL of these tenants, and the most before a byte at which a record begins that has it.
  private static let longestRecord: UInt64 = 1 << 19
}

@testable import Engine
import IndexFormat
import Testing

/// Makes damages of one tenant: of a seed and a number always the same one.
struct DamageMaker {
  let tenant: DamageTenant
  /// Layers of a tenant's shards, of images and of deltas.
  let foreign: (images: [[UInt8]], deltas: [[UInt8]])
  var generator = RepeatableGenerator(seed: 0)

  /// Another place is tried where there is nothing of the kind.
  private static let attemptCount = 200

  init(_ tenant: DamageTenant, foreign: (images: [[UInt8]], deltas: [[UInt8]])) {
    self.tenant = tenant
    self.foreign = foreign
  }

  /// Nil if the tenant has nothing that can be damaged so.
  mutating func make(_ kind: DamageKind, seed: UInt64, _ number: Int) throws -> Damage? {
    let kindNumber = UInt64(DamageKind.allCases.firstIndex(of: kind) ?? 0)
    let name = tenant.name.utf8.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    generator = RepeatableGenerator(
      seed: seed &* 0x1_0001 &+ kindNumber << 40 &+ name << 32 &+ UInt64(number)
    )
    for _ in 0..<Self.attemptCount {
      if let damage = try attempt(kind) { return damage }
    }
    return nil
  }

  private mutating func attempt(_ kind: DamageKind) throws -> Damage? {
    switch kind {
    case .blobLength, .blobForm, .compressedByte, .valueTag, .recordHeader, .recordChecksum, .recordBody,
      .pageInDelta:
      try storedBit(kind)
    case .treeHeader, .treeKey, .treePointer, .treeSwap, .treeSpare: try tree(kind)
    case .summaryField, .summarySpare, .zeroBlock, .zeroTail, .truncated, .appended: try file(kind)
    case .pageHeader, .pagePointer, .pageTuple, .pageSpecial, .pageFree, .recordRewritten, .nativeRecord,
      .statusPage, .metadataByte, .sizeChanged, .valueRemoved, .valueShifted, .willInit, .olderImage,
      .foreignPage, .recordsSwapped:
      try value(kind)
    case .layerDropped, .layerLost, .layersSwapped, .layerDuplicated, .layerShifted, .layerOfTimeline,
      .layerOfShard:
      try layer(kind)
    case .indexStale, .indexSize, .indexEnd, .indexLayerMissing, .indexOrigin, .indexAncestor, .indexBit,
      .indexCut:
      try index(kind)
    case .walGap, .walBit, .walCut, .walSwapped: try wal(kind)
    }
  }

  // MARK: Choosing

  /// A layer that is there.
  struct Target {
    var part: DamageTenant.Part
    var position: Int
    var object: LayerObject
    var bytes: [UInt8]

    var layer: IndexLayer { part.index.layers[position] }
    var keys: KeySpace { KeySpace(layer.name.keys) }
  }

  mutating func pick<Element>(_ elements: [Element]) -> Element? {
    elements.isEmpty ? nil : elements[generator.below(elements.count)]
  }

  mutating func pickPart() throws -> DamageTenant.Part? {
    // Layers are what is damaged, so timelines count as much as they have of them.
    let timelines = tenant.timelines.flatMap { id in
      [TimelineID](repeating: id, count: tenant.parts[id]?.index.layers.count ?? 0)
    }
    return pick(timelines).flatMap { tenant.parts[$0] }
  }

  mutating func pickLayer(_ isWanted: (LayerName) -> Bool = { _ in true }) throws -> Target? {
    guard let part = try pickPart() else { return nil }
    let positions = part.index.layers.indices.filter { isWanted(part.index.layers[$0].name) }
    guard let position = pick(Array(positions)) else { return nil }
    let object = tenant.object(part.index.layers[position], of: part.id)
    guard let bytes = tenant.objects[object.key] else { return nil }
    return Target(part: part, position: position, object: object, bytes: bytes)
  }

  // MARK: Stored bytes

  private mutating func storedBit(_ kind: DamageKind) throws -> Damage? {
    let isOfImages = kind == .compressedByte
    let isOfDeltas = !isOfImages && kind != .blobLength && kind != .blobForm
    let found = try pickLayer { isOfImages ? !$0.isDelta : isOfDeltas ? $0.isDelta : true }
    guard let target = found, let entry = pick(try tenant.entries(target.layer, of: target.part.id)) else {
      return nil
    }
    let (header, start) = try tenant.blob(entry, target.bytes)
    let body = start + header.byteCount
    guard let bits = bits(kind, header, start, body, target) else { return nil }
    let bit = bits.lowerBound + generator.below(bits.count)
    var bytes = target.bytes
    bytes[bit / 8] ^= 1 << UInt8(bit % 8)
    return Damage(
      kind,
      target.part.id,
      changes: [target.object.key: bytes],
      keys: KeySpace(KeyRange(entry.key)),
      lsn: entry.lsn,
      named: [target.object.key],
      place:
        "\(target.object.name) \(entry.key.describe()) \(entry.lsn), bit \(bit % 8) of byte \(bit / 8 - start)"
    )
  }

  /// Which bits of the file may be flipped; bit 0 of a byte is its lowest.
  private func bits(_ kind: DamageKind, _ header: BlobHeader, _ start: Int, _ body: Int, _ target: Target)
    -> Range<Int>?
  {
    let end = body + header.storedByteCount
    switch kind {
    case .blobLength:
      // The first byte has 7 or 4 bits of it; of the long form the other bytes are taken.
      return header.byteCount == 1 ? start * 8..<start * 8 + 7 : (start + 1) * 8..<(start + 4) * 8
    case .blobForm:
      return header.byteCount == 1 ? start * 8 + 7..<start * 8 + 8 : start * 8 + 4..<start * 8 + 8
    case .compressedByte: return header.compression == .zstd ? body * 8..<end * 8 : nil
    default: break
    }
    guard header.compression == .none,
      let outline = try? ValueOutline(parsing: target.bytes.span.bytes.extracting(body..<end))
    else { return nil }
    if kind == .valueTag { return body * 8..<min(end, body + 17) * 8 }
    let record = body + outline.body.lowerBound
    if kind == .pageInDelta {
      return outline.form == .image && outline.body.count == 8192 ? record * 8..<end * 8 : nil
    }
    guard outline.form == .record(.postgres), end - record > 24 else { return nil }
    switch kind {
    case .recordHeader: return record * 8..<(record + 20) * 8
    case .recordChecksum: return (record + 20) * 8..<(record + 24) * 8
    default: return (record + 24) * 8..<end * 8
    }
  }

  // MARK: The index within a layer, and the rest of it

  private mutating func tree(_ kind: DamageKind) throws -> Damage? {
    guard let target = try pickLayer() else { return nil }
    let summary = try LayerSummary(parsing: target.bytes.span.bytes, as: target.object.name.kind)
    let geometry = try LayerGeometry(summary, fileByteCount: UInt64(target.bytes.count))
    let block = Int(geometry.indexStart) + generator.below(geometry.indexBlockCount) * 8192
    var bytes = target.bytes
    let place: String
    switch try treeBytes(kind, target, block, summary.keyByteCount) {
    case .bytes(let range):
      guard !range.isEmpty else { return nil }
      let byte = range.lowerBound + generator.below(range.count)
      bytes[byte] ^= 1 << UInt8(generator.below(8))
      place = "byte \(byte - block) of the block at \(block)"
    case .swap(let first, let second):
      for offset in 0..<5 { bytes.swapAt(first + offset, second + offset) }
      place = "pointers at \(first) and \(second)"
    case nil: return nil
    }
    return whole(kind, target, bytes, place)
  }

  private enum TreePlace {
    case bytes(Range<Int>)
    case swap(Int, Int)
  }

  private mutating func treeBytes(_ kind: DamageKind, _ target: Target, _ block: Int, _ keyByteCount: Int)
    throws
    -> TreePlace?
  {
    let node = try TreeNode(
      target.bytes.span.bytes.extracting(block..<block + 8192),
      keyByteCount: keyByteCount
    )
    let values = block + node.valueOffset(0)
    switch kind {
    case .treeHeader: return .bytes(block..<block + 5)
    case .treeKey: return .bytes(block + 5..<values)
    case .treePointer: return .bytes(values..<block + node.usedByteCount)
    case .treeSpare: return .bytes(block + node.usedByteCount..<block + 8192)
    default:
      let (first, second) = (generator.below(node.count), generator.below(node.count))
      return first == second ? nil : .swap(values + first * 5, values + second * 5)
    }
  }

  private mutating func file(_ kind: DamageKind) throws -> Damage? {
    guard let target = try pickLayer() else { return nil }
    var bytes = target.bytes
    let summaryCount = LayerSummary.byteCount(of: target.object.name.kind)
    let blocks = bytes.count / 8192
    switch kind {
    case .summaryField: bytes[generator.below(summaryCount)] ^= 1 << UInt8(generator.below(8))
    case .summarySpare:
      bytes[summaryCount + generator.below(8192 - summaryCount)] ^= 1 << UInt8(generator.below(8))
    case .zeroBlock:
      let start = generator.below(blocks) * 8192
      for offset in start..<start + 8192 { bytes[offset] = 0 }
    case .zeroTail:
      for offset in generator.below(bytes.count)..<bytes.count { bytes[offset] = 0 }
    case .truncated:
      bytes.removeLast(
        generator.below(2) == 0 ? 8192 * (1 + generator.below(blocks)) : 1 + generator.below(bytes.count)
      )
    default:
      let count = generator.below(2) == 0 ? 8192 : 1 + generator.below(20_000)
      bytes += generator.below(2) == 0 ? [UInt8](repeating: 0, count: count) : generator.bytes(count)
    }
    return bytes == target.bytes
      ? nil : whole(kind, target, bytes, "\(bytes.count) of \(target.bytes.count) bytes")
  }

  /// A damage of a layer as a whole.
  func whole(_ kind: DamageKind, _ target: Target, _ bytes: [UInt8]?, _ place: String) -> Damage {
    Damage(
      kind,
      target.part.id,
      changes: [target.object.key: bytes],
      keys: target.keys,
      lsn: target.object.name.startLsn,
      named: [target.object.key],
      place: "\(target.object.name): \(place)"
    )
  }
}

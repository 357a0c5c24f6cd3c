@testable import Engine
import IndexFormat
import Testing

/// Values that are others than they were, in layers that are written anew: nothing is wrong with the file.
extension DamageMaker {
  mutating func value(_ kind: DamageKind) throws -> Damage? {
    let found = try pickLayer { name in
      switch kind {
      case .recordRewritten, .nativeRecord, .valueShifted, .willInit, .recordsSwapped: name.isDelta
      case .olderImage, .foreignPage: !name.isDelta
      default: true
      }
    }
    guard let target = found else { return nil }
    var values = try tenant.values(target.layer, of: target.part.id)
    guard !values.isEmpty else { return nil }
    let position = generator.below(values.count)
    let value = values[position]
    guard try change(kind, &values, position, target), !values.isEmpty else { return nil }
    var keys = KeySpace(KeyRange(value.key))
    if kind == .recordsSwapped,
      let other = values.first(where: { $0.bytes == value.bytes && $0.key != value.key })
    {
      keys = keys.union(KeySpace(KeyRange(other.key)))
    }
    values.sort { TreeKey($0.key, $0.lsn) < TreeKey($1.key, $1.lsn) }
    let summary = try LayerSummary(parsing: target.bytes.span.bytes, as: target.object.name.kind)
    let bytes = try target.object.rewrite(values, timeline: summary.timeline, compression: .standard)
    var index = target.part.index
    index.layers[target.position].fileSize = UInt64(bytes.count)
    let lsns = values.filter { $0.key == value.key }.map(\.lsn) + [value.lsn]
    return Damage(
      kind,
      target.part.id,
      changes: [target.object.key: bytes],
      index: index,
      keys: keys,
      lsn: lsns.min() ?? value.lsn,
      named: [target.object.key],
      place: "\(target.object.name) \(value.key.describe()) \(value.lsn)"
    )
  }

  /// - Returns: whether the value could be changed in this way.
  private mutating func change(
    _ kind: DamageKind,
    _ values: inout [SeenValue],
    _ position: Int,
    _ target: Target
  ) throws -> Bool {
    let value = values[position]
    let isDelta = target.object.name.isDelta
    switch kind {
    case .pageHeader, .pagePointer, .pageTuple, .pageSpecial, .pageFree:
      guard value.key.isRelationBlock, let start = Self.imageStart(value, isDelta) else { return false }
      return flipInPage(kind, &values[position].bytes, start)
    case .recordRewritten: return rewriteRecord(&values[position].bytes)
    case .nativeRecord: return flipNative(&values[position].bytes)
    case .statusPage, .metadataByte, .sizeChanged: return flipOther(kind, &values[position], isDelta)
    case .valueRemoved:
      values.remove(at: position)
      return true
    case .valueShifted: return shift(&values, position, target.object.name)
    case .willInit:
      guard
        case .record(.postgres(let willInit, let record)) = try LayerValue(parsing: value.bytes.span.bytes)
      else { return false }
      values[position].bytes = []
      LayerValue.record(.postgres(willInit: !willInit, record: record)).encode(into: &values[position].bytes)
      return true
    case .olderImage: return try takeOlder(&values[position], target)
    case .foreignPage:
      let other = values[generator.below(values.count)]
      guard value.key.isRelationBlock, other.key.isRelationBlock, other.bytes != value.bytes else {
        return false
      }
      values[position].bytes = other.bytes
      return true
    default:
      let other = generator.below(values.count)
      guard values[other].key != value.key, values[other].bytes != value.bytes else { return false }
      values[position].bytes = values[other].bytes
      values[other].bytes = value.bytes
      return true
    }
  }

  /// Where in a stored value the image begins, if it is one.
  private static func imageStart(_ value: SeenValue, _ isDelta: Bool) -> Int? {
    guard isDelta else { return 0 }
    // What is no value has no image.
    guard let outline = try? ValueOutline(parsing: value.bytes.span.bytes), outline.form == .image else {
      return nil
    }
    return outline.body.lowerBound
  }

  private mutating func flipInPage(_ kind: DamageKind, _ bytes: inout [UInt8], _ start: Int) -> Bool {
    // What has no header has no parts.
    guard bytes.count - start == PageHeader.pageByteCount,
      let header = try? PageHeader(parsing: bytes.span.bytes.extracting(start..<bytes.count)), !header.isNew,
      header.lower <= header.upper, header.upper <= header.special, header.special <= 8192, header.lower >= 24
    else { return false }
    let part =
      switch kind {
      case .pageHeader: 0..<24
      case .pagePointer: 24..<Int(header.lower)
      case .pageFree: Int(header.lower)..<Int(header.upper)
      case .pageTuple: Int(header.upper)..<Int(header.special)
      default: Int(header.special)..<8192
      }
    guard !part.isEmpty else { return false }
    bytes[start + part.lowerBound + generator.below(part.count)] ^= 1 << UInt8(generator.below(8))
    return true
  }

  private mutating func rewriteRecord(_ bytes: inout [UInt8]) -> Bool {
    // What is no value has no record.
    guard let outline = try? ValueOutline(parsing: bytes.span.bytes), outline.form == .record(.postgres),
      outline.body.count > 24
    else { return false }
    let start = outline.body.lowerBound
    bytes[start + 24 + generator.below(outline.body.count - 24)] ^= 1 << UInt8(generator.below(8))
    let checksum = RecordChecksum.value(of: bytes.span.bytes.extracting(start..<bytes.count))
    for byte in 0..<4 { bytes[start + 20 + byte] = UInt8(truncatingIfNeeded: checksum >> (8 * UInt32(byte))) }
    return true
  }

  private mutating func flipNative(_ bytes: inout [UInt8]) -> Bool {
    // What is no value has no record.
    guard let outline = try? ValueOutline(parsing: bytes.span.bytes), case .record(let tag) = outline.form,
      tag != .postgres, bytes.count > 8
    else { return false }
    var changed = bytes
    changed[8 + generator.below(bytes.count - 8)] ^= 1 << UInt8(generator.below(8))
    // It must still be a record, as the layer could not be written otherwise.
    guard let value = try? LayerValue(parsing: changed.span.bytes), case .record = value else { return false }
    bytes = changed
    return true
  }

  private mutating func flipOther(_ kind: DamageKind, _ value: inout SeenValue, _ isDelta: Bool) -> Bool {
    guard !value.key.isRelationBlock, let start = Self.imageStart(value, isDelta), start < value.bytes.count
    else {
      return false
    }
    var isSize = false
    var isStatus = false
    switch KeyClass(value.key) {
    case .relationSize, .slruSegmentSize: isSize = true
    case .slruBlock: isStatus = true
    default: break
    }
    switch kind {
    case .sizeChanged: guard isSize else { return false }
    case .statusPage: guard isStatus else { return false }
    default: guard !isSize, !isStatus else { return false }
    }
    value.bytes[start + generator.below(value.bytes.count - start)] ^= 1 << UInt8(generator.below(8))
    return true
  }

  private mutating func shift(_ values: inout [SeenValue], _ position: Int, _ name: LayerName) -> Bool {
    let room = name.endLsn.value - name.startLsn.value
    let lsn = Lsn(name.startLsn.value + UInt64(generator.below(Int(clamping: room))))
    let key = values[position].key
    guard !values.contains(where: { $0.key == key && $0.lsn == lsn }) else { return false }
    values[position].lsn = lsn
    return true
  }

  private mutating func takeOlder(_ value: inout SeenValue, _ target: Target) throws -> Bool {
    let (key, lsn) = (value.key, value.lsn)
    let older = target.part.index.layers.filter {
      !$0.name.isDelta && $0.name.startLsn < lsn && $0.name.keys.contains(key)
    }
    guard let layer = pick(older),
      let other = try tenant.values(layer, of: target.part.id).first(where: { $0.key == key }),
      other.bytes != value.bytes
    else { return false }
    value.bytes = other.bytes
    return true
  }
}

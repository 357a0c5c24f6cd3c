import IndexFormat

/// Where in a layer the values of some keys stand: a class, as it goes from task to task.
final class LayerLook: Sendable {
  /// Nil if nothing was found out.
  let reader: LayerReader?
  /// In ascending order of keys and LSNs.
  let entries: [LayerEntry]
  /// The first key that was not looked for, as there were too many values before it.
  let next: Key?
  let failure: ReadError?
  let meter: ReadMeter

  init(_ reader: LayerReader, _ entries: [LayerEntry], next: Key?, _ meter: ReadMeter) {
    self.reader = reader
    self.entries = entries
    self.next = next
    failure = nil
    self.meter = meter
  }

  init(_ failure: ReadError, _ meter: ReadMeter) {
    reader = nil
    entries = []
    next = nil
    self.failure = failure
    self.meter = meter
  }
}

/// What reading a layer for some keys gave: a class, as it goes from task to task.
final class LayerFound: Sendable {
  struct Value: Sendable {
    var key: Key
    var lsn: Lsn
    var content: LayerValue
  }

  /// In ascending order of keys and LSNs.
  let values: [Value]
  let failures: [(key: Key, error: ReadError)]
  /// Why nothing was found out.
  let failure: ReadError?
  let readCount: Int
  let byteCount: Int

  init(
    values: [Value] = [],
    failures: [(key: Key, error: ReadError)] = [],
    failure: ReadError? = nil,
    meter: ReadMeter
  ) {
    self.values = values
    self.failures = failures
    self.failure = failure
    readCount = meter.readCount
    byteCount = meter.byteCount
  }
}

extension Timeline {
  /// Looks into a layer's index for the keys and LSNs of a part.
  func look(_ part: ReadPart, _ options: ReadOptions) async -> LayerLook {
    let meter = ReadMeter()
    do throws(LayerReadError) {
      let reader = try await open(part.id.layer, meter)
      let found = try await reader.entries(
        of: part.keys,
        lsns: part.id.floor..<max(part.id.floor, part.id.ceiling),
        limit: options.entryCount,
        byteLimit: options.valueByteBudget,
        meter: meter
      )
      let entries = found.entries.filter { rules.answers($0.key, shard) }
      return LayerLook(reader, entries, next: found.next, meter)
    } catch {
      return LayerLook(.layer(error), meter)
    }
  }
}

extension LayerLook {
  /// Reads the values of keys before `end`.
  func values(before end: Key?, concurrency: Int, _ options: ReadOptions) async -> LayerFound {
    guard let reader else { return LayerFound(failure: failure, meter: meter) }
    let wanted = end.map { end in entries.prefix { $0.key < end } } ?? entries[...]
    var collector = ValueCollector(reader.object)
    let stream = reader.blobs(
      of: Array(wanted),
      limits: options.readLimits,
      concurrency: concurrency,
      meter: meter
    )
    while let batch = await stream.nextResult() { collector.add(batch) }
    return LayerFound(values: collector.values, failures: collector.failures, meter: meter)
  }
}

/// Makes values of blobs.
private struct ValueCollector {
  private let object: LayerObject
  private(set) var values: [LayerFound.Value] = []
  private(set) var failures: [(key: Key, error: ReadError)] = []

  init(_ object: LayerObject) { self.object = object }

  mutating func add(_ batch: BlobBatch) {
    var taken: [LayerFound.Value] = []
    var damaged: [(key: Key, error: ReadError)] = []
    let object = object
    do throws(LayerReadError) {
      try batch.decodeEach { entry, bytes in
        do throws(FormatError) {
          taken.append(try Self.value(entry, bytes, object.name.kind))
        } catch {
          damaged.append((entry.key, .layer(Self.error(error, entry, object))))
        }
      } failed: { entry, error in
        damaged.append((entry.key, .layer(error)))
        return true
      }
    } catch {
      fail(batch.entries, error)
      return
    }
    values += taken
    failures += damaged
  }

  private mutating func fail(_ entries: ArraySlice<LayerEntry>, _ error: LayerReadError) {
    for entry in entries { failures.append((entry.key, .layer(error))) }
  }

  private static func value(
    _ entry: LayerEntry,
    _ bytes: RawSpan,
    _ kind: LayerName.Kind
  ) throws(FormatError) -> LayerFound.Value {
    if kind == .image {
      let image = bytes.withUnsafeBytes { [UInt8]($0) }
      return LayerFound.Value(key: entry.key, lsn: entry.lsn, content: .image(image))
    }
    let content = try LayerValue(parsing: bytes)
    guard content.willInit == entry.willInit else {
      throw FormatError(
        .badValue,
        field: "will_init",
        found: "\(content.willInit)",
        expected: "\(entry.willInit), as in the index"
      )
    }
    return LayerFound.Value(key: entry.key, lsn: entry.lsn, content: content)
  }

  private static func error(_ error: FormatError, _ entry: LayerEntry, _ object: LayerObject)
    -> LayerReadError
  {
    let offset = Int(clamping: entry.blob.lowerBound)
    return LayerReadError(
      object.key,
      .damaged(error.within(field: "\(entry.key) \(entry.lsn)", at: offset))
    )
  }
}

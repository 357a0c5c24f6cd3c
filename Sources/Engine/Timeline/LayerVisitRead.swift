import IndexFormat

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
  /// The first key that was not looked for, as there were too many values before it.
  let next: Key?
  let readCount: Int
  let byteCount: Int

  /// What a value takes while it is read, without its bytes: two entries, itself, and an array.
  static let leastValueByteCount =
    2 * MemoryLayout<LayerEntry>.stride + MemoryLayout<Value>.stride + KeyRead.arrayByteCount

  init(
    values: [Value] = [],
    failures: [(key: Key, error: ReadError)] = [],
    failure: ReadError? = nil,
    next: Key? = nil,
    meter: ReadMeter
  ) {
    self.values = values
    self.failures = failures
    self.failure = failure
    self.next = next
    readCount = meter.readCount
    byteCount = meter.byteCount
  }
}

extension Timeline {
  /// Reads a layer for the keys and LSNs of a part.
  ///
  /// - Parameter byteBudget: about what may be held of it.
  func visit(_ part: ReadPart, _ options: ReadOptions, byteBudget: Int) async -> LayerFound {
    let meter = ReadMeter()
    do throws(LayerReadError) {
      let reader = try await open(part.id.layer, meter)
      let all = try await reader.entries(
        of: part.keys,
        lsns: part.id.floor..<max(part.id.floor, part.id.ceiling),
        limit: min(options.entryLimit, max(1, byteBudget / LayerFound.leastValueByteCount)),
        meter: meter
      )
      let found = all.taken(within: byteBudget) { rules.answers($0, shard) }
      return await values(of: found, reader, options, meter)
    } catch {
      return LayerFound(failure: .layer(error), meter: meter)
    }
  }

  private func values(
    of found: LayerEntries,
    _ reader: LayerReader,
    _ options: ReadOptions,
    _ meter: ReadMeter
  ) async -> LayerFound {
    var collector = ValueCollector(reader.object)
    let stream = reader.blobs(of: found.entries, concurrency: options.readConcurrency, meter: meter)
    while let batch = await stream.nextResult() { collector.add(batch) }
    return LayerFound(
      values: collector.values,
      failures: collector.failures,
      next: found.next,
      meter: meter
    )
  }
}

extension LayerEntries {
  /// Those of keys that are wanted, without keys behind those whose values take as many bytes. The first key stays
  /// whatever it takes.
  fileprivate func taken(within byteBudget: Int, _ isWanted: (Key) -> Bool) -> LayerEntries {
    var taken: [LayerEntry] = []
    var sum = 0
    for entry in entries where isWanted(entry.key) {
      // A compressed page takes 8192 bytes, whatever its blob.
      let blobByteCount = Int(clamping: entry.blob.upperBound - entry.blob.lowerBound)
      sum += LayerFound.leastValueByteCount &+ max(blobByteCount, entry.willInit ? 8192 : 0)
      if sum > byteBudget, let last = taken.last, let first = taken.first, entry.key != first.key {
        // All of a key, or nothing.
        if last.key == entry.key { taken.removeAll { $0.key == entry.key } }
        return LayerEntries(taken, next: entry.key)
      }
      taken.append(entry)
    }
    return LayerEntries(taken, next: next)
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

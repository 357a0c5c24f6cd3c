import Engine
import IndexFormat

/// What was read, as text and as JSON.
extension PageReading {
  var headLines: [String] {
    ["\(key.described)", "at \(lsn) on timeline \(place.view.id) of \(place.view.tenantShard)"]
  }

  /// What stands behind `--explain`: layers in the order of reading, then the values that were taken.
  func explanation(_ style: TextStyle) -> [String] {
    var lines: [String] = []
    if visits.isEmpty {
      lines.append("no layer was read")
    } else {
      var table = TextTable([
        .init(title: ""), .init(title: "timeline"), .init(title: "LSN looked at"),
        .init(title: "reads", isNumber: true), .init(title: "bytes", isNumber: true),
        .init(title: "values", isNumber: true), .init(title: "layer"),
      ])
      for (number, visit) in visits.enumerated() {
        table.add([
          "[\(number)]", "\(visit.timeline)", "\(visit.lsns.lowerBound)-\(visit.lsns.upperBound)",
          "\(visit.readCount)", "\(visit.byteCount)", "\(visit.valueCount)", "\(visit.layer)",
        ])
      }
      lines += table.lines(style)
      let reads = Count(readCount, "ranged read")
      lines.append(
        "\(Count(visits.count, "layer")), \(reads), \(DecimalText.grouped(readByteCount)) bytes"
      )
    }
    for part in parts { lines.append("\(part.lsn)  \(part.value)  of [\(part.visit)]") }
    return lines
  }

  /// - Parameter takesBase: the image below the records counts as the value.
  func write(to json: inout JSONWriter, takesBase: Bool) {
    json.object { json in
      json.member("key", key.description)
      json.member("kind", KeyClass(key).description)
      json.member("tenant_shard_id", place.view.tenantShard.description)
      json.member("timeline_id", place.view.id.description)
      json.member("lsn", lsn.description)
      json.member("status", status(takesBase: takesBase))
      if let bytes = bytes(takesBase: takesBase) {
        json.member("bytes", bytes.count)
        json.member("value") { json in json.plainString { HexText.append(bytes.span.bytes, to: &$0) } }
        let text = ValueText(bytes, of: key, pgVersion: place.view.index.metadata.pgVersion)
        json.member("content") { json in text.write(to: &json) }
        json.member("problem", ifPresent: text.problem.map { "\($0)" })
      }
      json.member("error", ifPresent: takesBase && isBase ? nil : failure?.message)
      json.member("values") { json in
        json.array { json in for part in parts { part.write(to: &json) } }
      }
      json.member("layers") { json in
        json.array { json in for visit in visits { visit.write(to: &json) } }
      }
      json.member("reads", readCount)
      json.member("read_bytes", readByteCount)
    }
  }

  /// The value, or the image that records lie on.
  func bytes(takesBase: Bool) -> [UInt8]? {
    if case .value(let bytes) = outcome { return bytes }
    return takesBase && isBase ? found?.image?.bytes : nil
  }

  /// Whether there is an image to which records would have to be applied.
  var isBase: Bool { needsRedo && found?.image != nil }

  private func status(takesBase: Bool) -> String {
    switch outcome {
    case .value: "value"
    case .absent: "absent"
    case .failed(.missingKey): "missing"
    case .failed where needsRedo: takesBase && isBase ? "base" : "needs-redo"
    case .failed: "failed"
    }
  }
}

extension PageReading.Part {
  fileprivate func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("lsn", lsn.description)
      json.member("layer", visit)
      value.write(to: &json)
    }
  }
}

extension LayerVisit {
  fileprivate func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("timeline_id", timeline.description)
      json.member("object_key", object)
      json.member("lsn_start", lsns.lowerBound.description)
      json.member("lsn_end", lsns.upperBound.description)
      json.member("reads", readCount)
      json.member("read_bytes", byteCount)
      json.member("values", valueCount)
    }
  }
}

extension ValueText {
  func write(to json: inout JSONWriter) {
    json.array { json in
      for (name, text) in rows {
        json.array { json in
          json.value(name)
          json.value(text)
        }
      }
    }
  }
}

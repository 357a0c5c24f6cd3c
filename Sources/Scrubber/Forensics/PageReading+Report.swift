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
    for part in parts {
      lines.append("\(part.lsn)  \(part.value.text(place.version))  of [\(part.visit)]")
    }
    return lines
  }

  func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("key", key.description)
      json.member("kind", KeyClass(key).description)
      json.member("tenant_shard_id", place.view.tenantShard.description)
      json.member("timeline_id", place.view.id.description)
      json.member("lsn", lsn.description)
      json.member("status", status)
      if let bytes {
        json.member("bytes", bytes.count)
        json.member("value") { json in json.plainString { HexText.append(bytes.span.bytes, to: &$0) } }
        let text = ValueText(bytes, of: key, pgVersion: place.view.index.metadata.pgVersion)
        json.member("content") { json in text.write(to: &json) }
        json.member("problem", ifPresent: text.problem.map { "\($0)" })
      }
      json.member("error", ifPresent: failure?.message)
      json.member("values") { json in
        json.array { json in for part in parts { part.write(to: &json, place.version) } }
      }
      json.member("layers") { json in
        json.array { json in for visit in visits { visit.write(to: &json) } }
      }
      json.member("reads", readCount)
      json.member("read_bytes", readByteCount)
    }
  }

  private var status: String {
    switch outcome {
    case .value: "value"
    case .base: "base"
    case .noBase: "no-base"
    case .absent: "absent"
    case .failed(.missingKey): "missing"
    case .failed: needsRedo ? "needs-redo" : "failed"
    }
  }
}

extension PageReading.Part {
  fileprivate func write(to json: inout JSONWriter, _ version: PostgresVersion?) {
    json.object { json in
      json.member("lsn", lsn.description)
      json.member("layer", visit)
      value.write(to: &json, version)
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

import Engine
import IndexFormat

/// A record as an object of JSON.
enum WALRecordJSON {
  static func write(
    _ record: borrowing WALRecord,
    at place: WALReader.Place,
    to json: inout JSONWriter
  ) {
    let header = record.header
    let imageByteCount = WALRecordLine.imageByteCount(record)
    json.beginObject()
    json.member("lsn", place.start.description)
    json.member("end_lsn", place.end.description)
    json.member("prev_lsn", header.previous.description)
    json.member("rmgr", ResourceManager.name(header.resourceManager))
    json.member("operation", WALOperation(header).name(record.version))
    json.member("info", header.info)
    json.member("xid", header.transaction)
    json.member("top_xid", ifPresent: record.topLevelTransaction)
    json.member("origin", ifPresent: record.origin)
    json.member("bytes", record.bytes.byteCount)
    json.member("record_bytes", record.bytes.byteCount - imageByteCount)
    json.member("fpi_bytes", imageByteCount)
    json.member("main_data_bytes", record.mainDataRange.count)
    json.member("description", WALDescription(record).text)
    json.name("blocks")
    json.beginArray()
    for index in record.blocks.indices { write(record.blocks[index], to: &json) }
    json.endArray()
    json.endObject()
  }

  private static func write(_ reference: WALBlockReference, to json: inout JSONWriter) {
    json.object { json in
      json.member("id", reference.id)
      json.member("relation", reference.relation.description)
      json.member("block", reference.block.value)
      json.member("will_init", reference.flags.contains(.willInit))
      json.member("data_bytes", reference.data.count)
      guard let image = reference.image else { return }
      json.member("image") { json in
        json.object { json in
          json.member("applied", image.isApplied)
          json.member("bytes", image.stored.count)
          json.member("hole_offset", image.hole.lowerBound)
          json.member("hole_bytes", image.hole.count)
          json.member("compression", "\(image.compression)")
        }
      }
    }
  }
}

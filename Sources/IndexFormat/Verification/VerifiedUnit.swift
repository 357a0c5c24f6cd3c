/// What came of one unit of a verification: a line of its journal.
///
/// | JSON member | type | meaning |
/// |---|---|---|
/// | `unit` | u64 | its place in the plan, from 0 on |
/// | `findings` | array of findings, as lines of NDJSON have them | |
/// | `omitted` | u64 | findings that were only counted |
/// | `keys`, `values`, `records`, `bytes` | `VerifiedTally` | what there was, and what was done with it |
/// | `depths` | array of u64 | at place n the number of keys that were read through n layers |
/// | `read_bytes` | u64 | bytes read of layers |
public struct VerifiedUnit: JSONDocument, Equatable {
  public var number: UInt64
  public var findings: [Finding] = []
  public var omittedFindingCount: UInt64 = 0
  public var keys = VerifiedTally()
  public var values = VerifiedTally()
  public var records = VerifiedTally()
  public var bytes = VerifiedTally()
  public var depths: [UInt64] = []
  public var readByteCount: UInt64 = 0

  public init(number: UInt64) { self.number = number }

  public init(parsing bytes: RawSpan) throws(FormatError) {
    self = try parseJSON(bytes) { (reader) throws(JSONFault) in try VerifiedUnit(json: &reader) }
  }

  init(json reader: inout JSONReader) throws(JSONFault) {
    let start = reader.offset
    var fields = FieldSet()
    var number: UInt64?
    var unit = VerifiedUnit(number: 0)
    try reader.object { (reader, name) throws(JSONFault) in
      if reader.equals(name, "unit") {
        try fields.enter(0, "unit", &reader, name)
        number = try reader.unsigned(.max, "the number of a unit")
      } else if reader.equals(name, "findings") {
        try fields.enter(1, "findings", &reader, name)
        try reader.array { (reader) throws(JSONFault) in unit.findings.append(try Finding(json: &reader)) }
      } else if reader.equals(name, "omitted") {
        try fields.enter(2, "omitted", &reader, name)
        unit.omittedFindingCount = try reader.unsigned(.max, "a number of findings")
      } else if reader.equals(name, "depths") {
        try fields.enter(3, "depths", &reader, name)
        try reader.array { (reader) throws(JSONFault) in
          unit.depths.append(try reader.unsigned(.max, "a number of keys"))
        }
      } else if reader.equals(name, "read_bytes") {
        try fields.enter(4, "read_bytes", &reader, name)
        unit.readByteCount = try reader.unsigned(.max, "a number of bytes")
      } else if try !unit.readTally(name, &reader, &fields) {
        _ = try reader.skipValue()
      }
    }
    unit.number = try reader.require(number, "unit", from: start)
    self = unit
  }

  /// Reads the member if it is a tally.
  private mutating func readTally(
    _ name: JSONToken,
    _ reader: inout JSONReader,
    _ fields: inout FieldSet
  ) throws(JSONFault) -> Bool {
    if reader.equals(name, "keys") {
      try fields.enter(5, "keys", &reader, name)
      keys = try VerifiedTally(json: &reader)
    } else if reader.equals(name, "values") {
      try fields.enter(6, "values", &reader, name)
      values = try VerifiedTally(json: &reader)
    } else if reader.equals(name, "records") {
      try fields.enter(7, "records", &reader, name)
      records = try VerifiedTally(json: &reader)
    } else if reader.equals(name, "bytes") {
      try fields.enter(8, "bytes", &reader, name)
      bytes = try VerifiedTally(json: &reader)
    } else {
      return false
    }
    return true
  }

  /// The line, without its end.
  public func encode() -> [UInt8] {
    var json = JSONWriter(capacity: 512)
    json.object { json in
      json.member("unit", number)
      json.member("findings") { json in
        json.array { json in
          for finding in findings { json.object { json in json.members(of: finding) } }
        }
      }
      json.member("omitted", omittedFindingCount)
      for (name, tally) in [("keys", keys), ("values", values), ("records", records), ("bytes", bytes)] {
        json.member(name) { json in tally.encode(into: &json) }
      }
      json.member("depths") { json in json.array { json in for depth in depths { json.value(depth) } } }
      json.member("read_bytes", readByteCount)
    }
    return json.bytes
  }
}

/// How much of something there was, and what was done with it.
///
/// | JSON member | type | meaning |
/// |---|---|---|
/// | `present` | u64 | what there was |
/// | `checked` | u64 | what of it was checked |
/// | `skipped` | reason to u64 | what was not, and why |
public struct VerifiedTally: Sendable, Equatable {
  public var present: UInt64 = 0
  public var checked: UInt64 = 0
  public var skipped: [String: UInt64] = [:]

  public init() {}

  init(json reader: inout JSONReader) throws(JSONFault) {
    var fields = FieldSet()
    var tally = VerifiedTally()
    try reader.object { (reader, name) throws(JSONFault) in
      if reader.equals(name, "present") {
        try fields.enter(0, "present", &reader, name)
        tally.present = try reader.unsigned(.max, "a number")
      } else if reader.equals(name, "checked") {
        try fields.enter(1, "checked", &reader, name)
        tally.checked = try reader.unsigned(.max, "a number")
      } else if reader.equals(name, "skipped") {
        try fields.enter(2, "skipped", &reader, name)
        try reader.object { (reader, reason) throws(JSONFault) in
          tally.skipped[reader.text(reason)] = try reader.unsigned(.max, "a number")
        }
      } else {
        _ = try reader.skipValue()
      }
    }
    self = tally
  }

  public func encode(into json: inout JSONWriter) {
    json.object { json in
      json.member("present", present)
      json.member("checked", checked)
      json.member("skipped") { json in
        json.object { json in
          for (reason, count) in skipped.sorted(by: { $0.key < $1.key }) { json.member(reason, count) }
        }
      }
    }
  }
}

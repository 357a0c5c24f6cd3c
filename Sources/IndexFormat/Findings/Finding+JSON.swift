extension JSONWriter {
  /// What a finding says, absent members left out.
  public mutating func members(of finding: Finding) {
    member("code", finding.code.rawValue)
    member("severity", finding.severity.rawValue)
    member("tenant_id", ifPresent: finding.tenant?.description)
    member("shard", ifPresent: finding.shard?.description)
    member("tenant_shard_id", ifPresent: finding.tenantShard?.description)
    member("timeline_id", ifPresent: finding.timeline?.description)
    member("object_key", ifPresent: finding.objectKey)
    member("offset", ifPresent: finding.offset)
    member("key", ifPresent: finding.key?.description)
    member("lsn", ifPresent: finding.lsn?.description)
    member("message", finding.message)
    member("seen", ifPresent: finding.seen)
    member("expected", ifPresent: finding.expected)
    member("bytes", ifPresent: finding.bytes)
    member("next_step", finding.nextStep)
  }
}

extension Finding {
  /// Reads what `JSONWriter.members(of:)` wrote. What follows from the code is passed over, and so is what is unknown.
  init(json reader: inout JSONReader) throws(JSONFault) {
    let start = reader.offset
    var fields = FieldSet()
    var code: FindingCode?
    var message: String?
    var finding = Finding(.objectUnknownName, message: "")
    try reader.object { (reader, name) throws(JSONFault) in
      if reader.equals(name, "code") {
        try fields.enter(0, "code", &reader, name)
        code = try reader.value("the code of a finding") { FindingCode(rawValue: $0) }
      } else if reader.equals(name, "message") {
        try fields.enter(1, "message", &reader, name)
        message = reader.text(try reader.string())
      } else if try finding.readPlace(name, &reader, &fields) {
        return
      } else if reader.equals(name, "seen") {
        try fields.enter(2, "seen", &reader, name)
        finding.seen = reader.text(try reader.string())
      } else if reader.equals(name, "expected") {
        try fields.enter(3, "expected", &reader, name)
        finding.expected = reader.text(try reader.string())
      } else if reader.equals(name, "bytes") {
        try fields.enter(4, "bytes", &reader, name)
        finding.bytes = try reader.unsigned(.max, "a number of bytes")
      } else {
        _ = try reader.skipValue()
      }
    }
    finding.code = try reader.require(code, "code", from: start)
    finding.message = try reader.require(message, "message", from: start)
    self = finding
  }

  /// Reads a member that says where; false if it is none of these.
  private mutating func readPlace(
    _ name: JSONToken,
    _ reader: inout JSONReader,
    _ fields: inout FieldSet
  ) throws(JSONFault) -> Bool {
    if reader.equals(name, "tenant_id") {
      try fields.enter(5, "tenant_id", &reader, name)
      tenant = try reader.value("a tenant") { TenantID($0) }
    } else if reader.equals(name, "shard") {
      try fields.enter(6, "shard", &reader, name)
      shard = try reader.value("a shard") { ShardIndex($0) }
    } else if reader.equals(name, "timeline_id") {
      try fields.enter(7, "timeline_id", &reader, name)
      timeline = try reader.value("a timeline") { TimelineID($0) }
    } else if reader.equals(name, "object_key") {
      try fields.enter(8, "object_key", &reader, name)
      objectKey = reader.text(try reader.string())
    } else if reader.equals(name, "offset") {
      try fields.enter(9, "offset", &reader, name)
      offset = Int(clamping: try reader.signed("an offset"))
    } else if reader.equals(name, "key") {
      try fields.enter(10, "key", &reader, name)
      key = try reader.value("a key") { Key($0) }
    } else if reader.equals(name, "lsn") {
      try fields.enter(11, "lsn", &reader, name)
      lsn = try reader.value("an LSN") { Lsn($0) }
    } else {
      return false
    }
    return true
  }
}

extension JSONReader {
  /// A string that stands for something.
  mutating func value<Value>(
    _ what: StaticString,
    _ parse: (String) -> Value?
  ) throws(JSONFault) -> Value {
    let token = try string(what)
    guard let value = parse(text(token)) else { throw fault(what, kind: .badValue, at: token.start) }
    return value
  }
}

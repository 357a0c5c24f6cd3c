/// Reading the values that Neon writes as strings and numbers.
extension JSONReader {
  mutating func lsn() throws(JSONFault) -> Lsn {
    let token = try string("an LSN such as \"0/16B5A50\"")
    guard let lsn = withBytes(of: token, { Lsn(text: $0) }) else {
      throw fault("an LSN such as \"0/16B5A50\"", kind: .badValue, at: token.start)
    }
    return lsn
  }

  mutating func tenantID() throws(JSONFault) -> TenantID {
    let token = try string("a tenant id of 32 hex digits")
    guard let id = withBytes(of: token, { TenantID(hex: $0) }) else {
      throw fault("a tenant id of 32 hex digits", kind: .badValue, at: token.start)
    }
    return id
  }

  mutating func timelineID() throws(JSONFault) -> TimelineID {
    let token = try string("a timeline id of 32 hex digits")
    guard let id = withBytes(of: token, { TimelineID(hex: $0) }) else {
      throw fault("a timeline id of 32 hex digits", kind: .badValue, at: token.start)
    }
    return id
  }

  mutating func dateTime() throws(JSONFault) -> NaiveDateTime {
    let token = try string("a time such as \"2023-07-31T09:00:00.123\"")
    guard let time = withBytes(of: token, { NaiveDateTime(text: $0) }) else {
      throw fault("a time such as \"2023-07-31T09:00:00.123\"", kind: .badValue, at: token.start)
    }
    return time
  }

  mutating func generation() throws(JSONFault) -> Generation {
    .valid(UInt32(truncatingIfNeeded: try unsigned(UInt64(UInt32.max), "an unsigned 32-bit number")))
  }

  mutating func uint32() throws(JSONFault) -> UInt32 {
    UInt32(truncatingIfNeeded: try unsigned(UInt64(UInt32.max), "an unsigned 32-bit number"))
  }

  mutating func shardIndex() throws(JSONFault) -> ShardIndex {
    let token = try string("a shard index of 4 hex digits")
    guard let shard = withBytes(of: token, { ShardIndex(text: $0) }) else {
      throw fault("a shard index of 4 hex digits", kind: .badValue, at: token.start)
    }
    return shard
  }

  /// Reads a layer's name as page servers do: any form that names a layer, a generation behind it ignored.
  mutating func layerName() throws(JSONFault) -> LayerName {
    try layerName(of: try string("a layer name"))
  }

  func layerName(of token: JSONToken) throws(JSONFault) -> LayerName {
    let name = withBytes(of: token) { bytes in
      LayerName(text: bytes, reading: .lenient) ?? LayerFileName(text: bytes)?.layer
    }
    guard let name else { throw fault("a layer name", kind: .badValue, at: token.start) }
    return name
  }

  /// Reads a value that may be `null`.
  mutating func optional<Value>(
    _ read: (inout JSONReader) throws(JSONFault) -> Value
  ) throws(JSONFault) -> Value? {
    null() ? nil : try read(&self)
  }
}

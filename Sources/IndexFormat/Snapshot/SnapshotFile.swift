/// Where a snapshot was taken: a part of `snapshot.json`.
///
/// | JSON member | type | meaning |
/// |---|---|---|
/// | `location` | string | the bucket or folder, without secrets |
/// | `tenants_prefix` | string | what the keys of all tenants begin with: a path of the snapshot behind it is a key |
public struct SnapshotSource: Sendable, Hashable {
  public var location = ""
  public var tenantsPrefix = ""
  public var unknownFields: [UnknownField] = []

  public init(location: String = "", tenantsPrefix: String = "") {
    self.location = location
    self.tenantsPrefix = tenantsPrefix
  }

  init(json reader: inout JSONReader) throws(JSONFault) {
    let start = reader.offset
    var fields = FieldSet()
    var location: String?
    var prefix: String?
    var unknownFields: [UnknownField] = []
    try reader.object { (reader, name) throws(JSONFault) in
      if reader.equals(name, "location") {
        try fields.enter(0, "source.location", &reader, name)
        location = reader.text(try reader.string())
      } else if reader.equals(name, "tenants_prefix") {
        try fields.enter(1, "source.tenants_prefix", &reader, name)
        prefix = reader.text(try reader.string())
      } else {
        unknownFields.append(try reader.unknownField(name))
      }
    }
    self.location = try reader.require(location, "source.location", from: start)
    tenantsPrefix = try reader.require(prefix, "source.tenants_prefix", from: start)
    self.unknownFields = unknownFields
  }

  func encode(into json: inout JSONWriter) {
    json.object { json in
      json.member("location", location)
      json.member("tenants_prefix", tenantsPrefix)
      json.members(unknownFields)
    }
  }
}

/// One file of a snapshot: an element of `files` in `snapshot.json`, and a line of the journal that there is while the
/// snapshot is taken.
///
/// | JSON member | type | meaning |
/// |---|---|---|
/// | `path` | string | relative to the snapshot's folder |
/// | `key` | string | the object it was |
/// | `kind` | `index`, `layer`, `manifest`, `heatmap`, `initdb`, `initdb-preserved`, `other` | |
/// | `size` | u64 | bytes |
/// | `sha256` | 64 hex digits | of the bytes |
/// | `etag`, `version` | string or absent | what the store called the object and its version |
/// | `last_modified` | string, RFC 3339 in UTC | as the store said |
/// | `recovered` | bool, absent if false | the object had been deleted, and was taken from an older version |
public struct SnapshotFile: JSONDocument, Hashable {
  public enum Kind: String, Sendable, CaseIterable {
    case index, layer, manifest, heatmap, initdb
    case preservedInitdb = "initdb-preserved"
    case other
  }

  public var path: String
  public var key: String
  public var kind: Kind
  public var size: UInt64
  public var sha256: SHA256Digest
  public var etag: String?
  public var version: String?
  public var lastModified: String
  public var isRecovered = false
  public var unknownFields: [UnknownField] = []

  public init(path: String, key: String, kind: Kind, size: UInt64, sha256: SHA256Digest, lastModified: String)
  {
    self.path = path
    self.key = key
    self.kind = kind
    self.size = size
    self.sha256 = sha256
    self.lastModified = lastModified
  }

  public init(parsing bytes: RawSpan) throws(FormatError) {
    self = try parseJSON(bytes) { (reader) throws(JSONFault) in try SnapshotFile(json: &reader) }
  }

  init(json reader: inout JSONReader) throws(JSONFault) {
    let start = reader.offset
    var fields = FieldSet()
    var texts = Texts()
    var kind: Kind?
    var size: UInt64?
    var sha256: SHA256Digest?
    var isRecovered = false
    var unknownFields: [UnknownField] = []
    try reader.object { (reader, name) throws(JSONFault) in
      if try texts.read(name, &reader, &fields) { return }
      if reader.equals(name, "kind") {
        try fields.enter(5, "kind", &reader, name)
        kind = try reader.choice("the kind of a file")
      } else if reader.equals(name, "size") {
        try fields.enter(6, "size", &reader, name)
        size = try reader.unsigned(.max, "a number of bytes")
      } else if reader.equals(name, "sha256") {
        try fields.enter(7, "sha256", &reader, name)
        sha256 = try reader.sha256()
      } else if reader.equals(name, "recovered") {
        try fields.enter(8, "recovered", &reader, name)
        isRecovered = try reader.bool("true or false")
      } else {
        unknownFields.append(try reader.unknownField(name))
      }
    }
    path = try reader.require(texts.path, "path", from: start)
    key = try reader.require(texts.key, "key", from: start)
    self.kind = try reader.require(kind, "kind", from: start)
    self.size = try reader.require(size, "size", from: start)
    self.sha256 = try reader.require(sha256, "sha256", from: start)
    lastModified = try reader.require(texts.lastModified, "last_modified", from: start)
    (etag, version) = (texts.etag, texts.version)
    self.isRecovered = isRecovered
    self.unknownFields = unknownFields
  }

  /// The members that are strings.
  private struct Texts {
    var path: String?
    var key: String?
    var lastModified: String?
    var etag: String?
    var version: String?

    /// Reads the member; false if it is none of these.
    mutating func read(
      _ name: JSONToken,
      _ reader: inout JSONReader,
      _ fields: inout FieldSet
    ) throws(JSONFault) -> Bool {
      if reader.equals(name, "path") {
        try fields.enter(0, "path", &reader, name)
        path = reader.text(try reader.string("a path"))
      } else if reader.equals(name, "key") {
        try fields.enter(1, "key", &reader, name)
        key = reader.text(try reader.string("a key"))
      } else if reader.equals(name, "last_modified") {
        try fields.enter(2, "last_modified", &reader, name)
        lastModified = reader.text(try reader.string("a time"))
      } else if reader.equals(name, "etag") {
        try fields.enter(3, "etag", &reader, name)
        etag = try reader.optional { (reader) throws(JSONFault) in reader.text(try reader.string()) }
      } else if reader.equals(name, "version") {
        try fields.enter(4, "version", &reader, name)
        version = try reader.optional { (reader) throws(JSONFault) in reader.text(try reader.string()) }
      } else {
        return false
      }
      return true
    }
  }

  /// The document, compact, on one line.
  public func encode() -> [UInt8] {
    var json = JSONWriter(capacity: 512)
    encode(into: &json)
    return json.bytes
  }

  func encode(into json: inout JSONWriter) {
    json.object { json in
      json.member("path", path)
      json.member("key", key)
      json.member("kind", kind.rawValue)
      json.member("size", size)
      json.member("sha256", sha256.description)
      json.member("etag", ifPresent: etag)
      json.member("version", ifPresent: version)
      json.member("last_modified", lastModified)
      if isRecovered { json.member("recovered", true) }
      json.members(unknownFields)
    }
  }
}

/// An object that a snapshot does not have: an element of `missing` or `left_out` in `snapshot.json`.
///
/// | JSON member | type | meaning |
/// |---|---|---|
/// | `path` | string | where it would be |
/// | `size` | u64 | its bytes; of a missing layer what the index says |
/// | `reason` | see `Reason` | |
public struct SnapshotOmission: Sendable, Hashable {
  public enum Reason: String, Sendable, CaseIterable {
    /// Missing: an index names it, and no version of it is left.
    case gone
    /// Missing: its timeline was being deleted, and it had gone already.
    case deleting
    /// An index or manifest that a page server would not choose: there is one of a later generation.
    case otherGeneration = "other-generation"
    /// A layer that none of the indices taken names.
    case unreferenced
    /// Of a timeline that was not asked for and from which none of those descends.
    case otherTimeline = "other-timeline"
    /// Of a timeline without an index.
    case noIndex = "no-index"
    /// An index, manifest or heatmap of a shard that was split.
    case ancestorShard = "ancestor-shard"
    /// Of a shard that a split has made and that does not serve yet.
    case unfinishedSplit = "unfinished-split"
    /// A name that page servers do not write.
    case unknownName = "unknown-name"
    /// What a local store has beside its objects.
    case temporary
    /// A key that cannot be the path of a file.
    case noFileName = "no-file-name"
  }

  public var path: String
  public var size: UInt64
  public var reason: Reason
  public var unknownFields: [UnknownField] = []

  public init(path: String, size: UInt64, reason: Reason) {
    self.path = path
    self.size = size
    self.reason = reason
  }

  init(json reader: inout JSONReader) throws(JSONFault) {
    let start = reader.offset
    var fields = FieldSet()
    var path: String?
    var size: UInt64?
    var reason: Reason?
    var unknownFields: [UnknownField] = []
    try reader.object { (reader, name) throws(JSONFault) in
      if reader.equals(name, "path") {
        try fields.enter(0, "path", &reader, name)
        path = reader.text(try reader.string("a path"))
      } else if reader.equals(name, "size") {
        try fields.enter(1, "size", &reader, name)
        size = try reader.unsigned(.max, "a number of bytes")
      } else if reader.equals(name, "reason") {
        try fields.enter(2, "reason", &reader, name)
        reason = try reader.choice("a reason")
      } else {
        unknownFields.append(try reader.unknownField(name))
      }
    }
    self.path = try reader.require(path, "path", from: start)
    self.size = try reader.require(size, "size", from: start)
    self.reason = try reader.require(reason, "reason", from: start)
    self.unknownFields = unknownFields
  }

  func encode(into json: inout JSONWriter) {
    json.object { json in
      json.member("path", path)
      json.member("size", size)
      json.member("reason", reason.rawValue)
      json.members(unknownFields)
    }
  }
}

extension JSONReader {
  fileprivate mutating func choice<Choice: RawRepresentable>(
    _ what: StaticString
  ) throws(JSONFault) -> Choice where Choice.RawValue == String {
    let token = try string(what)
    guard let choice = Choice(rawValue: text(token)) else {
      throw fault(what, kind: .badValue, at: token.start)
    }
    return choice
  }

  fileprivate mutating func sha256() throws(JSONFault) -> SHA256Digest {
    let token = try string("64 hex digits")
    guard let digest = withBytes(of: token, { SHA256Digest(text: $0) }) else {
      throw fault("64 hex digits", kind: .badValue, at: token.start)
    }
    return digest
  }
}

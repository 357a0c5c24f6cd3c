/// A `heatmap-v1.json`: which layers a page server held when it was written, so that another can fetch them
/// ahead.
///
/// | JSON member | type |
/// |---|---|
/// | `generation` | u32 of the writer |
/// | `timelines` | array of `timeline_id` and `layers` |
/// | `timelines[].layers[].name` | layer name |
/// | `timelines[].layers[].metadata` | as in `layer_metadata` of an index |
/// | `timelines[].layers[].access_time` | seconds since 1970 |
/// | `timelines[].layers[].cold` | bool; since March 2025 |
/// | `upload_period_ms` | number or null; since March 2024 |
///
/// A hint, never an authority: it may name layers and timelines that are gone since. Source:
/// `pageserver/src/tenant/secondary/heatmap.rs`.
public struct Heatmap: JSONDocument, Hashable {
  public struct Timeline: Sendable, Hashable {
    public var timeline: TimelineID
    public var layers: [Layer]
    public var unknownFields: [UnknownField] = []
  }

  public struct Layer: Sendable, Hashable {
    public var layer: IndexLayer
    /// Seconds since 1970-01-01 UTC.
    public var accessTime: Int64
    /// Nil in files of before March 2025.
    public var isCold: Bool?
    /// Unknown members of the layer's metadata.
    var metadataUnknownFields: [UnknownField] = []
    public var unknownFields: [UnknownField] = []
  }

  /// Whether and how `upload_period_ms` is there.
  public enum UploadPeriod: Sendable, Hashable {
    case absent
    case null
    case milliseconds(UInt64)
  }

  public var generation: Generation
  public var timelines: [Timeline]
  public var uploadPeriod = UploadPeriod.absent
  public var unknownFields: [UnknownField] = []

  public init(parsing bytes: RawSpan) throws(FormatError) {
    self = try parseJSON(bytes) { (reader) throws(JSONFault) in try Heatmap(json: &reader) }
  }

  /// Names of all members, at any level, that this version does not know.
  public var allUnknownFieldNames: [String] {
    let timelineNames = timelines.flatMap(\.unknownFields).map { "timelines.*.\($0.name)" }
    let layers = timelines.lazy.flatMap(\.layers)
    let layerNames = layers.flatMap(\.unknownFields).map { "timelines.*.layers.*.\($0.name)" }
    let metadataNames = layers.flatMap(\.metadataUnknownFields).map {
      "timelines.*.layers.*.metadata.\($0.name)"
    }
    return unknownFields.map(\.name) + Set(timelineNames + layerNames + metadataNames).sorted()
  }
}

extension Heatmap {
  private init(json reader: inout JSONReader) throws(JSONFault) {
    var generation: Generation?
    var timelines: [Timeline]?
    var uploadPeriod = UploadPeriod.absent
    var unknownFields: [UnknownField] = []
    var fields = FieldSet()
    let start = reader.offset
    try reader.object { (reader, name) throws(JSONFault) in
      if reader.equals(name, "generation") {
        try fields.enter(0, "generation", &reader, name)
        generation = try reader.generation()
      } else if reader.equals(name, "timelines") {
        try fields.enter(1, "timelines", &reader, name)
        reader.subfield = ""
        reader.field = "timelines"
        var values: [Timeline] = []
        try reader.array { (reader) throws(JSONFault) in
          reader.element = values.count
          values.append(try Timeline(json: &reader))
        }
        timelines = values
        reader.field = ""
        reader.element = -1
      } else if reader.equals(name, "upload_period_ms") {
        try fields.enter(2, "upload_period_ms", &reader, name)
        uploadPeriod = reader.null() ? .null : .milliseconds(try reader.unsigned(.max, "milliseconds"))
      } else {
        unknownFields.append(try reader.unknownField(name))
      }
    }
    self.generation = try reader.require(generation, "generation", from: start)
    self.timelines = try reader.require(timelines, "timelines", from: start)
    self.uploadPeriod = uploadPeriod
    self.unknownFields = unknownFields
  }

  /// The document, compact, as Neon writes it.
  public func encode() -> [UInt8] {
    var json = JSONWriter()
    json.object { json in
      if case .valid(let value) = generation { json.member("generation", value) }
      json.member("timelines") { json in
        json.array { json in for timeline in timelines { timeline.encode(into: &json) } }
      }
      switch uploadPeriod {
      case .absent: break
      case .null:
        json.name("upload_period_ms")
        json.null()
      case .milliseconds(let value): json.member("upload_period_ms", value)
      }
      json.members(unknownFields)
    }
    return json.bytes
  }
}

extension Heatmap.Timeline {
  init(json reader: inout JSONReader) throws(JSONFault) {
    var timeline: TimelineID?
    var layers: [Heatmap.Layer]?
    var unknownFields: [UnknownField] = []
    var fields = FieldSet()
    let start = reader.offset
    try reader.object { (reader, name) throws(JSONFault) in
      if reader.equals(name, "timeline_id") {
        try fields.enter(0, "timeline_id", &reader, name)
        timeline = try reader.timelineID()
      } else if reader.equals(name, "layers") {
        try fields.enter(1, "layers", &reader, name)
        var values: [Heatmap.Layer] = []
        try reader.array { (reader) throws(JSONFault) in values.append(try Heatmap.Layer(json: &reader)) }
        layers = values
      } else {
        unknownFields.append(try reader.unknownField(name))
      }
    }
    self.timeline = try reader.require(timeline, "timeline_id", from: start)
    self.layers = try reader.require(layers, "layers", from: start)
    self.unknownFields = unknownFields
    reader.subfield = ""
  }

  func encode(into json: inout JSONWriter) {
    json.object { json in
      json.member("timeline_id", timeline.description)
      json.member("layers") { json in
        json.array { json in for layer in layers { layer.encode(into: &json) } }
      }
      json.members(unknownFields)
    }
  }
}

extension Heatmap.Layer {
  init(json reader: inout JSONReader) throws(JSONFault) {
    var name: LayerName?
    var metadata: Range<Int>?
    var accessTime: Int64?
    var isCold: Bool?
    var unknownFields: [UnknownField] = []
    var fields = FieldSet()
    reader.subfield = "layers"
    let start = reader.offset
    // The metadata may stand before the name, so it is passed over first and read once both are known.
    try reader.object { (reader, member) throws(JSONFault) in
      if reader.equals(member, "name") {
        try fields.enter(0, "layers.name", &reader, member)
        name = try reader.layerName()
      } else if reader.equals(member, "metadata") {
        try fields.enter(1, "layers.metadata", &reader, member)
        metadata = try reader.skipValue()
      } else if reader.equals(member, "access_time") {
        try fields.enter(2, "layers.access_time", &reader, member)
        accessTime = try reader.signed("seconds since 1970")
      } else if reader.equals(member, "cold") {
        try fields.enter(3, "layers.cold", &reader, member)
        isCold = try reader.bool("true or false")
      } else {
        unknownFields.append(try reader.unknownField(member))
      }
    }
    let layerName = try reader.require(name, "layers.name", from: start)
    let end = reader.offset
    reader.offset = try reader.require(metadata, "layers.metadata", from: start).lowerBound
    reader.middle = "layers.metadata"
    reader.subfield = ""
    (layer, metadataUnknownFields) = try LayerMap.layer(layerName, &reader)
    reader.middle = ""
    reader.offset = end
    self.accessTime = try reader.require(accessTime, "layers.access_time", from: start)
    self.isCold = isCold
    self.unknownFields = unknownFields
    reader.subfield = "layers"
  }

  func encode(into json: inout JSONWriter) {
    json.object { json in
      json.name("name")
      json.plainString { layer.name.append(to: &$0) }
      json.name("metadata")
      layer.encode(into: &json, unknownFields: metadataUnknownFields)
      json.member("access_time", accessTime)
      if let isCold { json.member("cold", isCold) }
      json.members(unknownFields)
    }
  }
}

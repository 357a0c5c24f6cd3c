/// Why GC must not run on a timeline.
///
/// | JSON member | type |
/// |---|---|
/// | `started_at` | time |
/// | `reasons` | array of `Manual`, `DetachAncestor` |
///
/// Source: `pageserver/src/tenant/remote_timeline_client/index.rs`.
public struct GcBlocking: Hashable, Sendable {
  /// A reason; page servers refuse an index with one that they do not know.
  public struct Reason: RawRepresentable, Hashable, Sendable {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    public static let manual = Reason(rawValue: "Manual")
    public static let detachAncestor = Reason(rawValue: "DetachAncestor")

    public var isKnown: Bool { self == .manual || self == .detachAncestor }
  }

  /// Reasons that are read at the most; there are two, and writers name none twice.
  static let maxReasonCount = 1000

  public var startedAt: NaiveDateTime
  public var reasons: [Reason]
  public var unknownFields: [UnknownField] = []

  public init(startedAt: NaiveDateTime, reasons: [Reason]) {
    self.startedAt = startedAt
    self.reasons = reasons
  }

  init(json reader: inout JSONReader) throws(JSONFault) {
    var startedAt: NaiveDateTime?
    var reasons: [Reason]?
    var unknownFields: [UnknownField] = []
    var fields = FieldSet()
    let start = reader.offset
    try reader.object { (reader, name) throws(JSONFault) in
      if reader.equals(name, "started_at") {
        try fields.enter(0, "started_at", &reader, name)
        startedAt = try reader.dateTime()
      } else if reader.equals(name, "reasons") {
        try fields.enter(1, "reasons", &reader, name)
        var values: [Reason] = []
        try reader.array { (reader) throws(JSONFault) in
          guard values.count < GcBlocking.maxReasonCount else {
            throw reader.fault("at most 1000 reasons", kind: .limitExceeded)
          }
          values.append(Reason(rawValue: reader.text(try reader.string("a reason"))))
        }
        reasons = values
      } else {
        unknownFields.append(try reader.unknownField(name))
      }
    }
    self.startedAt = try reader.require(startedAt, "started_at", from: start)
    self.reasons = try reader.require(reasons, "reasons", from: start)
    self.unknownFields = unknownFields
    reader.subfield = ""
  }

  func encode(into json: inout JSONWriter) {
    json.object { json in
      json.member("started_at", startedAt.description)
      json.member("reasons") { json in
        json.array { json in for reason in reasons { json.value(reason.rawValue) } }
      }
      json.members(unknownFields)
    }
  }
}

/// Which key space of relation sizes and directories a timeline uses; absent in the index means legacy.
public struct RelSizeMigration: RawRepresentable, Hashable, Sendable {
  public let rawValue: String

  public init(rawValue: String) { self.rawValue = rawValue }

  /// The old key space only.
  public static let legacy = RelSizeMigration(rawValue: "legacy")
  /// Both, the old one being the truth.
  public static let migrating = RelSizeMigration(rawValue: "migrating")
  /// The new one only.
  public static let migrated = RelSizeMigration(rawValue: "migrated")

  public var isKnown: Bool { self == .legacy || self == .migrating || self == .migrated }
}

/// How auxiliary files are stored: `v1`, `v2` or `cross-validation`; `V1`, `V2` and `CrossValidation` in May
/// 2024.
///
/// Kept as written, because releases differ in which spellings they read.
public struct AuxFilePolicy: RawRepresentable, Hashable, Sendable {
  public enum Meaning: Sendable {
    case v1
    case v2
    case crossValidation
  }

  public let rawValue: String

  public init(rawValue: String) { self.rawValue = rawValue }

  /// Nil for a word that no release has written.
  public var meaning: Meaning? {
    switch rawValue.lowercased() {
    case "v1": .v1
    case "v2": .v2
    case "cross-validation", "crossvalidation": .crossValidation
    default: nil
    }
  }
}

/// How far gc-compaction has come: everything below `lastCompletedLsn` has been compacted.
public struct GcCompaction: Hashable, Sendable {
  public var lastCompletedLsn: Lsn
  public var unknownFields: [UnknownField] = []

  public init(lastCompletedLsn: Lsn) { self.lastCompletedLsn = lastCompletedLsn }

  init(json reader: inout JSONReader) throws(JSONFault) {
    var lastCompletedLsn: Lsn?
    var unknownFields: [UnknownField] = []
    var fields = FieldSet()
    let start = reader.offset
    try reader.object { (reader, name) throws(JSONFault) in
      if reader.equals(name, "last_completed_lsn") {
        try fields.enter(0, "last_completed_lsn", &reader, name)
        lastCompletedLsn = try reader.lsn()
      } else {
        unknownFields.append(try reader.unknownField(name))
      }
    }
    self.lastCompletedLsn = try reader.require(lastCompletedLsn, "last_completed_lsn", from: start)
    self.unknownFields = unknownFields
    reader.subfield = ""
  }

  func encode(into json: inout JSONWriter) {
    json.object { json in
      json.member("last_completed_lsn", lastCompletedLsn.description)
      json.members(unknownFields)
    }
  }
}
